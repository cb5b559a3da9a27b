package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// A progress shows on a terminal how far something is, and elsewhere nothing.
type progress struct {
	to    io.Writer // nil: nobody looks
	what  string
	next  time.Time
	shown bool
}

func newProgress(to io.Writer, what string) *progress {
	if f, ok := to.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		to = nil
	}
	return &progress{to: to, what: what}
}

// report shows a count, a few times a second.
func (p *progress) report(done, total int) {
	if now := time.Now(); p.to != nil && now.After(p.next) {
		p.next, p.shown = now.Add(200*time.Millisecond), true
		_, _ = fmt.Fprintf(p.to, "\r\x1b[K%s: %d of %d records", p.what, done, total)
	}
}

// end clears the line.
func (p *progress) end() {
	if p.shown {
		p.shown = false
		_, _ = fmt.Fprint(p.to, "\r\x1b[K")
	}
}
