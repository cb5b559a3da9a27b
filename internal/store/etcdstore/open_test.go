package etcdstore_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

type thing struct {
	Name string `json:"name"`
}

var things = &store.Table[thing]{Name: "things", DocVersion: 1}

func TestADataDirectoryInUseIsRefusedAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = etcdstore.Open(t.Context(), etcdstore.Config{Dir: dir})
	if !fault.Is(err, fault.InUse) || !strings.Contains(err.Error(), "data directory "+dir+" is in use by another Duoplane") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the refusal took %v", took)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: dir})
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheDataDirectoryIsClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "etcd")} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
}

func TestTheEmbeddedEtcdListensNowhere(t *testing.T) {
	before := listening(t)
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // other tests look
	if now := listening(t); now != before {
		t.Errorf("%d sockets listened before, %d with the store open", before, now)
	}
}

// listening counts this process's listening TCP sockets.
func listening(t *testing.T) int {
	t.Helper()
	n := 0
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // no such table on this system
		}
		mine := sockets(t)
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == "0A" && mine[f[9]] {
				n++
			}
		}
	}
	return n
}

func sockets(t *testing.T) map[string]bool {
	t.Helper()
	mine := map[string]bool{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if inode, ok := strings.CutPrefix(target, "socket:["); err == nil && ok {
			mine[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return mine
}

func TestConfigsThatCannotWork(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		cfg  etcdstore.Config
		want string
	}{
		"nothing":            {etcdstore.Config{}, "exactly one"},
		"both":               {etcdstore.Config{Dir: dir, Endpoints: []string{"http://127.0.0.1:1"}}, "exactly one"},
		"prefix with no end": {etcdstore.Config{Dir: dir, Prefix: "/x"}, "slash"},
		"a file":             {etcdstore.Config{Dir: file}, file},
		"a table twice":      {etcdstore.Config{Dir: dir, Tables: []store.Codec{things, things}}, "twice"},
	} {
		if _, err := etcdstore.Open(t.Context(), tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDamagedFilesAreAnErrorAndNoCrash(t *testing.T) {
	damages := map[string]func(t *testing.T, etcd string){
		"log of zeros": func(t *testing.T, etcd string) {
			t.Helper()
			overwrite(t, filepath.Join(etcd, "member", "wal"), ".wal")
		},
		"database of zeros": func(t *testing.T, etcd string) {
			t.Helper()
			overwrite(t, filepath.Join(etcd, "member", "snap"), "db")
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: dir, Tables: []store.Codec{things}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Commit(t.Context(), things.Put("a", 0, &thing{})); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			damage(t, filepath.Join(dir, "etcd"))
			s, err = etcdstore.Open(t.Context(), etcdstore.Config{Dir: dir, Tables: []store.Codec{things}, Logger: logger(t)})
			if err == nil {
				t.Fatalf("opened, %v", s.Close())
			}
			t.Log(err)
			if !strings.Contains(err.Error(), dir) {
				t.Errorf("the error does not name the directory: %v", err)
			}
		})
	}
}

// overwrite puts zeros over the files in a directory whose name has a suffix.
func overwrite(t *testing.T, dir, suffix string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			if err := os.WriteFile(filepath.Join(dir, e.Name()), make([]byte, 1<<16), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestARecordThatCannotBeReadKeepsTheStoreClosed(t *testing.T) {
	m := startMember(t)
	client := m.client(t)
	put(t, client, "things/a", `{"v":1,"d":{"name":"a"}}`)
	put(t, client, "things/bad", `{"v":2,"d":{}}`)
	_, err := etcdstore.Open(t.Context(), etcdstore.Config{Endpoints: []string{m.endpoint}, Tables: []store.Codec{things}})
	if err == nil || !strings.Contains(err.Error(), "things/bad") {
		t.Errorf("opening: %v", err)
	}
	put(t, client, "things/bad", `{"v":1,"d":{}}`)
	put(t, client, "strangers/x", `not ours`)
	put(t, client, "things", `not ours`)
	s := m.open(t, things)
	defer s.Close() //nolint:errcheck // other tests look
	snap, err := s.Snapshot(t.Context(), store.Linearizable)
	if err != nil || snap.Len("things") != 2 {
		t.Fatalf("after the repair: %v", err)
	}
}

func TestARecordThatBecomesUnreadableClosesTheStoreUntilItIsRepaired(t *testing.T) {
	m := startMember(t)
	client := m.client(t)
	s := m.open(t, things)
	defer s.Close() //nolint:errcheck // other tests look
	if _, err := s.Commit(t.Context(), things.Put("a", 0, &thing{Name: "a"})); err != nil {
		t.Fatal(err)
	}
	put(t, client, "things/bad", `{"v":2,"d":{}}`)
	eventually(t, func() bool {
		_, err := s.Snapshot(t.Context(), store.Local)
		return fault.Is(err, fault.Unavailable) && strings.Contains(err.Error(), "things/bad")
	})
	if _, err := s.Commit(t.Context(), things.Put("b", 0, &thing{})); !fault.Is(err, fault.Unavailable) {
		t.Errorf("commit: %v", err)
	}
	put(t, client, "things/bad", `{"v":1,"d":{}}`)
	eventually(t, func() bool {
		snap, err := s.Snapshot(t.Context(), store.Linearizable)
		return err == nil && snap.Len("things") == 2
	})
}

func (m *member) client(tb testing.TB) *clientv3.Client {
	tb.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{m.endpoint}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

func put(t *testing.T, client *clientv3.Client, key, doc string) {
	t.Helper()
	if _, err := client.Put(t.Context(), etcdstore.DefaultPrefix+key, doc); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something that happens in the background.
func eventually(t *testing.T, happened func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-ctx.Done():
			t.Fatal("it did not happen in time")
		case <-tick.C:
		}
	}
}
