package etcdstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

var others = &store.Table[thing]{Name: "others", DocVersion: 1}

// places are the two kinds of store, each as a function that opens the same
// data again and again.
func places(t *testing.T) map[string]etcdstore.Config {
	t.Helper()
	tables := []store.Codec{things, others}
	return map[string]etcdstore.Config{
		"embedded":  {Dir: t.TempDir(), Tables: tables, Logger: logger(t)},
		"a cluster": {Endpoints: []string{startMember(t).endpoint}, Tables: tables, Logger: logger(t)},
	}
}

func openRaw(t *testing.T, cfg etcdstore.Config) *etcdstore.Raw {
	t.Helper()
	r, err := etcdstore.OpenRaw(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func closed(t *testing.T, s interface{ Close() error }) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func documents(t *testing.T, n int) []store.Document {
	t.Helper()
	docs := make([]store.Document, n)
	for i := range docs {
		key := fmt.Sprintf("%05d", i)
		doc, err := things.Encode(&thing{Name: key})
		if err != nil {
			t.Fatal(err)
		}
		docs[i] = store.Document{Table: "things", Key: key, Doc: doc}
	}
	return docs
}

func TestAFilledStoreIsServedOnceItIsWhole(t *testing.T) {
	for name, cfg := range places(t) {
		t.Run(name, func(t *testing.T) {
			docs := documents(t, 1234)
			first := store.Document{Table: "others", Key: "first", Doc: []byte(`{"v":1,"d":{"name":"x"}}`)}
			raw := openRaw(t, cfg)
			f, resumed, err := raw.Fill(t.Context(), "mark", first)
			if err != nil || resumed {
				t.Fatal(resumed, err)
			}
			for _, d := range docs[:600] {
				if err := f.Add(d); err != nil {
					t.Fatal(err)
				}
			}
			f.Stop() // as if the process had died
			closed(t, raw)

			if s, err := etcdstore.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "has not ended") {
				t.Fatalf("half a store is served: %v, %v", s, err)
			}
			raw = openRaw(t, cfg)
			if _, err := raw.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "has not ended") {
				t.Errorf("half a store is read: %v", err)
			}
			if _, _, err := raw.Fill(t.Context(), "another"); !fault.Is(err, fault.InUse) || !strings.Contains(err.Error(), "another backup") {
				t.Errorf("another restore went into it: %v", err)
			}
			f, resumed, err = raw.Fill(t.Context(), "mark", first)
			if err != nil || !resumed {
				t.Fatal(resumed, err)
			}
			for _, d := range docs {
				if err := f.Add(d); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.End(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, _, err := raw.Fill(t.Context(), "mark"); !fault.Is(err, fault.InUse) || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("it was filled twice: %v", err)
			}
			mustRead(t, raw, docs)
			closed(t, raw)

			s, err := etcdstore.Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer closed(t, s)
			snap, err := s.Snapshot(t.Context(), store.Linearizable)
			if err != nil {
				t.Fatal(err)
			}
			if snap.Len("things") != len(docs) || snap.Len("others") != 1 {
				t.Errorf("%d and %d records", snap.Len("things"), snap.Len("others"))
			}
		})
	}
}

// mustRead compares what a Reading has.
func mustRead(t *testing.T, raw *etcdstore.Raw, want []store.Document) {
	t.Helper()
	g, err := raw.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []store.Document
	for d, err := range g.Documents(t.Context(), "things") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, d)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	n, err := g.Len(t.Context(), "things")
	if err != nil || n != len(want) || g.Revision() < 2 {
		t.Errorf("%d documents at %d, %v", n, g.Revision(), err)
	}
	one, err := g.Document(t.Context(), "others", "first")
	if err != nil || string(one) != `{"v":1,"d":{"name":"x"}}` {
		t.Errorf("one document: %s, %v", one, err)
	}
	if one, err = g.Document(t.Context(), "others", "fir"); err != nil || one != nil {
		t.Errorf("an absent document: %s, %v", one, err)
	}
	if n, err := g.Undeclared(t.Context()); err != nil || n != 0 {
		t.Errorf("%d keys of nobody, %v", n, err)
	}
}

