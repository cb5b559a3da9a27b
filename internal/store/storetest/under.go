package storetest

import (
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

func underCases() []testCase {
	return []testCase{
		{"DeleteUnder removes a prefix and nothing beside it", func(k *kit) {
			k.put("a", "b", "b.", "b/", "b/1", "b/2/3", "b/\xff", "b0", "c")
			k.commit(k.notes.DeleteUnder("b/"))
			if diff := cmp.Diff([]string{"a", "b", "b.", "b0", "c"}, keys(k.T, k.snapshot(), "notes", "")); diff != "" {
				k.Errorf("keys (-want +got):\n%s", diff)
			}
		}},
		{"DeleteUnder with an empty prefix empties one table", func(k *kit) {
			k.put("a", "\xff\xff")
			k.commit(k.tallies.Put("x", 0, &tally{}))
			k.commit(k.notes.DeleteUnder(""))
			snap := k.snapshot()
			if snap.Len("notes") != 0 || snap.Len("tallies") != 1 {
				k.Errorf("notes %d, tallies %d", snap.Len("notes"), snap.Len("tallies"))
			}
		}},
		{"DeleteUnder removes keys that end in 0xff", func(k *kit) {
			k.put("a\xff", "a\xff1", "b")
			k.commit(k.notes.DeleteUnder("a\xff"))
			if diff := cmp.Diff([]string{"b"}, keys(k.T, k.snapshot(), "notes", "")); diff != "" {
				k.Errorf("keys (-want +got):\n%s", diff)
			}
		}},
		{"DeleteUnder that finds nothing is no error", func(k *kit) {
			k.put("a")
			k.commit(k.notes.DeleteUnder("b/"))
			k.commit(k.notes.DeleteUnder("b/"), k.notes.DeleteUnder("c/"))
			k.put("b/1")
			if n := k.snapshot().Len("notes"); n != 2 {
				k.Errorf("%d notes", n)
			}
		}},
		{"DeleteUnder goes together with the rest of its commit", func(k *kit) {
			v := store.Version(k.put("svm"))
			for some := range slices.Chunk(numbered("svm/", 1500), store.MaxChanges) {
				changes := make([]store.Change, len(some))
				for i, key := range some {
					changes[i] = k.tallies.Put(key, 0, &tally{})
				}
				k.commit(changes...)
			}
			k.commit(k.tallies.Put("other/1", 0, &tally{}))
			_, err := k.s.Commit(k.Context(), k.tallies.DeleteUnder("svm/"), k.notes.Delete("svm", v+1))
			wantCode(k.T, err, fault.Raced)
			if n := k.snapshot().Len("tallies"); n != 1501 {
				k.Errorf("%d tallies after a refused commit", n)
			}
			before := k.snapshot()
			k.commit(k.tallies.DeleteUnder("svm/"), k.notes.Delete("svm", v), k.tallies.Put("last", 0, &tally{}))
			snap := k.snapshot()
			if diff := cmp.Diff([]string{"last", "other/1"}, keys(k.T, snap, "tallies", "")); diff != "" {
				k.Errorf("tallies (-want +got):\n%s", diff)
			}
			if snap.Len("notes") != 0 || before.Len("tallies") != 1501 {
				k.Errorf("notes %d; tallies in the older snapshot %d", snap.Len("notes"), before.Len("tallies"))
			}
		}},
	}
}
