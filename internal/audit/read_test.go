package audit_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
)

// keys reads the log from a place on and returns the keys of the lines, "?"
// for a damaged one, and their places.
func keys(t *testing.T, log *audit.Log, from audit.Place) (list []string, places []audit.Place) {
	t.Helper()
	for raw, err := range log.Read(from) {
		if err != nil {
			t.Fatal(err)
		}
		key := "?"
		if line, err := raw.Line(); err == nil {
			key = line.Key
			if !line.Time.Equal(raw.Time()) {
				t.Errorf("line %s: at %v in short, %v decoded", key, raw.Time(), line.Time)
			}
		}
		if len(places) > 0 && raw.Place <= places[len(places)-1] {
			t.Errorf("line %s: place %d is not behind %d", key, raw.Place, places[len(places)-1])
		}
		list, places = append(list, key), append(places, raw.Place)
	}
	return list, places
}

func note(t *testing.T, log *audit.Log, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := log.Write(actor, audit.Entry{Event: "login", Resource: "account", Key: key}, audit.Refused, "unauthenticated"); err != nil {
			t.Fatal(err)
		}
	}
}

// small makes a file of the log hold two lines.
func small(c *audit.Config) { c.MaxBytes = 700 }

func TestTheLogIsReadOverAllItsFiles(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir, small)
	all := []string{"a", "b", "c", "d", "e", "f", "g"}
	note(t, log, all...)
	list, places := keys(t, log, 0)
	if diff := cmp.Diff(all, list); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	if first, last := places[0].File(), places[len(places)-1].File(); first != 1 || last < 3 {
		t.Errorf("files %d to %d", first, last)
	}
	for i, place := range places {
		if list, _ := keys(t, log, place); !cmp.Equal(all[i:], list) {
			t.Errorf("from %s: got %q", all[i], list)
		}
		if list, _ := keys(t, log, place+1); !cmp.Equal(all[i+1:], list, cmp.Transformer("nil", func(s []string) string { return strings.Join(s, "") })) {
			t.Errorf("from the middle of %s: got %q", all[i], list)
		}
	}
	if list, _ := keys(t, log, places[len(places)-1]+1<<40); list != nil {
		t.Errorf("from behind the end: got %q", list)
	}

	note(t, log, "h", "i") // and another file is set aside
	_, later := keys(t, log, 0)
	if diff := cmp.Diff(places, later[:len(places)]); diff != "" {
		t.Errorf("places change: -want +got:\n%s", diff)
	}
	if err := os.Remove(filepath.Join(dir, "audit.log.000002")); err != nil {
		t.Fatal(err)
	}
	if list, _ := keys(t, log, 0); len(list) != 7 {
		t.Errorf("after a file was removed: %q", list)
	}
}

func TestADamagedLineHidesNoOther(t *testing.T) {
	for _, test := range []struct {
		name string
		with []byte // written behind the first line
		want []string
	}{
		{"cut by a crash", []byte(`{"time":"2026-08-04T09:00:00Z","id":"01`), []string{"a", "?", "b"}},
		{"no text at all", []byte("\x00\xff\xfe\n"), []string{"a", "?", "b"}},
		{"an empty line", []byte("\n"), []string{"a", "?", "b"}},
		{"JSON of another kind", []byte("[1]\n{}\n"), []string{"a", "?", "?", "b"}},
		{"an outcome nobody knows", []byte(`{"time":"2026-08-04T09:00:00Z","outcome":"dogun"}` + "\n"), []string{"a", "?", "b"}},
		{"longer than any line", []byte(`{"time":"2026-08-04T09:00:00Z","key":"` + strings.Repeat("x", 3<<20) + `","outcome":"done"}` + "\n"), []string{"a", "?", "b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			log := open(t, dir, nil)
			note(t, log, "a")
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(filepath.Join(dir, audit.FileName), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Write(test.with)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
			log = open(t, dir, nil)
			note(t, log, "b")
			list, places := keys(t, log, 0)
			if diff := cmp.Diff(test.want, list); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
			if list, _ := keys(t, log, places[len(places)-1]); !cmp.Equal(list, []string{"b"}) {
				t.Errorf("the line behind it: %q", list)
			}
		})
	}
}

func TestAReaderMayStop(t *testing.T) {
	log := open(t, t.TempDir(), small)
	note(t, log, "a", "b", "c", "d", "e")
	for n := range 5 {
		read := 0
		for _, err := range log.Read(0) {
			if read++; err != nil || read > n {
				break
			}
		}
	}
	if err := log.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	for _, err := range log.Read(0) {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("a closed log: %v", err)
		}
	}
}

// TestReadersAndWritersTogether reads while lines are begun, ended and set
// aside: every line is there once, whole and in the order of its writer.
func TestReadersAndWritersTogether(t *testing.T) {
	log := open(t, t.TempDir(), func(c *audit.Config) { c.MaxBytes, c.Keep = 16<<10, 1000 })
	const writers, lines = 4, 150
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range lines {
				p, err := log.Begin(actor, audit.Entry{Event: "modify", Key: fmt.Sprintf("%d/%03d", w, i)})
				if err != nil {
					t.Error(err)
					return
				}
				p.End(nil)
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	for last := false; !last; {
		select {
		case <-done:
			last = true
		default:
		}
		seen := make(map[byte]string)
		list, _ := keys(t, log, 0)
		for _, key := range list {
			if key == "?" || key <= seen[key[0]] {
				t.Fatalf("%q behind %q", key, seen[key[0]])
			}
			seen[key[0]] = key
		}
		if last && len(list) != writers*lines {
			t.Errorf("%d lines of %d", len(list), writers*lines)
		}
	}
}

func BenchmarkReadByTimeAlone(b *testing.B) {
	dir := b.TempDir()
	log, err := audit.Open(audit.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	for range 10_000 {
		if err := log.Write(actor, entry, audit.Done, ""); err != nil {
			b.Fatal(err)
		}
	}
	n := 0
	for b.Loop() {
		for raw, err := range log.Read(0) {
			if err != nil || raw.Time().IsZero() {
				b.Fatal(err)
			}
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/line")
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
}
