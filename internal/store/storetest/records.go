package storetest

import (
	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/store"
)

func recordCases() []testCase {
	return []testCase{
		{"a record comes back as it was written", func(k *kit) {
			want := &note{
				Text: "ça va? \"<&>\" \u2028 \x00 end", Count: -1 << 62, Flag: true,
				Words: []string{"", "b", "a"}, Bytes: []byte{0, 255, 10}, Labels: map[string]string{"k": "v"},
			}
			rev := k.commit(k.notes.Put("a", 0, want))
			got, version := k.notes.Get(k.snapshot(), "a")
			if diff := cmp.Diff(want, got); diff != "" {
				k.Errorf("record differs (-want +got):\n%s", diff)
			}
			if version != store.Version(rev) {
				k.Errorf("version is %d, the commit returned %d", version, rev)
			}
		}},
		{"an absent record is nil with version 0", func(k *kit) {
			k.put("a")
			got, version := k.notes.Get(k.snapshot(), "b")
			if got != nil || version != 0 {
				k.Errorf("got %v, version %d", got, version)
			}
		}},
		{"tables do not see each other's keys", func(k *kit) {
			k.commit(k.notes.Put("a", 0, &note{}), k.tallies.Put("b", 0, &tally{N: 1}))
			snap := k.snapshot()
			if diff := cmp.Diff([]string{"a"}, keys(k.T, snap, "notes", "")); diff != "" {
				k.Errorf("notes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"b"}, keys(k.T, snap, "tallies", "")); diff != "" {
				k.Errorf("tallies (-want +got):\n%s", diff)
			}
		}},
		{"rows come in byte order of key, whatever the key holds", func(k *kit) {
			want := []string{"\x01", "A", "a", "a/", "a/\x00", "a/b/c", "a0", "aa", "b%2Fc", "é", "\xff\xff"}
			for i := range want {
				k.put(want[len(want)-1-i])
			}
			if diff := cmp.Diff(want, keys(k.T, k.snapshot(), "notes", "")); diff != "" {
				k.Errorf("order (-want +got):\n%s", diff)
			}
		}},
		{"rows start at the first key not below from", func(k *kit) {
			k.put("a", "c", "e")
			snap := k.snapshot()
			for from, want := range map[string][]string{
				"": {"a", "c", "e"}, "b": {"c", "e"}, "c": {"c", "e"}, "c\x00": {"e"}, "f": {},
			} {
				if diff := cmp.Diff(want, keys(k.T, snap, "notes", from)); diff != "" {
					k.Errorf("from %q (-want +got):\n%s", from, diff)
				}
			}
		}},
		{"a listing may stop early", func(k *kit) {
			k.put(numbered("k", store.MaxChanges)...)
			n := 0
			for range k.notes.All(k.snapshot(), "") {
				if n++; n == 3 {
					break
				}
			}
			if n != 3 {
				k.Errorf("took %d rows", n)
			}
		}},
		{"Under stops at the end of the prefix", func(k *kit) {
			k.put("a", "b/1", "b/2", "b0", "c")
			var got []string
			for key := range k.notes.Under(k.snapshot(), "b/") {
				got = append(got, key)
			}
			if diff := cmp.Diff([]string{"b/1", "b/2"}, got); diff != "" {
				k.Errorf("keys (-want +got):\n%s", diff)
			}
		}},
	}
}
