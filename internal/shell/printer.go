package shell

import (
	"bufio"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// newline ends every line: SSH carries it as it is, with a terminal and without.
const newline = "\r\n"

// wrapAt is the column that messages are wrapped near.
const wrapAt = 80

// pagerQuestion stands below a screenful.
const pagerQuestion = "Press <space> to page down, <return> for next line, or 'q' to quit..."

// A printer writes the output of commands, a screenful at a time if somebody
// is there to turn the pages. Once writing has failed it writes nothing more.
type printer struct {
	w    *bufio.Writer
	err  error
	quit bool // the user has had enough of this command
	// page returns the number of lines after which to wait, 0 for never, and
	// the width of the screen; wait returns how many more lines to print, 0
	// for none.
	page func() (lines, width int)
	wait func() int
	left int // lines until the next wait
	// over is closed when nothing more of a command is to be printed; nil:
	// never.
	over <-chan struct{}
}

// begin starts the output of one line of commands.
func (p *printer) begin() {
	p.quit = false
	lines, _ := p.page()
	p.left = lines
}

// line prints one line of text that may hold anything.
func (p *printer) line(text string) {
	if p.stopped() {
		return
	}
	text = clean(text)
	lines, width := p.page()
	if lines > 0 && p.wait != nil {
		high := 1
		if n := utf8.RuneCountInString(text); width > 0 && n > width {
			high = (n + width - 1) / width
		}
		if p.left < high {
			p.turn(lines)
		}
		if p.quit {
			return
		}
		p.left -= high
	}
	p.raw(text + newline)
}

// stopped reports whether nothing more is printed.
func (p *printer) stopped() bool {
	select {
	case <-p.over:
		return true
	default:
		return p.quit || p.err != nil
	}
}

// turn waits for the user to read.
func (p *printer) turn(lines int) {
	p.raw(pagerQuestion)
	p.flush()
	more := p.wait()
	p.raw("\r\x1b[K")
	switch more {
	case 0:
		p.quit = true
	case 1:
		p.left = 1
	default:
		p.left = lines
	}
}

func (p *printer) raw(text string) {
	if p.err == nil {
		_, p.err = p.w.WriteString(text)
	}
}

func (p *printer) flush() {
	if err := p.w.Flush(); p.err == nil {
		p.err = err
	}
}

// message prints a paragraph under a heading ("Error: "), wrapped, with a
// blank line before it.
func (p *printer) message(heading, text string) {
	p.line("")
	for _, l := range wrap(heading, clean(text), wrapAt) {
		p.line(l)
	}
}

// wrap breaks a text at spaces, so that no line passes the width unless a word
// alone does. Lines after the first begin under the text.
func wrap(heading, text string, width int) []string {
	indent := strings.Repeat(" ", utf8.RuneCountInString(heading))
	var lines []string
	at := heading
	for word := range strings.FieldsSeq(text) {
		bare := strings.TrimSpace(at) == "" || at == heading
		switch {
		case bare:
			at += word
		case utf8.RuneCountInString(at)+1+utf8.RuneCountInString(word) <= width:
			at += " " + word
		default:
			lines = append(lines, at)
			at = indent + word
		}
	}
	return append(lines, at)
}

// clean makes every control character and every byte that is not UTF-8
// visible, and so harmless to a terminal.
func clean(text string) string {
	if !strings.ContainsFunc(text, unsafeRune) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case !unsafeRune(r):
			b.WriteRune(r)
		case r == utf8.RuneError:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// unsafeRune reports whether a rune could steer a terminal or turn the order
// of what is read.
func unsafeRune(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// printPairs prints labels and values, aligned at the colons. The further
// lines of a value stand below its first.
func printPairs(p *printer, pairs [][2]string) {
	widest := 0
	for _, pair := range pairs {
		widest = max(widest, utf8.RuneCountInString(pair[0]))
	}
	for _, pair := range pairs {
		before := strings.Repeat(" ", widest-utf8.RuneCountInString(pair[0])) + pair[0] + ": "
		for line := range strings.SplitSeq(orDash(pair[1]), "\n") {
			p.line(before + line)
			before = strings.Repeat(" ", widest+len(": "))
		}
	}
}

// orDash is how what is not set is shown.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
