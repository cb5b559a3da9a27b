package storetest

import "github.com/duoplane/duoplane/internal/store"

func indexCases() []testCase {
	return []testCase{
		{"a record is found by its indexed text", func(k *kit) {
			rev := k.commit(k.notes.Put("a", 0, &note{Text: "one"}), k.notes.Put("b", 0, &note{Text: "two"}), k.notes.Put("c", 0, &note{}))
			k.finds(k.snapshot(), map[string]string{"one": "a", "two": "b", "three": "", "a": "", "": ""})
			if got, version := k.notes.Find(k.snapshot(), "two"); got.Text != "two" || version != store.Version(rev) {
				k.Errorf("found %+v at version %d, want that of revision %d", got, version, rev)
			}
			if got, _ := k.tallies.Find(k.snapshot(), "one"); got != nil {
				k.Errorf("a table without an index found %v", got)
			}
		}},
		{"the index follows changes, and a snapshot stays as it was", func(k *kit) {
			rev := k.commit(k.notes.Put("a", 0, &note{Text: "one"}), k.notes.Put("b", 0, &note{Text: "two"}), k.notes.Put("c/1", 0, &note{Text: "three"}))
			before := k.snapshot()
			v := store.Version(rev)
			rev = k.commit(k.notes.Put("a", v, &note{Text: "four"}), k.notes.Delete("b", v), k.notes.DeleteUnder("c/"))
			k.finds(k.snapshot(), map[string]string{"one": "", "two": "", "three": "", "four": "a"})
			k.commit(k.notes.Put("a", store.Version(rev), &note{}))
			k.finds(k.snapshot(), map[string]string{"four": ""})
			k.finds(before, map[string]string{"one": "a", "two": "b", "three": "c/1", "four": ""})
		}},
		{"records may exchange their texts in one commit", func(k *kit) {
			rev := k.commit(k.notes.Put("a", 0, &note{Text: "one"}), k.notes.Put("b", 0, &note{Text: "two"}))
			v := store.Version(rev)
			k.commit(k.notes.Put("a", v, &note{Text: "two"}), k.notes.Put("b", v, &note{Text: "one"}))
			k.finds(k.snapshot(), map[string]string{"one": "b", "two": "a"})
		}},
		{"a text may pass from a record that goes to one that comes", func(k *kit) {
			rev := k.commit(k.notes.Put("b", 0, &note{Text: "one"}))
			k.commit(k.notes.Put("a", 0, &note{Text: "one"}), k.notes.Delete("b", store.Version(rev)))
			k.finds(k.snapshot(), map[string]string{"one": "a"})
		}},
		{"the index is there after a restart", func(k *kit) {
			k.commit(k.notes.Put("a", 0, &note{Text: "one"}), k.notes.Put("b", 0, &note{Text: "two"}))
			if err := k.s.Close(); err != nil {
				k.Fatal(err)
			}
			k.s = k.another()
			k.finds(k.snapshot(), map[string]string{"one": "a", "two": "b", "three": ""})
		}},
	}
}

// finds checks the key of the note that a text finds; "" is none.
func (k *kit) finds(snap store.Snapshot, want map[string]string) {
	k.Helper()
	for text, key := range want {
		row, ok := snap.Find("notes", text)
		if row.Key != key || ok != (key != "") {
			k.Errorf("%q finds %q, %v; want %q", text, row.Key, ok, key)
		}
	}
}
