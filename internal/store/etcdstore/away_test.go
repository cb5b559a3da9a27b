package etcdstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

// A gate stands between a store and etcd and can be shut.
type gate struct {
	path, to string

	mu    sync.Mutex // guards what follows
	ln    net.Listener
	conns []net.Conn
	work  sync.WaitGroup
}

func newGate(t *testing.T, m *member) *gate {
	t.Helper()
	to, err := url.Parse(m.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{path: filepath.Join(t.TempDir(), "gate.sock"), to: to.Path}
	g.open(t)
	t.Cleanup(g.shut)
	return g
}

func (g *gate) open(t *testing.T) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "unix", g.path)
	if err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	g.ln = ln
	g.mu.Unlock()
	g.work.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := new(net.Dialer).DialContext(t.Context(), "unix", g.to)
			if err != nil {
				_ = in.Close()
				continue
			}
			g.mu.Lock()
			g.conns = append(g.conns, in, out)
			g.mu.Unlock()
			g.work.Go(func() { _, _ = io.Copy(in, out) })
			g.work.Go(func() { _, _ = io.Copy(out, in) })
		}
	})
}

func (g *gate) shut() {
	g.mu.Lock()
	_ = g.ln.Close()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
	g.mu.Unlock()
	g.work.Wait()
}

func openThrough(t *testing.T, g *gate) *etcdstore.Store {
	t.Helper()
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{
		Endpoints: []string{"unix://" + g.path}, Tables: []store.Codec{heads, tails}, Logger: logger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestWhileEtcdIsAwayOnlyLocalReadsAreAnswered(t *testing.T) {
	g := newGate(t, startMember(t))
	s := openThrough(t, g)
	if _, err := s.Commit(t.Context(), heads.Put("a", 0, &part{})); err != nil {
		t.Fatal(err)
	}
	g.shut()
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Snapshot(short, store.Linearizable); !fault.Is(err, fault.Unavailable) {
		t.Errorf("linearizable snapshot: %v", err)
	}
	if _, err := s.Commit(short, heads.Put("b", 0, &part{})); !fault.Is(err, fault.Unavailable) {
		t.Errorf("commit: %v", err)
	}
	if snap, err := s.Snapshot(t.Context(), store.Local); err != nil || snap.Len("heads") != 1 {
		t.Errorf("local snapshot: %v", err)
	}
	g.open(t)
	eventually(t, func() bool {
		_, err := s.Commit(t.Context(), heads.Put("c", 0, &part{}))
		return err == nil || fault.Is(err, fault.Raced) // an earlier attempt arrived after all
	})
	if snap, err := s.Snapshot(t.Context(), store.Linearizable); err != nil || snap.Len("heads") < 2 {
		t.Errorf("after it came back: %v", err)
	}
}

func TestAGapInTheHistoryIsNeverServed(t *testing.T) {
	m := startMember(t)
	client := m.client(t)
	g := newGate(t, m)
	s := openThrough(t, g)
	pair := func(i int) { // one commit of somebody else
		doc := fmt.Sprintf(`{"v":1,"d":{"of":"%d"}}`, i)
		_, err := client.Txn(t.Context()).Then(
			clientv3.OpPut(etcdstore.DefaultPrefix+"heads/a", doc), clientv3.OpPut(etcdstore.DefaultPrefix+"tails/a", doc),
			clientv3.OpPut(etcdstore.DefaultPrefix+fmt.Sprintf("heads/%d", i), doc),
			clientv3.OpDelete(etcdstore.DefaultPrefix+fmt.Sprintf("heads/%d", i-1))).Commit()
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := func() string {
		snap, err := s.Snapshot(t.Context(), store.Local)
		if err != nil {
			t.Fatal(err)
		}
		head, hv := heads.Get(snap, "a")
		tail, tv := tails.Get(snap, "a")
		if hv != tv || head.Of != tail.Of || snap.Len("heads") != 2 {
			t.Fatalf("head %v at %d, tail %v at %d among %d", head, hv, tail, tv, snap.Len("heads"))
		}
		return head.Of
	}
	pair(1)
	eventually(t, func() bool {
		snap, err := s.Snapshot(t.Context(), store.Local)
		return err == nil && snap.Len("heads") == 2
	})
	for round := 2; round < 4; round++ {
		g.shut()
		for i := round*100 - 50; i < round*100; i++ {
			if i == round*100-50 {
				if _, err := client.Delete(t.Context(), etcdstore.DefaultPrefix+"heads/", clientv3.WithPrefix()); err != nil {
					t.Fatal(err)
				}
			}
			pair(i)
		}
		last, err := client.Get(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Compact(t.Context(), last.Header.Revision); err != nil {
			t.Fatal(err)
		}
		before := seen()
		g.open(t)
		want := fmt.Sprint(round*100 - 1)
		eventually(t, func() bool {
			now := seen()
			if now != before && now != want {
				t.Fatalf("saw %s between %s and %s, which the history no longer tells", now, before, want)
			}
			return now == want
		})
	}
	if _, err := s.Commit(t.Context(), heads.Put("mine", 0, &part{})); err != nil {
		t.Errorf("commit afterwards: %v", err)
	}
}

func TestAClusterThatDoesNotAnswerIsWaitedForUntilTheDeadline(t *testing.T) {
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	endpoint := "unix://" + filepath.Join(t.TempDir(), "absent.sock")
	_, err := etcdstore.Open(short, etcdstore.Config{Endpoints: []string{endpoint}})
	if err == nil || !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "deadline") {
		t.Errorf("error %v", err)
	}
}

func TestOthersMayShareTheCluster(t *testing.T) {
	m := startMember(t)
	client := m.client(t)
	s := m.open(t, heads, tails)
	defer s.Close() //nolint:errcheck // other tests look
	for i := range 20 {
		if _, err := client.Put(t.Context(), "/elsewhere", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := s.Snapshot(soon, store.Linearizable); err != nil {
			t.Errorf("snapshot: %v", err)
		}
		if _, err := s.Commit(soon, tails.DeleteUnder("absent/")); err != nil {
			t.Errorf("a commit that finds nothing to remove: %v", err)
		}
		if _, err := s.Commit(soon, heads.Require("a", 9)); !fault.Is(err, fault.Raced) {
			t.Errorf("a commit that cannot be: %v", err)
		}
		cancel()
	}
}
