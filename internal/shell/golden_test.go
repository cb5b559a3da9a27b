package shell_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	// typed finds what a person types in a golden session: commands behind a
	// prompt, answers behind a question.
	typed = regexp.MustCompile(`(?m)^(?:(?:cluster1|svm_eng)::[^>\n]*>|(?:Enter|Please enter)[^:\n]*:)(?: (.*))?$`)
	uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// A typist hands over one line at a time and shows it on the screen, as a
// terminal would.
type typist struct {
	lines  []string
	screen *bytes.Buffer
}

func (t *typist) Read(b []byte) (int, error) {
	if len(t.lines) == 0 {
		return 0, io.EOF
	}
	line := t.lines[0]
	t.lines = t.lines[1:]
	t.screen.WriteString(line)
	return copy(b, line+"\n"), nil
}

// TestSessions plays the sessions under testdata: files that hold, exactly,
// what stands on the screen. A file that begins with "vsadmin" is played by
// the administrator of svm_eng.
func TestSessions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			w := newWorld(t)
			want, err := os.ReadFile(file)
			w.must(err)
			var screen bytes.Buffer
			in := &typist{screen: &screen}
			for _, m := range typed.FindAllSubmatch(want, -1) {
				in.lines = append(in.lines, string(m[1]))
			}
			caller := w.admin
			if strings.HasPrefix(filepath.Base(file), "vsadmin") {
				caller = w.vsadmin()
			}
			w.must(w.session(caller, in, &screen).Run(t.Context()))
			got := strings.ReplaceAll(screen.String(), "\r\n", "\n")
			if strings.Contains(got, "\r") || !strings.Contains(screen.String(), "\r\n") {
				t.Error("lines do not end in carriage return and line feed")
			}
			got = uuids.ReplaceAllString(got, "00000000-0000-7000-0000-000000000000")
			got = strings.TrimSuffix(got, caller.Owner.Name+"::> ")
			if *update {
				w.must(os.WriteFile(file, []byte(got), 0o600))
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("screen (-want +got):\n%s", diff)
			}
		})
	}
}
