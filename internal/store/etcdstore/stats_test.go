package etcdstore_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

func TestCommitsAreToldOfWithTheirEnds(t *testing.T) {
	var (
		mu   sync.Mutex
		told []fault.Code
	)
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{
		Dir: t.TempDir(), Tables: []store.Codec{heads, tails}, Logger: logger(t),
		Committed: func(took time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			if took <= 0 {
				t.Errorf("a commit took %s", took)
			}
			told = append(told, fault.CodeOf(err))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Loads != 1 || st.Records["heads"] != 0 {
		t.Errorf("at the start: %+v", st)
	}
	rev, err := s.Commit(t.Context(), heads.Put("a", 0, &part{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), heads.Put("a", 0, &part{})); !fault.Is(err, fault.Raced) {
		t.Errorf("a record made twice: %v", err)
	}
	got := s.Stats()
	if d := got.Disk; d == nil || d.InUse <= 0 || d.InUse > d.Allocated || d.Allocated >= d.Limit || d.Free == 0 {
		t.Errorf("got %+v of the disk", d)
	}
	got.Disk = nil
	want := etcdstore.Stats{Revision: rev, Loads: 1, Records: map[string]int{"heads": 1, "tails": 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), heads.Put("b", 0, &part{})); !fault.Is(err, fault.Unavailable) {
		t.Errorf("after the end: %v", err)
	}
	if diff := cmp.Diff([]fault.Code{"", fault.Raced, fault.Unavailable}, told); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if st := s.Stats(); st.Revision != 0 || st.Records != nil {
		t.Errorf("after the end: %+v", st)
	}
}

func TestBreaksOfTheWatchAreCounted(t *testing.T) {
	m := startMember(t)
	client := m.client(t)
	g := newGate(t, m)
	s := openThrough(t, g)
	g.shut()
	put := func() int64 {
		resp, err := client.Put(t.Context(), etcdstore.DefaultPrefix+"heads/a", `{"v":1,"d":{"of":"x"}}`)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Header.Revision
	}
	put()
	last := put()
	if _, err := client.Compact(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	g.open(t)
	eventually(t, func() bool { return s.Stats().Revision >= store.Revision(last) })
	got := s.Stats()
	if got.WatchBreaks < 1 || got.Loads < 2 || got.Records["heads"] != 1 || got.Age <= 0 || got.Age > time.Minute || got.Disk != nil {
		t.Errorf("got %+v, want a break, a second load and a record", got)
	}
}
