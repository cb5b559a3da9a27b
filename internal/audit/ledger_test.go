package audit_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
)

type counter struct {
	N int `json:"n"`
}

var counters = &store.Table[counter]{Name: "counter", DocVersion: 1}

// increment adds one to the counter under a key.
func increment(key string) audit.Attempt {
	return func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		var next counter
		old, version := counters.Get(snap, key)
		if old != nil {
			next = *old
		}
		next.N++
		return audit.Entry{Event: "modify", Resource: "counter", Key: key},
			[]store.Change{counters.Put(key, version, &next)}, nil
	}
}

// storeWith runs a hook in place of a Commit.
type storeWith struct {
	store.Store
	commit func(next func() (store.Revision, error)) (store.Revision, error)
}

func (s storeWith) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	return s.commit(func() (store.Revision, error) { return s.Store.Commit(ctx, changes...) })
}

// endings returns the outcome and reason of every line.
func endings(t *testing.T, log *audit.Log) []string {
	t.Helper()
	var out []string
	for _, line := range audittest.Lines(t, log) {
		out = append(out, string(line.Outcome)+" "+line.Reason)
	}
	return out
}

func TestManyWritersOfOneRecordAllSucceed(t *testing.T) {
	s, log := memstore.New(counters), audittest.New(t)
	ledger := audit.NewLedger(s, log)
	const writers, each = 50, 4
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := ledger.Do(t.Context(), actor, increment("a")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	snap, err := ledger.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := counters.Get(snap, "a"); got.N != writers*each {
		t.Errorf("got %d, want %d", got.N, writers*each)
	}
	done := 0
	for _, end := range endings(t, log) {
		if end == "done " {
			done++
		}
	}
	if all := len(endings(t, log)); done != writers*each || all != done {
		t.Errorf("got %d lines, %d of them done, want %d", all, done, writers*each)
	}
}

func TestWritersInSeveralProcessesAllSucceed(t *testing.T) {
	data := memstore.NewData()
	const processes, writers, each = 3, 10, 5
	var wg sync.WaitGroup
	for range processes {
		s, err := data.Open(counters)
		if err != nil {
			t.Fatal(err)
		}
		ledger := audit.NewLedger(s, audittest.New(t))
		for range writers {
			wg.Go(func() {
				for range each {
					if err := ledger.Do(t.Context(), actor, increment("a")); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	s, err := data.Open(counters)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(t.Context(), store.Linearizable)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := counters.Get(snap, "a"); got.N != processes*writers*each {
		t.Errorf("got %d, want %d", got.N, processes*writers*each)
	}
}

func TestNothingIsChangedWithoutItsLine(t *testing.T) {
	s, log := memstore.New(counters), audittest.New(t)
	ledger := audit.NewLedger(s, log)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Do(t.Context(), actor, increment("a")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	snap, err := ledger.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if snap.Len("counter") != 0 {
		t.Error("the change happened")
	}
}

func TestTheLineIsThereBeforeTheCommit(t *testing.T) {
	log := audittest.New(t)
	var during []string
	s := storeWith{memstore.New(counters), func(next func() (store.Revision, error)) (store.Revision, error) {
		during = endings(t, log)
		return next()
	}}
	if err := audit.NewLedger(s, log).Do(t.Context(), actor, increment("a")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(during, []string{"begun "}); diff != "" {
		t.Errorf("during the commit: got -, want +:\n%s", diff)
	}
	if diff := cmp.Diff(endings(t, log), []string{"done "}); diff != "" {
		t.Errorf("afterwards: got -, want +:\n%s", diff)
	}
}

func TestHowDoEndsAndWhatTheLogSays(t *testing.T) {
	raced := fault.New(fault.Raced, "", "raced")
	gone := fault.New(fault.NotFound, "", "gone")
	for _, test := range []struct {
		name    string
		commits []error // of the first commits; nil lets one through
		attempt func(try int) audit.Attempt
		want    fault.Code
		lines   []string
	}{
		{"an attempt that refuses leaves no line", nil, func(int) audit.Attempt { return refuse(gone) }, fault.NotFound, nil},
		{"an attempt without changes leaves no line", nil, func(int) audit.Attempt { return refuse(nil) }, "", nil},
		{"a lost race is run again under the same line", []error{raced, raced}, nil, "", []string{"done "}},
		{
			"a race lost to a removal ends the line",
			[]error{raced},
			func(try int) audit.Attempt {
				if try > 1 {
					return refuse(gone)
				}
				return increment("a")
			}, fault.NotFound,
			[]string{"failed not_found"},
		},
		{
			"a line that no longer tells the truth is followed by one that does",
			[]error{raced},
			func(try int) audit.Attempt { return increment(string(rune('a' + try))) }, "",
			[]string{"failed raced", "done "},
		},
		{"races without end are given up", repeat(raced, 16), nil, fault.Raced, []string{"failed raced"}},
		{"a store that does not answer", []error{fault.New(fault.Unavailable, "", "x")}, nil, fault.Unavailable, []string{"unknown unavailable"}},
		{"an error of the backend's", []error{errors.New("x")}, nil, fault.Internal, []string{"unknown internal"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			log, commits, try := audittest.New(t), test.commits, 0
			s := storeWith{memstore.New(counters), func(next func() (store.Revision, error)) (store.Revision, error) {
				if len(commits) == 0 {
					return next()
				}
				err := commits[0]
				commits = commits[1:]
				return 0, err
			}}
			attempt := func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
				if try++; test.attempt != nil {
					return test.attempt(try)(snap)
				}
				return increment("a")(snap)
			}
			if got := fault.CodeOf(audit.NewLedger(s, log).Do(t.Context(), actor, attempt)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if diff := cmp.Diff(endings(t, log), test.lines); diff != "" {
				t.Errorf("lines: got -, want +:\n%s", diff)
			}
			if len(commits) != 0 {
				t.Errorf("%d commits were not tried", len(commits))
			}
		})
	}
}

func refuse(err error) audit.Attempt {
	return func(store.Snapshot) (audit.Entry, []store.Change, error) { return audit.Entry{}, nil, err }
}

func repeat(err error, n int) []error {
	out := make([]error, n)
	for i := range out {
		out[i] = err
	}
	return out
}

func TestARaceEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s := storeWith{memstore.New(counters), func(func() (store.Revision, error)) (store.Revision, error) {
		stop()
		return 0, fault.New(fault.Raced, "", "raced")
	}}
	if err := audit.NewLedger(s, audittest.New(t)).Do(ctx, actor, increment("a")); err == nil {
		t.Error("got no error")
	}
}

func TestAnEventWithoutAChangeHasOneLine(t *testing.T) {
	log := audittest.New(t)
	ledger := audit.NewLedger(memstore.New(counters), log)
	if err := ledger.Note(audit.Who{Name: "eve"}, audit.Entry{Event: "login"}, audit.Refused, "unauthenticated"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(endings(t, log), []string{"refused unauthenticated"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func BenchmarkOneChangeLine(b *testing.B) {
	log := audittest.New(b)
	for b.Loop() {
		line, err := log.Begin(actor, entry)
		if err != nil {
			b.Fatal(err)
		}
		line.End(nil)
	}
}
