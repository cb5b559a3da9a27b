package shell_test

import (
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/shell"
)

// FuzzExec runs any line as somebody who may only read.
func FuzzExec(f *testing.F) {
	w := newWorld(f)
	w.mustExec(createProfile)
	for _, seed := range []string{
		"security login duo show -fields *", "sec log duo mod {-is-enabled true} -max-prompts 2", "?", "..;up;top", "redo -1;history",
		`security login duo group show -group-name "a|b" | c`, "set -showseparator , -showallfields true;vserver show", "security login?",
		"security login duo show -fields is-enabled, ?", "help security login", "rows 5;rows", "security login duo explain -username \"\u202e\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var out strings.Builder
		s := w.shell.Session(shell.SessionConfig{
			Caller: w.admin, May: func(method, _ string) bool { return method == "GET" }, Out: &out,
		})
		status := s.Exec(t.Context(), line)
		screen := out.String()
		if status != 0 && !strings.Contains(screen, "Error: ") {
			t.Errorf("%q: status %d without an error:\n%s", line, status, screen)
		}
		for text := range strings.SplitSeq(screen, "\r\n") {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q: the line %q could steer a terminal", line, text)
			}
		}
		if strings.Contains(screen, "canary") {
			t.Errorf("%q: the secret is on the screen", line)
		}
	})
}

// FuzzKeys types any keys at a terminal.
func FuzzKeys(f *testing.F) {
	w := newWorld(f)
	for _, seed := range []string{
		"sec\tl\t?\r", "abc\x1b[D\x1b[D\x0b\x19\x15", "rows 0\r\x12ow\r\x10\x10\x0e", "\x1b[1;5C\x1bb\x1bf\x1bd", "set adv\ry\r", "a\"\t?\"\t",
		"security login duo modify {-\t?", "\x1b", "\x1bO", "\x1b[", "\x12\x12\x7f\x07", strings.Repeat("x", 300) + "\x01y",
	} {
		f.Add(seed, uint8(80), uint8(24))
	}
	f.Fuzz(func(t *testing.T, keys string, width, height uint8) {
		s := w.shell.Session(shell.SessionConfig{
			Caller: w.admin, May: func(method, _ string) bool { return method == "GET" },
			Term: true, Width: int(width), Height: int(height), In: strings.NewReader(keys), Out: io.Discard,
		})
		if err := s.Run(t.Context()); err != nil {
			t.Errorf("%q: %v", keys, err)
		}
	})
}
