package shell

import (
	"fmt"
)

// refresh draws the prompt and the line, if the screen shows another one.
func (e *editor) refresh() {
	if !e.stale {
		return
	}
	if e.mode == secretAnswer {
		e.draw(e.shown, nil, 0)
		return
	}
	e.draw(e.shown, e.line, e.at)
}

// draw writes a prompt and a line over what was drawn before, with the cursor
// at a place in the line. Characters are taken to be one column wide.
func (e *editor) draw(prompt string, line []rune, at int) {
	out := e.s.out
	width, _ := e.s.screen()
	if e.row > 0 {
		out.raw(fmt.Sprintf("\x1b[%dA", e.row))
	}
	out.raw("\r\x1b[J" + prompt + string(line))
	before := len([]rune(prompt))
	end := before + len(line)
	if end > 0 && end%width == 0 { // the cursor waits at the edge: bring it over
		out.raw(newline)
	}
	row, column := (before+at)/width, (before+at)%width
	if up := end/width - row; up > 0 {
		out.raw(fmt.Sprintf("\x1b[%dA", up))
	}
	if at < len(line) {
		out.raw("\r")
		if column > 0 {
			out.raw(fmt.Sprintf("\x1b[%dC", column))
		}
	}
	e.row, e.stale = row, false
}

// finish leaves the line on the screen, with a note behind it, and goes on
// below it.
func (e *editor) finish(note string) {
	e.at = len(e.line)
	if e.mode != secretAnswer {
		e.stale = true
	}
	e.refresh()
	width, _ := e.s.screen()
	if n := len([]rune(e.shown)) + len(e.line); n > 0 && n%width == 0 && note == "" && e.mode != secretAnswer {
		return // draw has gone to the next line already
	}
	e.s.out.raw(note + newline)
}
