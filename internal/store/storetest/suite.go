// Package storetest is the suite that every backend of package store passes,
// and a wrapper that makes any backend fail in the two ways a write can fail.
package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/duoplane/duoplane/internal/store"
)

// An Opener opens a store on the one body of data it stands for; what an
// earlier store wrote is there for the next.
type Opener func(t testing.TB, tables ...store.Codec) store.Store

// Run checks a backend. fresh returns an Opener on empty data; at most one
// store is open at a time on the same data.
func Run(t *testing.T, fresh func(t testing.TB) Opener) {
	t.Helper()
	for _, c := range slices.Concat(recordCases(), indexCases(), commitCases(), underCases(), concurrentCases(), lifeCases()) {
		t.Run(c.name, func(t *testing.T) {
			c.run(newKit(t, fresh(t)))
		})
	}
}

// RunShared checks a backend whose data several stores may have open at once.
func RunShared(t *testing.T, fresh func(t testing.TB) Opener) {
	t.Helper()
	for _, c := range sharedCases() {
		t.Run(c.name, func(t *testing.T) {
			c.run(newKit(t, fresh(t)))
		})
	}
}

// A testCase is one sentence of the contract.
type testCase struct {
	name string
	run  func(k *kit)
}

// A note is the record of the suite: every kind of value that documents hold.
type note struct {
	Text   string            `json:"text"`
	Count  int64             `json:"count"`
	Flag   bool              `json:"flag"`
	Words  []string          `json:"words"`
	Bytes  []byte            `json:"bytes"`
	Absent *string           `json:"absent"`
	Labels map[string]string `json:"labels"`
}

// A tally is the record of a second table.
type tally struct {
	N int `json:"n"`
}

// A kit is what a case works with.
type kit struct {
	*testing.T
	open    Opener
	s       store.Store
	notes   store.Table[note]
	tallies store.Table[tally]
}

func newKit(t *testing.T, open Opener) *kit {
	t.Helper()
	k := &kit{
		T: t, open: open,
		notes:   store.Table[note]{Name: "notes", DocVersion: 1, Index: func(n *note) string { return n.Text }},
		tallies: store.Table[tally]{Name: "tallies", DocVersion: 1},
	}
	k.s = k.another()
	return k
}

// another opens one more store on the same data.
func (k *kit) another() store.Store {
	k.Helper()
	s := k.open(k.T, &k.notes, &k.tallies)
	k.Cleanup(func() {
		if err := s.Close(); err != nil {
			k.Errorf("close: %v", err)
		}
	})
	return s
}

func (k *kit) commit(changes ...store.Change) store.Revision {
	k.Helper()
	rev, err := k.s.Commit(k.Context(), changes...)
	if err != nil {
		k.Fatalf("commit: %v", err)
	}
	return rev
}

func (k *kit) snapshot() store.Snapshot {
	k.Helper()
	return snapshotOf(k.T, k.s, store.Linearizable)
}

func snapshotOf(t *testing.T, s store.Store, c store.Consistency) store.Snapshot {
	t.Helper()
	snap, err := s.Snapshot(t.Context(), c)
	if err != nil {
		t.Fatalf("snapshot: %v", err)
	}
	return snap
}

// put creates notes whose text is their key.
func (k *kit) put(keys ...string) store.Revision {
	k.Helper()
	changes := make([]store.Change, len(keys))
	for i, key := range keys {
		changes[i] = k.notes.Put(key, 0, &note{Text: key})
	}
	return k.commit(changes...)
}

// keys lists a table from a key on and checks that Len agrees when it is all.
func keys(t *testing.T, snap store.Snapshot, table, from string) []string {
	t.Helper()
	found := []string{}
	for row := range snap.Rows(table, from) {
		found = append(found, row.Key)
	}
	if from == "" && len(found) != snap.Len(table) {
		t.Errorf("Len(%s) is %d, but there are %d rows", table, snap.Len(table), len(found))
	}
	return found
}

// numbered returns n keys in byte order.
func numbered(prefix string, n int) []string {
	made := make([]string, n)
	for i := range made {
		made[i] = fmt.Sprintf("%s%06d", prefix, i)
	}
	slices.SortFunc(made, cmp.Compare)
	return made
}
