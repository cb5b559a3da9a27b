package storetest_test

import (
	"errors"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

type thing struct{}

var things = &store.Table[thing]{Name: "things", DocVersion: 1}

func TestCommitsFailAsScripted(t *testing.T) {
	tests := []struct {
		name     string
		fault    storetest.Fault
		want     fault.Code
		happened bool
	}{
		{"pass", storetest.Pass, "", true},
		{"fail and do nothing", storetest.FailAndDoNothing, fault.Unavailable, false},
		{"fail but do", storetest.FailButDo, fault.Unavailable, true},
		{"lose a race", storetest.LoseRace, fault.Raced, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := storetest.NewFaulty(memstore.New(things), tt.fault)
			_, err := f.Commit(t.Context(), things.Put("a", 0, &thing{}))
			if got := fault.CodeOf(err); got != tt.want || (got == fault.Unavailable) != errors.Is(err, storetest.ErrFault) {
				t.Errorf("error %v, want code %q", err, tt.want)
			}
			snap, err := f.Snapshot(t.Context(), store.Linearizable)
			if err != nil {
				t.Fatal(err)
			}
			if happened := snap.Len("things") == 1; happened != tt.happened {
				t.Errorf("it happened: %v, want %v", happened, tt.happened)
			}
			if _, err := f.Commit(t.Context(), things.Put("b", 0, &thing{})); err != nil || f.Left() != 0 {
				t.Errorf("behind the script: %v", err)
			}
		})
	}
}

func TestAFaultThatHappensStillObeysTheStore(t *testing.T) {
	f := storetest.NewFaulty(memstore.New(things), storetest.FailButDo)
	if _, err := f.Commit(t.Context(), things.Delete("a", 3)); !fault.Is(err, fault.Raced) {
		t.Errorf("a commit that could not happen: %v", err)
	}
}

func TestSnapshotsFailAsScripted(t *testing.T) {
	f := storetest.NewFaulty(memstore.New(things))
	f.OnSnapshot(storetest.FailAndDoNothing, storetest.Pass)
	f.OnCommit(storetest.FailAndDoNothing)
	if _, err := f.Snapshot(t.Context(), store.Local); !fault.Is(err, fault.Unavailable) {
		t.Errorf("first: %v", err)
	}
	if _, err := f.Snapshot(t.Context(), store.Local); err != nil || f.Left() != 1 {
		t.Errorf("second: %v, left %d", err, f.Left())
	}
}
