package audit_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
)

var (
	actor = audit.Who{Name: "admin", Owner: "c-1", From: "127.0.0.1", Via: "rest", Request: "r-1"}
	entry = audit.Entry{
		Event: "modify", Resource: "duo_profile", Key: "svm1", Owner: "s-1",
		Fields: []audit.Field{{Path: "max_prompts", Value: "2"}, {Path: "secret_key", Value: "sha256:00"}},
	}
)

func open(t *testing.T, dir string, set func(*audit.Config)) *audit.Log {
	t.Helper()
	cfg := audit.Config{Dir: dir, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if set != nil {
		set(&cfg)
	}
	log, err := audit.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func TestAChangeHasOneLineThatTellsItsEnd(t *testing.T) {
	for _, test := range []struct {
		name    string
		err     error
		outcome audit.Outcome
		reason  string
	}{
		{"stored", nil, audit.Done, ""},
		{"refused by a rule", fault.New(fault.LastAdmin, "", "no"), audit.Failed, "last_admin"},
		{"overtaken", fault.New(fault.Raced, "", "no"), audit.Failed, "raced"},
		{"store away", fault.New(fault.Unavailable, "", "no"), audit.Unknown, "unavailable"},
		{"not one of our errors", errors.New("disk"), audit.Unknown, "internal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := time.Date(2026, 8, 4, 9, 0, 0, 123456789, time.FixedZone("", 3600))
			log := open(t, t.TempDir(), func(c *audit.Config) { c.Now = func() time.Time { return at } })
			line, err := log.Begin(actor, entry)
			if err != nil {
				t.Fatal(err)
			}
			want := audit.Line{
				Time: at, Event: "modify", Who: audit.LineWho{Name: "admin", Owner: "c-1"},
				From: "127.0.0.1", Via: "rest", Request: "r-1", Resource: "duo_profile", Key: "svm1", Owner: "s-1",
				Fields:  map[string]string{"max_prompts": "2", "secret_key": "sha256:00"},
				Outcome: audit.Begun,
			}
			compare := func() {
				t.Helper()
				got := audittest.Lines(t, log)
				if diff := cmp.Diff(got, []audit.Line{want}, cmpopts.IgnoreFields(audit.Line{}, "ID")); diff != "" {
					t.Errorf("got -, want +:\n%s", diff)
				}
				if len(got) == 1 && len(got[0].ID) != 36 {
					t.Errorf("id %q is not a UUID", got[0].ID)
				}
			}
			compare()
			line.End(test.err)
			want.Outcome, want.Reason = test.outcome, test.reason
			compare()
		})
	}
}

func TestOnlyTheServiceMayReadTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, audit.FileName)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, dir, nil)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode(), os.FileMode(0o600); got != want {
		t.Errorf("got mode %v, want %v", got, want)
	}
}

func TestALineCutByACrashIsEndedBeforeTheNext(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, audit.FileName)
	if err := os.WriteFile(path, []byte(`{"time":"2026-`), 0o600); err != nil {
		t.Fatal(err)
	}
	log := open(t, dir, nil)
	if err := log.Write(actor, entry, audit.Done, ""); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if first, rest, _ := strings.Cut(string(b), "\n"); first != `{"time":"2026-` || !strings.HasSuffix(rest, "\"outcome\":\"done\"}\n") {
		t.Errorf("got %q", b)
	}
}

func TestRotationLosesNoLineAndBoundsTheFiles(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir, func(c *audit.Config) { c.MaxBytes, c.Keep = 1500, 3 })
	early, err := log.Begin(actor, audit.Entry{Event: "early"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		if err := log.Write(actor, audit.Entry{Event: strconv.Itoa(i)}, audit.Done, ""); err != nil {
			t.Fatal(err)
		}
	}
	early.End(nil) // its file is no longer the current one
	names, err := filepath.Glob(filepath.Join(dir, "audit.log*"))
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "audit.log.000001"); len(names) < 2 || names[1] != want {
		t.Fatalf("got files %v, want %s among them", names, want)
	}
	var events []string
	for _, name := range append(names[1:], names[0]) {
		for _, line := range audittest.Read(t, name) {
			events = append(events, line.Event+" "+string(line.Outcome))
		}
	}
	want := []string{"early done", "0 done", "1 done", "2 done", "3 done", "4 done", "5 done", "6 done"}
	if diff := cmp.Diff(events, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	for range 100 {
		if err := log.Write(actor, entry, audit.Done, ""); err != nil {
			t.Fatal(err)
		}
	}
	if names, _ = filepath.Glob(filepath.Join(dir, "*")); len(names) != 4 {
		t.Errorf("got files %v, want the current one and three", names)
	}
}

