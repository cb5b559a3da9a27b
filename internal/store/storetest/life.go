package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

func lifeCases() []testCase {
	return []testCase{
		{"a new store is empty", func(k *kit) {
			if n := len(keys(k.T, k.snapshot(), "notes", "")); n != 0 {
				k.Errorf("%d notes", n)
			}
		}},
		{"everything is there after closing and opening", func(k *kit) {
			v := store.Version(k.put("a", "b"))
			k.commit(k.notes.Delete("b", v), k.tallies.Put("x", 0, &tally{N: 7}))
			before := k.snapshot()
			if err := k.s.Close(); err != nil {
				k.Fatalf("close: %v", err)
			}
			k.s = k.another()
			after := k.snapshot()
			if diff := cmp.Diff([]string{"a"}, keys(k.T, after, "notes", "")); diff != "" {
				k.Errorf("notes (-want +got):\n%s", diff)
			}
			if got, _ := k.tallies.Get(after, "x"); got == nil || got.N != 7 {
				k.Errorf("tally %v", got)
			}
			if _, version := k.notes.Get(after, "a"); version != v {
				k.Errorf("version %d became %d", v, version)
			}
			if after.Revision() < before.Revision() {
				k.Errorf("revision went back from %d to %d", before.Revision(), after.Revision())
			}
			k.commit(k.notes.Put("a", v, &note{Text: "second"}))
		}},
		{"a caller who has gone changes nothing", func(k *kit) {
			gone, cancel := context.WithCancel(k.Context())
			cancel()
			_, err := k.s.Commit(gone, k.notes.Put("a", 0, &note{}))
			wantCode(k.T, err, fault.Timeout)
			if !errors.Is(err, context.Canceled) {
				k.Errorf("error %v", err)
			}
			if _, err = k.s.Snapshot(gone, store.Linearizable); !fault.Is(err, fault.Timeout) {
				k.Errorf("snapshot: %v", err)
			}
			if n := k.snapshot().Len("notes"); n != 0 {
				k.Errorf("%d notes", n)
			}
		}},
		{"a deadline that has passed is Unavailable", func(k *kit) {
			late, cancel := context.WithDeadline(k.Context(), time.Unix(0, 0))
			defer cancel()
			_, err := k.s.Commit(late, k.notes.Put("a", 0, &note{}))
			wantCode(k.T, err, fault.Unavailable)
			if n := k.snapshot().Len("notes"); n != 0 {
				k.Errorf("%d notes", n)
			}
		}},
		{"a closed store is Unavailable, closing twice is no error", func(k *kit) {
			k.put("a")
			old := k.snapshot()
			for range 2 {
				if err := k.s.Close(); err != nil {
					k.Errorf("close: %v", err)
				}
			}
			_, err := k.s.Commit(k.Context(), k.notes.Put("b", 0, &note{}))
			wantCode(k.T, err, fault.Unavailable)
			for _, c := range []store.Consistency{store.Local, store.Linearizable} {
				_, err = k.s.Snapshot(k.Context(), c)
				wantCode(k.T, err, fault.Unavailable)
			}
			if got, _ := k.notes.Get(old, "a"); got == nil {
				k.Error("a snapshot taken earlier became unreadable")
			}
		}},
	}
}
