package storetest

import (
	"fmt"
	"sync"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

func sharedCases() []testCase {
	return []testCase{
		{"a second client reads at once what the first wrote", func(k *kit) {
			second := k.another()
			for i := range 200 {
				key := fmt.Sprint(i)
				v := store.Version(k.put(key))
				if _, version := k.notes.Get(snapshotOf(k.T, second, store.Linearizable), key); version != v {
					k.Fatalf("the second client has %s at %d right after a commit at %d", key, version, v)
				}
			}
		}},
		{"two clients race for one record and one of them loses", func(k *kit) {
			second := k.another()
			v := store.Version(k.put("a"))
			if _, err := second.Commit(k.Context(), k.notes.Put("a", v, &note{Text: "second"})); err != nil {
				k.Fatalf("commit: %v", err)
			}
			_, err := k.s.Commit(k.Context(), k.notes.Put("a", v, &note{Text: "first"}))
			wantCode(k.T, err, fault.Raced)
			if got, _ := k.notes.Get(snapshotOf(k.T, k.s, store.Local), "a"); got.Text != "second" {
				k.Errorf("after it lost, the first client has %q", got.Text)
			}
		}},
		{"writers of two clients lose no update", func(k *kit) {
			clients := []store.Store{k.s, k.another()}
			const each = 50
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					for range each {
						if err := increment(k.Context(), clients[w%2], &k.tallies, "shared"); err != nil {
							k.Errorf("increment: %v", err)
							return
						}
					}
				})
			}
			wg.Wait()
			for i, s := range clients {
				if got, _ := k.tallies.Get(snapshotOf(k.T, s, store.Linearizable), "shared"); got.N != 8*each {
					k.Errorf("client %d counts %d of %d", i, got.N, 8*each)
				}
			}
		}},
		{"one client closing leaves the other at work", func(k *kit) {
			second := k.another()
			if err := second.Close(); err != nil {
				k.Fatalf("close: %v", err)
			}
			k.put("a")
			if n := k.snapshot().Len("notes"); n != 1 {
				k.Errorf("%d notes", n)
			}
		}},
	}
}
