package storetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

func concurrentCases() []testCase {
	return []testCase{
		{"a snapshot never changes", func(k *kit) {
			v := store.Version(k.put(numbered("k", store.MaxChanges)...))
			old := k.snapshot()
			k.commit(k.notes.Put("k000000", v, &note{Text: "changed"}), k.notes.Delete("k000001", v), k.notes.Put("new", 0, &note{}))
			k.commit(k.notes.DeleteUnder("k00009"))
			if n := len(keys(k.T, old, "notes", "")); n != store.MaxChanges {
				k.Errorf("the old snapshot has %d rows", n)
			}
			for key, got := range k.notes.All(old, "") {
				if got.Text != key {
					k.Errorf("the old snapshot has %q under %q", got.Text, key)
				}
			}
			if n := k.snapshot().Len("notes"); n != store.MaxChanges-10 {
				k.Errorf("the new snapshot has %d rows", n)
			}
		}},
		{"a hundred writers lose no update", testNoLostUpdate},
		{"a reader never sees half a commit", testNoHalfCommit},
		{"of two commits that require what the other changes, one at most holds", testNoWriteSkew},
		{"every writer reads its own writes at once, locally too", func(k *kit) {
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					for i := range 25 {
						key := fmt.Sprintf("w%d/%d", w, i)
						rev, err := k.s.Commit(k.Context(), k.notes.Put(key, 0, &note{Text: key}))
						if err != nil {
							k.Errorf("commit: %v", err)
							return
						}
						snap, err := k.s.Snapshot(k.Context(), store.Local)
						if err != nil {
							k.Errorf("snapshot: %v", err)
							return
						}
						if _, version := k.notes.Get(snap, key); version != store.Version(rev) {
							k.Errorf("%s has version %d right after a commit at %d", key, version, rev)
						}
					}
				})
			}
			wg.Wait()
		}},
	}
}

// increment adds one to a tally, again and again until nobody was faster.
func increment(ctx context.Context, s store.Store, tallies *store.Table[tally], key string) error {
	for {
		snap, err := s.Snapshot(ctx, store.Linearizable)
		if err != nil {
			return err
		}
		next := &tally{N: 1}
		old, version := tallies.Get(snap, key)
		if old != nil {
			next.N += old.N
		}
		if _, err = s.Commit(ctx, tallies.Put(key, version, next)); !fault.Is(err, fault.Raced) {
			return err
		}
	}
}

func testNoLostUpdate(k *kit) {
	const writers, each = 100, 3
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := increment(k.Context(), k.s, &k.tallies, "shared"); err != nil {
					k.Errorf("increment: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got, _ := k.tallies.Get(k.snapshot(), "shared"); got == nil || got.N != writers*each {
		k.Errorf("%d increments gave %v", writers*each, got)
	}
}

func testNoHalfCommit(k *kit) {
	v := k.commit(k.notes.Put("left", 0, &note{}), k.tallies.Put("right", 0, &tally{}))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				snap, err := k.s.Snapshot(k.Context(), store.Local)
				if err != nil {
					k.Errorf("snapshot: %v", err)
					return
				}
				left, lv := k.notes.Get(snap, "left")
				right, rv := k.tallies.Get(snap, "right")
				if left.Count != int64(right.N) || lv != rv {
					k.Errorf("left %d at %d, right %d at %d", left.Count, lv, right.N, rv)
					return
				}
			}
		})
	}
	for i := range 100 {
		v = k.commit(k.notes.Put("left", store.Version(v), &note{Count: int64(i)}),
			k.tallies.Put("right", store.Version(v), &tally{N: i}))
	}
	close(done)
	wg.Wait()
}

// testNoWriteSkew has pairs of commits, each of which depends on the record
// that the other one writes: in any order the second must fail.
func testNoWriteSkew(k *kit) {
	for i := range 30 {
		left, right := fmt.Sprintf("left%d", i), fmt.Sprintf("right%d", i)
		v := store.Version(k.put(left, right))
		var wg sync.WaitGroup
		held := make(chan string, 2)
		for _, pair := range [][2]string{{left, right}, {right, left}} {
			wg.Go(func() {
				_, err := k.s.Commit(k.Context(), k.notes.Require(pair[0], v), k.notes.Put(pair[1], v, &note{Text: "changed"}))
				if err == nil {
					held <- pair[1]
				} else if !fault.Is(err, fault.Raced) {
					k.Errorf("commit: %v", err)
				}
			})
			wg.Go(func() { // to keep the backend busy
				if err := increment(k.Context(), k.s, &k.tallies, pair[0]); err != nil {
					k.Errorf("increment: %v", err)
				}
			})
		}
		wg.Wait()
		if len(held) != 1 {
			k.Fatalf("%d of the pair held", len(held))
		}
	}
}
