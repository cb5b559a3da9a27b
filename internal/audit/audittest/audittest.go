// Package audittest helps tests that write audit lines.
package audittest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"testing"

	"github.com/duoplane/duoplane/internal/audit"
)

// New returns a log in a temporary directory that is closed when the test
// ends. Close it earlier to see what happens when no line can be written.
func New(tb testing.TB) *audit.Log {
	tb.Helper()
	log, err := audit.Open(audit.Config{
		Dir:    tb.TempDir(),
		Logger: slog.New(slog.NewTextHandler(tb.Output(), nil)),
	})
	if err != nil {
		tb.Fatalf("open an audit log: %v", err)
	}
	tb.Cleanup(func() {
		if err := log.Close(); err != nil {
			tb.Errorf("close the audit log: %v", err)
		}
	})
	return log
}

// Lines returns the lines of the log's current file, oldest first. A line
// that is not one whole JSON object fails the test.
func Lines(tb testing.TB, log *audit.Log) []audit.Line {
	tb.Helper()
	return Read(tb, log.Path())
}

// Read is Lines for any file of a log.
func Read(tb testing.TB, path string) []audit.Line {
	tb.Helper()
	b, err := os.ReadFile(path) //nolint:gosec // a test reads its own file
	if err != nil {
		tb.Fatalf("read the audit log: %v", err)
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		tb.Errorf("the last line of %s is not ended", path)
	}
	var lines []audit.Line
	for text := range bytes.Lines(b) {
		var line audit.Line
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&line); err != nil {
			tb.Fatalf("decode the audit line %q: %v", text, err)
		}
		lines = append(lines, line)
	}
	return lines
}
