package etcdstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

// childDir names the data directory to the child process of the test below.
const childDir = "ETCDSTORE_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		err := writeForEver(context.Background(), dir, os.Stdout)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

type part struct {
	Of string `json:"of"`
}

var (
	heads = &store.Table[part]{Name: "heads", DocVersion: 1}
	tails = &store.Table[part]{Name: "tails", DocVersion: 1}
)

const writers = 4

// writeForEver makes pairs of records, each pair in one commit, and removes
// every third pair again with all under it. It names what it did once that is
// acknowledged.
func writeForEver(ctx context.Context, dir string, out io.Writer) error {
	s, err := etcdstore.Open(ctx, etcdstore.Config{Dir: dir, Tables: []store.Codec{heads, tails}})
	if err != nil {
		return err
	}
	base := strconv.FormatInt(int64(revision(ctx, s)), 10)
	var mu sync.Mutex // guards out
	say := func(what, id string) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintln(out, what, id) // the parent may be gone
	}
	failed := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", base, w, i)
				rev, err := s.Commit(ctx, heads.Put(id, 0, &part{id}), tails.Put(id+"/1", 0, &part{id}), tails.Put(id+"/2", 0, &part{id}))
				if err != nil {
					failed <- err
					return
				}
				say("made", id)
				if i%3 != 0 {
					continue
				}
				if _, err := s.Commit(ctx, heads.Delete(id, store.Version(rev)), tails.DeleteUnder(id+"/")); err != nil {
					failed <- err
					return
				}
				say("removed", id)
			}
		}()
	}
	return <-failed
}

func revision(ctx context.Context, s store.Store) store.Revision {
	snap, err := s.Snapshot(ctx, store.Local)
	if err != nil {
		return 0
	}
	return snap.Revision()
}

func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	dir := t.TempDir()
	there := map[string]bool{} // by id: made, and not removed
	for round := range 4 {
		killAfter(t, dir, 40+60*round, there)
		checkPairs(t, dir, there)
	}
}

// killAfter runs the child until it has acknowledged n changes and kills it.
func killAfter(t *testing.T, dir string, n int, there map[string]bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = t.Output()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	said := 0
	for lines.Scan() {
		what, id, _ := strings.Cut(lines.Text(), " ")
		there[id] = what == "made"
		if said++; said == n {
			if err := child.Process.Kill(); err != nil { // SIGKILL; what it still says is read to the end
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	if said < n {
		t.Fatalf("the child said %d things", said)
	}
}

// checkPairs looks for every pair acknowledged, and at every pair being whole.
// Of each writer one change was perhaps under way: it may be there or not.
func checkPairs(t *testing.T, dir string, there map[string]bool) {
	t.Helper()
	s, err := etcdstore.Open(t.Context(), etcdstore.Config{Dir: dir, Tables: []store.Codec{heads, tails}, Logger: logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(t.Context(), store.Linearizable)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for id := range heads.All(snap, "") {
		found[id] = 1
	}
	for _, p := range tails.All(snap, "") {
		found[p.Of] += 10
	}
	for id, sum := range found {
		if sum != 21 {
			t.Errorf("%s is there in part: %d", id, sum)
		}
	}
	lost, unasked := 0, 0
	for id, made := range there {
		switch {
		case made && found[id] == 0:
			lost++ // unless its removal was under way
		case !made && found[id] != 0:
			t.Errorf("%s was removed and is there", id)
		}
	}
	for id := range found {
		if _, said := there[id]; !said {
			unasked++
		}
	}
	if lost+unasked > writers {
		t.Errorf("%d pairs are missing and %d more than acknowledged, by %d writers", lost, unasked, writers)
	}
	for id := range there {
		there[id] = found[id] != 0
	}
	for id := range found {
		there[id] = true
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
