package shell_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/audit"
)

// TestALongListIsOneList shows more lines of the audit log than are read at a
// time.
func TestALongListIsOneList(t *testing.T) {
	w := newWorld(t)
	const many = 10_050
	for i := range many {
		w.must(w.lines.Write(audit.Who{Name: fmt.Sprintf("user%05d", i)}, audit.Entry{Event: "login"}, audit.Refused, "unauthenticated"))
	}
	for _, test := range []struct{ name, show, head string }{
		{"a table", "security audit log show -state error", "Audit Message\n"},
		{"fields", "security audit log show -state error -fields username", "username\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			screen := w.mustExec(test.show)
			if n := strings.Count(screen, test.head); n != 1 {
				t.Errorf("the head stands there %d times", n)
			}
			at := 0
			for i := range many {
				next := strings.Index(screen[at:], fmt.Sprintf("user%05d", i))
				if next < 0 {
					t.Fatalf("user%05d is missing or not behind the one before", i)
				}
				at += next
			}
			if n := strings.Count(screen, "\n"); n != many+3 || !strings.HasSuffix(screen, "\n10050 entries were displayed.\n") {
				t.Errorf("%d lines, at the end %q", n, screen[len(screen)-40:])
			}
		})
	}
	t.Run("blocks", func(t *testing.T) {
		screen := w.mustExec("security audit log show -state error -instance")
		if n := strings.Count(screen, "\n\n   Log Entry Timestamp:"); n != many-1 {
			t.Errorf("%d blocks stand behind an empty line", n)
		}
	})
	t.Run("until the reader has had enough", func(t *testing.T) {
		got := w.play(100, 5, "security audit log show -state error -fields username"+enter, "q")
		if !strings.HasSuffix(got, "user00001\ncluster1::> ▏") {
			t.Errorf("got\n%s", got)
		}
	})
}
