package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

func commitCases() []testCase {
	return []testCase{
		{"a stale or wrong expectation is Raced and changes nothing", testRaced},
		{"one failed expectation stops every change", func(k *kit) {
			k.put("a")
			before := k.snapshot().Revision()
			_, err := k.s.Commit(k.Context(),
				k.tallies.Put("x", 0, &tally{}), k.notes.DeleteUnder("a"), k.notes.Put("b", 7, &note{}))
			wantCode(k.T, err, fault.Raced)
			snap := k.snapshot()
			if diff := cmp.Diff([]string{"a"}, keys(k.T, snap, "notes", "")); diff != "" {
				k.Errorf("notes (-want +got):\n%s", diff)
			}
			if snap.Len("tallies") != 0 || snap.Revision() != before {
				k.Errorf("tallies %d, revision %d after %d", snap.Len("tallies"), snap.Revision(), before)
			}
		}},
		{"Require holds a commit to a record it does not change", func(k *kit) {
			v := store.Version(k.put("owner"))
			k.commit(k.notes.Require("owner", v), k.notes.Put("child", 0, &note{}))
			k.commit(k.notes.Require("nobody", 0))
			_, err := k.s.Commit(k.Context(), k.notes.Require("owner", v+1), k.notes.Put("child2", 0, &note{}))
			wantCode(k.T, err, fault.Raced)
			_, err = k.s.Commit(k.Context(), k.notes.Require("owner", 0))
			wantCode(k.T, err, fault.Raced)
			if _, version := k.notes.Get(k.snapshot(), "owner"); version != v {
				k.Errorf("the required record went from version %d to %d", v, version)
			}
		}},
		{"revisions grow and all records of one commit share one", func(k *kit) {
			first := k.put("a", "b")
			second := k.put("c")
			if second <= first {
				k.Errorf("revision %d follows %d", second, first)
			}
			snap := k.snapshot()
			_, a := k.notes.Get(snap, "a")
			_, b := k.notes.Get(snap, "b")
			if a != b || a != store.Version(first) {
				k.Errorf("versions %d and %d of a commit at %d", a, b, first)
			}
			if snap.Revision() < second {
				k.Errorf("snapshot at %d after a commit at %d", snap.Revision(), second)
			}
		}},
		{"MaxChanges changes fit in one commit", func(k *kit) {
			want := numbered("k", store.MaxChanges)
			k.put(want...)
			if diff := cmp.Diff(want, keys(k.T, k.snapshot(), "notes", "")); diff != "" {
				k.Errorf("keys (-want +got):\n%s", diff)
			}
		}},
		{"a commit without meaning is refused and changes nothing", testMeaningless},
		{"a value that cannot be encoded is refused and changes nothing", func(k *kit) {
			_, err := k.s.Commit(k.Context(), k.notes.Put("a", 0, &note{}),
				store.Change{Op: store.Put, Table: "notes", Key: "b", Value: &tally{}})
			if err == nil {
				k.Error("a value of another table was accepted")
			}
			if n := k.snapshot().Len("notes"); n != 0 {
				k.Errorf("%d notes", n)
			}
		}},
	}
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("code %q (%v), want %q", got, err, want)
	}
}

func testRaced(k *kit) {
	v1 := store.Version(k.put("a"))
	v2 := store.Version(k.commit(k.notes.Put("a", v1, &note{Text: "second"})))
	for name, c := range map[string]store.Change{
		"create what is there":         k.notes.Put("a", 0, &note{}),
		"modify at an old version":     k.notes.Put("a", v1, &note{}),
		"modify at a future version":   k.notes.Put("a", v2+1, &note{}),
		"modify what is absent":        k.notes.Put("b", v2, &note{}),
		"delete at an old version":     k.notes.Delete("a", v1),
		"delete what is absent":        k.notes.Delete("b", v2),
		"delete at version 0 a record": k.notes.Delete("a", 0),
	} {
		rev, err := k.s.Commit(k.Context(), c)
		if !fault.Is(err, fault.Raced) || rev != 0 {
			k.Errorf("%s: revision %d, error %v", name, rev, err)
		}
	}
	snap := k.snapshot()
	got, version := k.notes.Get(snap, "a")
	if version != v2 || got.Text != "second" || snap.Len("notes") != 1 {
		k.Errorf("afterwards %v at %d among %d", got, version, snap.Len("notes"))
	}
	k.commit(k.notes.Delete("a", v2))
	if snap := k.snapshot(); snap.Len("notes") != 0 {
		k.Errorf("%d notes after deleting the only one", snap.Len("notes"))
	}
	if v3 := store.Version(k.put("a")); v3 <= v2 {
		k.Errorf("created again at version %d, was at %d before", v3, v2)
	}
}

func testMeaningless(k *kit) {
	before := k.put("a")
	other := store.Table[tally]{Name: "others", DocVersion: 1}
	for name, changes := range map[string][]store.Change{
		"undeclared table":               {other.Put("x", 0, &tally{})},
		"no key":                         {k.notes.Put("", 0, &note{})},
		"no operation":                   {{Table: "notes", Key: "x"}},
		"one record written twice":       {k.notes.Put("x", 0, &note{}), k.notes.Put("x", 0, &note{})},
		"one record written and deleted": {k.notes.Put("x", 0, &note{}), k.notes.Delete("x", 0)},
		"written under a removed prefix": {k.notes.Put("x/1", 0, &note{}), k.notes.DeleteUnder("x/")},
	} {
		if _, err := k.s.Commit(k.Context(), changes...); err == nil {
			k.Errorf("%s was accepted", name)
		}
	}
	snap := k.snapshot()
	if diff := cmp.Diff([]string{"a"}, keys(k.T, snap, "notes", "")); diff != "" || snap.Revision() != before {
		k.Errorf("revision %d, was %d; keys (-want +got):\n%s", snap.Revision(), before, diff)
	}
}
