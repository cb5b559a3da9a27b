package shell_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/shell"
)

// Keys as a terminal sends them.
const (
	ctrlA, ctrlB, ctrlC, ctrlD, ctrlE, ctrlF = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06"
	ctrlK, ctrlL, ctrlN, ctrlP, ctrlR, ctrlU = "\x0b", "\x0c", "\x0e", "\x10", "\x12", "\x15"
	ctrlG, ctrlW, ctrlY                      = "\x07", "\x17", "\x19"
	up, down, right, left                    = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	home, end, del                           = "\x1b[H", "\x1b[4~", "\x1b[3~"
	tab, enter, esc, backspace               = "\t", "\r", "\x1b", "\x7f"
)

func TestALineIsEdited(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name    string
		strokes []string
		want    string // behind the prompt, the cursor as ▏
	}{
		{"typing appends", []string{"abc"}, "abc▏"},
		{"typing one by one too", []string{"a", "b", "c"}, "abc▏"},
		{"typing in the middle inserts", []string{"ac", left, "b"}, "ab▏c"},
		{"Ctrl-B, Ctrl-F and the arrows move", []string{"abc", ctrlB, left, ctrlF, left, right}, "ab▏c"},
		{"Ctrl-A and Home go to the beginning", []string{"abc", ctrlA, "x", end, home}, "▏xabc"},
		{"Ctrl-E and End go to the end", []string{"abc", ctrlA, ctrlE, ctrlA, end}, "abc▏"},
		{"Backspace and Ctrl-H delete before the cursor", []string{"abcd", backspace, "\b"}, "ab▏"},
		{"Ctrl-D and Delete delete at the cursor", []string{"abcd", ctrlA, ctrlD, del}, "▏cd"},
		{"Ctrl-K kills to the end, Ctrl-Y brings it back", []string{"abcd", left, left, ctrlK, ctrlA, ctrlY}, "cd▏ab"},
		{"Ctrl-U kills to the beginning", []string{"abcd", left, ctrlU}, "▏d"},
		{"Ctrl-W kills a word", []string{"one two", ctrlW, "x"}, "one x▏"},
		{"Esc b and Esc f move by words", []string{"one two", esc + "b", "x", esc + "b", esc + "b", esc + "f", "y"}, "oney▏ xtwo"},
		{"Esc d kills the word at the cursor", []string{"one two", ctrlA, esc + "d"}, "▏ two"},
		{"Esc ? types a question mark", []string{"a" + esc + "?"}, "a?▏"},
		{"a question mark in quotes is typed", []string{`-comment "why?`}, `-comment "why?▏`},
		{"keys outside the line do nothing", []string{left, ctrlA, backspace, ctrlK, ctrlW, del, right, esc + "f", "a"}, "a▏"},
		{"an unknown sequence does nothing", []string{"a\x1b[99;99xb"}, "ab▏"},
		{"a sequence may come in pieces", []string{"ab", "\x1b", "[", "D", "c"}, "ac▏b"},
		{"other control characters do nothing", []string{"a\x11\x13\x00b"}, "ab▏"},
		{"invalid UTF-8 does nothing", []string{"a\xff\xc3(b"}, "a(b▏"},
		{"a right-to-left override does nothing", []string{"a\u202eb"}, "ab▏"},
		{"Ctrl-L clears the screen and keeps the line", []string{"history" + enter, "abc", left, ctrlL}, "ab▏c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := w.screen(test.strokes...)
			want := "cluster1::> " + test.want
			if !strings.HasSuffix(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestALongLineWraps(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name    string
		strokes []string
		want    string
	}{
		{"at the edge", []string{"12345678"}, "cluster1::> 12345678\n▏"},
		{"at the edge, typed one by one", strings.Split("12345678", ""), "cluster1::> 12345678\n▏"},
		{"past the edge", []string{"123456789"}, "cluster1::> 12345678\n9▏"},
		{"back over the edge", []string{"123456789", left, left, "x"}, "cluster1::> 1234567x\n▏89"},
		{"shrinking to one line", []string{"123456789", backspace, backspace}, "cluster1::> 1234567▏"},
		{"inserting far before", []string{"123456789", ctrlA, "ab"}, "cluster1::> ab▏123456\n789"},
		{"three lines", []string{strings.Repeat("x", 35), ctrlA, right}, "cluster1::> x▏xxxxxxx\nxxxxxxxxxxxxxxxxxxxx\nxxxxxxx"},
		{"Ctrl-C goes on below", []string{"123456789", ctrlA, ctrlC}, "cluster1::> 12345678\n9^C\ncluster1::> ▏"},
		{"Ctrl-C at the edge", []string{"12345678", ctrlC}, "cluster1::> 12345678\n^C\ncluster1::> ▏"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, w.play(20, 10, test.strokes...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheHistoryIsAtHand(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name    string
		strokes []string
		want    string
	}{
		{"Up shows the last line", []string{"rows 0" + enter, "rows 5" + enter, up}, "rows 5▏"},
		{"Ctrl-P twice the one before", []string{"rows 0" + enter, "rows 5" + enter, ctrlP, ctrlP}, "rows 0▏"},
		{"Up at the oldest stays", []string{"rows 0" + enter, up, up, up}, "rows 0▏"},
		{"Down and Ctrl-N come back to the line begun", []string{"rows 0" + enter, "rows 5" + enter, "abc", up, up, down, ctrlN}, "abc▏"},
		{"Ctrl-R finds what holds a text", []string{"rows 0" + enter, "set" + enter, ctrlR, "ow", esc + "x"}, "rows 0▏"},
		{"Ctrl-R again finds an older one", []string{"rows 7" + enter, "rows 8" + enter, ctrlR, "rows", ctrlR, ctrlE}, "rows 7▏"},
		{"Ctrl-R and Ctrl-G leave the line", []string{"rows 7" + enter, "abc", ctrlR, "rows", ctrlG}, "abc▏"},
		{"Backspace shortens the text looked for", []string{"rows 7" + enter, ctrlR, "rx", backspace, ctrlE}, "rows 7▏"},
		{"the value of a secret is not in it", []string{"security login duo modify -sec abcdef -vserver nobody" + enter, up}, "-sec -vserver nobody▏"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := w.screen(test.strokes...)
			if !strings.HasSuffix(strings.ReplaceAll(got, "\n", ""), test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
	t.Run("while looking, it says so", func(t *testing.T) {
		got := w.screen("rows 7"+enter, ctrlR, "ow")
		if want := "(reverse-i-search)`ow': rows 7▏"; !strings.HasSuffix(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("Enter runs what was found", func(t *testing.T) {
		got := w.screen("rows 7"+enter, ctrlR, "row", enter, "rows"+enter)
		if want := "cluster1::> rows 7\ncluster1::> rows\nNumber of Rows: 7\ncluster1::> ▏"; !strings.HasSuffix(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestHowASessionEnds(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name    string
		strokes []string
		want    string
	}{
		{"Ctrl-D on an empty line leaves", []string{ctrlD, "never read"}, "cluster1::>\n▏"},
		{"Ctrl-C clears the line and stays", []string{"abc", ctrlC, "x"}, "cluster1::> abc^C\ncluster1::> x▏"},
		{"exit leaves", []string{"exit" + enter, "never read"}, "cluster1::> exit\n▏"},
		{"quit leaves", []string{"quit" + enter}, "cluster1::> quit\n▏"},
		{"logout leaves", []string{"logo" + enter}, "cluster1::> logo\n▏"},
		{"a line end of two characters is one", []string{"rows 0\r\n", "rows\r", "\n"}, "cluster1::> rows 0\ncluster1::> rows\nNumber of Rows: 0\ncluster1::> ▏"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, w.screen(test.strokes...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestMoreThanALineHoldsIsRefused(t *testing.T) {
	w := newWorld(t)
	got := w.play(80, 10, strings.Repeat("x", 1<<20), enter)
	if !strings.HasSuffix(got, "Error: the command line is too long\ncluster1::> ▏") {
		t.Errorf("got\n%s", got)
	}
}

func TestAWindowWithoutASize(t *testing.T) {
	w := newWorld(t)
	v := newVT(t, 80, 24)
	p := &player{vt: v, strokes: []string{strings.Repeat("x", 80), ctrlA, "y"}}
	s := w.shell.Session(shell.SessionConfig{Caller: w.admin, May: may(w.admin), Term: true, In: p, Out: v})
	s.Resize(-5, 0)
	w.must(s.Run(t.Context()))
	want := "cluster1::> y▏" + strings.Repeat("x", 67) + "\n" + strings.Repeat("x", 13)
	if diff := cmp.Diff(want, p.screen); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
