package shell_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/shell"
)

// A vt is a terminal as far as the shell uses one: it wraps at its width,
// scrolls at its height and knows the few sequences an editor needs.
type vt struct {
	tb            testing.TB
	width, height int
	cells         [][]rune
	row, column   int
	wrapping      bool // a character stands at the edge; the next one wraps
	rest          string
}

func newVT(tb testing.TB, width, height int) *vt {
	tb.Helper()
	v := &vt{tb: tb, width: width, height: height}
	v.clear()
	return v
}

func (v *vt) clear() {
	v.cells = make([][]rune, v.height)
	for i := range v.cells {
		v.cells[i] = []rune(strings.Repeat(" ", v.width))
	}
}

func (v *vt) Write(b []byte) (int, error) {
	v.rest += string(b)
	for v.rest != "" {
		if strings.HasPrefix(v.rest, "\x1b") {
			n := strings.IndexFunc(v.rest[1:], func(r rune) bool { return r >= 'A' && r <= 'z' && r != '[' })
			if n < 0 {
				return len(b), nil
			}
			v.sequence(v.rest[:n+2])
			v.rest = v.rest[n+2:]
			continue
		}
		for _, r := range v.rest {
			v.put(r)
			v.rest = v.rest[len(string(r)):]
			break
		}
	}
	return len(b), nil
}

func (v *vt) sequence(s string) {
	n := 1
	_, _ = fmt.Sscanf(s, "\x1b[%d", &n)
	switch s[len(s)-1] {
	case 'A':
		v.row = max(v.row-n, 0)
	case 'C':
		v.column = min(v.column+n, v.width-1)
	case 'H':
		v.row, v.column = 0, 0
	case 'K':
		v.blank(v.row, v.column)
	case 'J':
		if n == 2 {
			v.clear()
			break
		}
		v.blank(v.row, v.column)
		for row := v.row + 1; row < v.height; row++ {
			v.blank(row, 0)
		}
	default:
		v.tb.Errorf("unknown sequence %q", s)
	}
	v.wrapping = false
}

func (v *vt) blank(row, from int) {
	for i := from; i < v.width; i++ {
		v.cells[row][i] = ' '
	}
}

func (v *vt) put(r rune) {
	switch {
	case r == '\a':
	case r == '\r':
		v.column, v.wrapping = 0, false
	case r == '\n':
		v.feed()
	case r < ' ' || r == 0x7f:
		v.tb.Errorf("control character %q on the terminal", r)
	default:
		if v.wrapping {
			v.column = 0
			v.feed()
		}
		v.cells[v.row][v.column] = r
		if v.wrapping = v.column == v.width-1; !v.wrapping {
			v.column++
		}
	}
}

func (v *vt) feed() {
	v.wrapping = false
	if v.row++; v.row == v.height {
		v.row--
		v.cells = append(v.cells[1:], []rune(strings.Repeat(" ", v.width)))
	}
}

// String is the screen without empty lines at its end; "▏" marks the cursor.
func (v *vt) String() string {
	var b strings.Builder
	for i, row := range v.cells {
		line := string(row)
		if i == v.row {
			line = string(row[:v.column]) + "▏" + string(row[v.column:])
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// A player types: each Read is one stroke. When there are no more it takes the
// screen and hangs up.
type player struct {
	vt      *vt
	strokes []string
	screen  string
}

func (p *player) Read(b []byte) (int, error) {
	if len(p.strokes) == 0 {
		if p.screen == "" {
			p.screen = p.vt.String()
		}
		return 0, io.EOF
	}
	stroke := p.strokes[0]
	n := copy(b, stroke)
	if p.strokes[0] = stroke[n:]; p.strokes[0] == "" {
		p.strokes = p.strokes[1:]
	}
	return n, nil
}

// play runs a session at a terminal and returns what the last stroke left on
// the screen.
func (w *world) play(width, height int, strokes ...string) string {
	w.Helper()
	v := newVT(w, width, height)
	p := &player{vt: v, strokes: strokes}
	s := w.shell.Session(shell.SessionConfig{
		Caller: w.admin, May: may(w.admin), Term: true, Width: width, Height: height, In: p, Out: v,
	})
	w.must(s.Run(w.Context()))
	if p.screen == "" { // the session ended first
		return v.String()
	}
	return p.screen
}

// screen plays strokes at a terminal of a comfortable size.
func (w *world) screen(strokes ...string) string {
	w.Helper()
	return w.play(60, 24, strokes...)
}
