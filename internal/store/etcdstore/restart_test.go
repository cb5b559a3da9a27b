package etcdstore_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

func TestTheSnapshotCatchesUpByItself(t *testing.T) {
	tests := []struct {
		name         string
		lose, regain func(t *testing.T, m *member, g *gate)
	}{
		{"after a lost connection", func(_ *testing.T, _ *member, g *gate) { g.shut() }, func(t *testing.T, _ *member, g *gate) {
			t.Helper()
			g.open(t)
		}},
		{"after a restart of etcd", func(t *testing.T, m *member, g *gate) {
			t.Helper()
			g.shut() // it would wait for those who watch
			m.stop()
			m.start(t)
		}, func(t *testing.T, _ *member, g *gate) {
			t.Helper()
			g.open(t)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := startMember(t)
			client := m.client(t)
			g := newGate(t, m)
			s := openThrough(t, g)
			put(t, client, "heads/a", `{"v":1,"d":{"of":"x"}}`)
			eventually(t, func() bool { return s.Stats().Records["heads"] == 1 }) // the watch is there
			if n := s.Stats().WatchBreaks; n != 0 {
				t.Errorf("at first %d breaks of the watch", n)
			}
			for round := range int64(2) {
				before := s.Stats()
				tt.lose(t, m, g)
				var rev store.Revision
				eventually(t, func() bool { // a client that was connected to the etcd before fails once
					resp, err := client.Put(t.Context(), etcdstore.DefaultPrefix+"heads/a", `{"v":1,"d":{"of":"x"}}`)
					if err == nil {
						rev = store.Revision(resp.Header.Revision)
					}
					return err == nil
				})
				tt.regain(t, m, g)
				eventually(t, func() bool { return s.Stats().Revision >= rev && s.Stats().WatchBreaks > before.WatchBreaks })
				if st := s.Stats(); st.Loads != 1 || st.WatchBreaks < round+1 {
					t.Errorf("everything was read %d times, the watch broke %d times", st.Loads, st.WatchBreaks)
				}
				snap, err := s.Snapshot(t.Context(), store.Linearizable)
				if err != nil || snap.Len("heads") != 1 {
					t.Errorf("afterwards: %v", err)
				}
				if _, err := s.Commit(t.Context(), tails.DeleteUnder("absent/")); err != nil && !fault.Is(err, fault.Unavailable) {
					t.Errorf("a commit afterwards: %v", err)
				}
			}
		})
	}
}