func TestAFileMovedAwayIsReplaced(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir, nil)
	if err := os.Remove(log.Path()); err != nil {
		t.Fatal(err)
	}
	if err := log.Write(actor, entry, audit.Done, ""); err != nil {
		t.Fatal(err)
	}
	if got := len(audittest.Lines(t, log)); got != 1 {
		t.Errorf("got %d lines, want 1", got)
	}
}

func TestALineThatCannotBeWrittenIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir, nil)
	if err := os.Remove(log.Path()); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(log.Path(), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := log.Begin(actor, entry)
	if got, want := fault.CodeOf(err), fault.Unavailable; got != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
	e, _ := errors.AsType[*fault.Error](err)
	if want := "the audit log cannot be written (is a directory)"; e.Msg != want {
		t.Errorf("got message %q, want %q", e.Msg, want)
	}
	if err := os.Remove(log.Path()); err != nil {
		t.Fatal(err)
	}
	if err := log.Write(actor, entry, audit.Done, ""); err != nil {
		t.Errorf("still refused after the cause is gone: %v", err)
	}
}

func TestNoLineAfterClose(t *testing.T) {
	log := open(t, t.TempDir(), nil)
	line, err := log.Begin(actor, entry)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	line.End(nil)
	if err := log.Write(actor, entry, audit.Done, ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	if lines := audittest.Lines(t, log); len(lines) != 1 || lines[0].Outcome != audit.Done {
		t.Errorf("got %v, want the one begun line done", lines)
	}
}

func TestWhatAClientSendsStaysInsideItsLine(t *testing.T) {
	log := open(t, t.TempDir(), nil)
	long := strings.Repeat("ä", 5000)
	nasty := "a\nb\x00\x1b[2Jc\xff\u009b2J\u202e\U000e0041\"}"
	who := audit.Who{Name: nasty, From: long}
	if err := log.Write(who, audit.Entry{Event: "login", Fields: []audit.Field{{Path: "x", Value: long}}}, audit.Refused, long); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(log.Path())
	if err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexFunc(b[:len(b)-1], func(r rune) bool { return r < ' ' || r == '\u009b' || r == '\u202e' || r == '\U000e0041' }); i >= 0 {
		t.Errorf("a control character stands in the line at %d: %q", i, b)
	}
	lines := audittest.Lines(t, log)
	if len(lines) != 1 {
		t.Fatalf("got %d lines, want 1", len(lines))
	}
	if want := strings.ReplaceAll(nasty, "\xff", "\ufffd"); lines[0].Who.Name != want {
		t.Errorf("got name %q, want %q", lines[0].Who.Name, want)
	}
	if v := lines[0].Fields["x"]; len(v) > 1024 || !strings.HasSuffix(v, "ä...") {
		t.Errorf("got a value of %d bytes ending in %q", len(v), v[len(v)-5:])
	}
}

func TestConcurrentLinesStayWhole(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir, func(c *audit.Config) { c.MaxBytes, c.Keep = 20_000, 1000 })
	const writers, each = 8, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				line, err := log.Begin(actor, audit.Entry{Event: strconv.Itoa(w*each + i)})
				if err != nil {
					t.Error(err)
					return
				}
				line.End(nil)
			}
		})
	}
	wg.Wait()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range names {
		for _, line := range audittest.Read(t, name) {
			if line.Outcome != audit.Done || seen[line.Event] {
				t.Errorf("line %s: outcome %s, seen before: %v", line.Event, line.Outcome, seen[line.Event])
			}
			seen[line.Event] = true
		}
	}
	if len(seen) != writers*each || len(names) < 3 {
		t.Errorf("got %d lines in %d files, want %d in several", len(seen), len(names), writers*each)
	}
}
