package audit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
)

func TestLinesAndFailuresAreCounted(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir, func(c *audit.Config) { c.MaxBytes, c.Keep = 1, 1 })
	pending, err := log.Begin(actor, entry)
	if err != nil {
		t.Fatal(err)
	}
	pending.End(nil)
	// A folder in the place of a past file, which cannot be removed as one.
	if err := os.MkdirAll(filepath.Join(dir, audit.FileName+".000001", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := log.Write(actor, entry, audit.Refused, "why"); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Write(actor, entry, audit.Refused, "too late"); err == nil {
		t.Fatal("a closed log takes lines")
	}
	if diff := cmp.Diff(audit.Stats{Lines: 2, WriteFailures: 1, RotateFailures: 1}, log.Stats()); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