func TestAReadingStaysAtItsRevision(t *testing.T) {
	m := startMember(t)
	s := m.open(t, things)
	defer closed(t, s)
	raw := openRaw(t, etcdstore.Config{Endpoints: []string{m.endpoint}, Tables: []store.Codec{things}})
	defer closed(t, raw)
	put := func(key string) {
		t.Helper()
		if _, err := s.Commit(t.Context(), things.Put(key, 0, &thing{Name: key})); err != nil {
			t.Fatal(err)
		}
	}
	put("a")
	g, err := raw.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put("b")
	if n, err := g.Len(t.Context(), "things"); err != nil || n != 1 {
		t.Errorf("%d records, %v", n, err)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{m.endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, client)
	now, err := client.Get(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Compact(t.Context(), now.Header.Revision); err != nil {
		t.Fatal(err)
	}
	for _, err := range g.Documents(t.Context(), "things") {
		if !errors.Is(err, etcdstore.ErrCompacted) {
			t.Errorf("after the compaction: %v", err)
		}
	}
}

func TestKeysOfNobodyAreCounted(t *testing.T) {
	m := startMember(t)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{m.endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, client)
	prefix := etcdstore.DefaultPrefix
	for _, key := range []string{ // the last three are strangers
		"HEAD", "things/a", "others/a", "things/", "a/b", "things_more/a", "zzz",
	} {
		if _, err := client.Put(t.Context(), prefix+key, `{"v":1,"d":{}}`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Put(t.Context(), "/duoplane/v10/x", ""); err != nil {
		t.Fatal(err)
	}
	s := m.open(t, things, others)
	defer closed(t, s)
	if n, err := s.Undeclared(t.Context()); err != nil || n != 3 {
		t.Errorf("%d keys, %v", n, err)
	}
}

// TestAServerOnAStoreThatIsFilledMeanwhileServesNothing lets a server start on
// the empty store in the last moment.
func TestAServerOnAStoreThatIsFilledMeanwhileServesNothing(t *testing.T) {
	m := startMember(t)
	s := m.open(t, things)
	defer closed(t, s)
	raw := openRaw(t, etcdstore.Config{Endpoints: []string{m.endpoint}, Tables: []store.Codec{things}})
	defer closed(t, raw)
	docs := documents(t, 3)
	f, _, err := raw.Fill(t.Context(), "mark", docs[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), things.Put("00000", 0, &thing{})); err == nil {
		t.Error("a server wrote into a store that is being filled")
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		snap, err := s.Snapshot(t.Context(), store.Local)
		if fault.Is(err, fault.Unavailable) {
			break
		}
		if err != nil || snap.Len("things") > 0 {
			t.Fatalf("it serves what there is: %v", err)
		}
	}
	if err := f.Add(docs[1]); err != nil {
		t.Fatal(err)
	}
	if err := f.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range tick.C {
		if snap, err := s.Snapshot(t.Context(), store.Local); err == nil {
			if snap.Len("things") != 2 {
				t.Errorf("%d records", snap.Len("things"))
			}
			break
		}
	}
}

func TestTheSlowerOfTwoRestoresWritesNothingMore(t *testing.T) {
	m := startMember(t)
	cfg := etcdstore.Config{Endpoints: []string{m.endpoint}, Tables: []store.Codec{things}}
	one, two := openRaw(t, cfg), openRaw(t, cfg)
	defer closed(t, one)
	defer closed(t, two)
	docs := documents(t, 2)
	slow, _, err := one.Fill(t.Context(), "mark")
	if err != nil {
		t.Fatal(err)
	}
	fast, resumed, err := two.Fill(t.Context(), "mark")
	if err != nil || !resumed {
		t.Fatal(resumed, err)
	}
	if err := fast.Add(docs[0]); err != nil {
		t.Fatal(err)
	}
	if err := fast.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := slow.Add(docs[1]); err != nil {
		t.Fatal(err)
	}
	if err := slow.End(t.Context()); !fault.Is(err, fault.Raced) {
		t.Errorf("the slower one: %v", err)
	}
	g, err := one.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := g.Len(t.Context(), "things"); err != nil || n != 1 {
		t.Errorf("%d records, %v", n, err)
	}
}
