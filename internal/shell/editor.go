package shell

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/secret"
)

// maxTyped is how many characters a person may type into one line.
const maxTyped = 4096

const bell = "\a"

// A mode is what a line being edited is for.
type mode uint8

const (
	commandLine mode = iota // with history, completion and help
	plainAnswer
	secretAnswer // nothing is shown
)

// An editor edits one line at a time on a terminal. golang.org/x/term has one
// too, but there Ctrl-C is the end, and neither a search through the history
// nor keys behind Esc can be added.
type editor struct {
	s     *Session
	keys  keyReader
	mode  mode
	shown string // the prompt

	line    []rune
	at      int    // the cursor
	killed  []rune // for Ctrl-Y
	tooLong bool

	place   int    // in the history; its length is the line that is new
	unsaved string // that new line

	row   int  // of the cursor on the screen, below the beginning of the prompt
	stale bool // the screen does not show the line as it is
}

func newEditor(s *Session) *editor {
	return &editor{s: s, keys: keyReader{r: bufio.NewReader(s.cfg.In)}}
}

func (e *editor) command(ctx context.Context, prompt string) (string, error) {
	return e.read(ctx, prompt, commandLine)
}

func (e *editor) answer(prompt string) (string, error) {
	return e.read(context.Background(), prompt, plainAnswer)
}

func (e *editor) secret(prompt string) (secret.Text, error) {
	line, err := e.read(context.Background(), prompt, secretAnswer)
	return secret.NewText(line), err
}

func (e *editor) key() (rune, error) {
	e.s.out.flush()
	return e.keys.next()
}

// read edits a line until Enter. io.EOF is Ctrl-D on an empty line or the end
// of the input, errInterrupt is Ctrl-C.
func (e *editor) read(ctx context.Context, prompt string, m mode) (string, error) {
	e.mode, e.shown = m, prompt
	e.line, e.at, e.tooLong = nil, 0, false
	e.place, e.unsaved = len(e.s.past.lines), ""
	e.row, e.stale = 0, true
	for {
		key, err := e.next()
		if err != nil {
			return "", err
		}
		if key == keySearch && e.mode == commandLine {
			if key, err = e.search(); err != nil {
				return "", err
			}
		}
		switch {
		case key == keyEnter:
			e.finish("")
			if e.tooLong {
				return "", errTooLong
			}
			return string(e.line), nil
		case key == keyInterrupt:
			e.finish("^C")
			return "", errInterrupt
		case key == keyDelete && len(e.line) == 0:
			e.finish("")
			return "", io.EOF
		default:
			e.press(ctx, key)
		}
	}
}

// next shows the line as it is, if nothing more has been typed yet, and waits
// for a key.
func (e *editor) next() (rune, error) {
	if e.keys.idle() {
		e.refresh()
		e.s.out.flush()
		if e.s.out.err != nil {
			return 0, e.s.out.err
		}
	}
	return e.keys.next()
}

// press does what a key is for.
func (e *editor) press(ctx context.Context, key rune) {
	switch key {
	case keyTab:
		if e.mode == commandLine {
			e.complete(ctx)
		}
	case '?':
		if e.mode == commandLine && !e.literal() {
			e.help(ctx)
			return
		}
		e.insert('?')
	case keyQuestion:
		e.insert('?')
	case keyUp:
		e.recall(e.place - 1)
	case keyDown:
		e.recall(e.place + 1)
	case keyClearScreen:
		e.s.out.raw("\x1b[2J\x1b[H")
		e.row, e.stale = 0, true
	case keyYank:
		e.replace(e.at, e.at, e.killed)
	default:
		if key >= ' ' && key != keyOldBackspace {
			e.insert(key)
			return
		}
		e.move(key)
	}
}

// move does what keys do to the cursor and the text around it.
func (e *editor) move(key rune) {
	switch key {
	case keyHome:
		e.to(0)
	case keyEnd:
		e.to(len(e.line))
	case keyLeft:
		e.to(max(e.at-1, 0))
	case keyRight:
		e.to(min(e.at+1, len(e.line)))
	case keyWordLeft:
		e.to(e.wordLeft())
	case keyWordRight:
		e.to(e.wordRight())
	case keyBackspace, keyOldBackspace:
		e.replace(max(e.at-1, 0), e.at, nil)
	case keyDelete, keyForwardDelete:
		e.replace(e.at, min(e.at+1, len(e.line)), nil)
	case keyKillLeft:
		e.kill(0, e.at)
	case keyKillRight:
		e.kill(e.at, len(e.line))
	case keyKillWord:
		e.kill(e.wordLeft(), e.at)
	case keyKillWordRight:
		e.kill(e.at, e.wordRight())
	default:
		if key == keyUnknown {
			e.s.out.raw(bell)
		}
	}
}

func (e *editor) to(at int) { e.at, e.stale = at, true }

// replace puts text in the place of a part of the line, the cursor behind it.
func (e *editor) replace(from, to int, text []rune) {
	if len(e.line)-(to-from)+len(text) > maxTyped {
		if !e.tooLong {
			e.s.out.raw(bell)
		}
		e.tooLong = true
		return
	}
	e.line = slices.Replace(e.line, from, to, text...)
	e.to(from + len(text))
}

func (e *editor) kill(from, to int) {
	if e.mode != secretAnswer {
		e.killed = slices.Clone(e.line[from:to])
	}
	e.replace(from, to, nil)
}

// insert types a character. At the end of the line it alone is written.
func (e *editor) insert(key rune) {
	quick := !e.stale && e.at == len(e.line) && e.mode != secretAnswer && len(e.line) < maxTyped
	e.replace(e.at, e.at, []rune{key})
	if !quick {
		return
	}
	e.stale = false
	e.s.out.raw(string(key))
	if width, _ := e.s.screen(); (len([]rune(e.shown))+len(e.line))%width == 0 {
		e.s.out.raw(newline)
		e.row++
	}
}

func (e *editor) wordLeft() int {
	at := e.at
	for at > 0 && e.line[at-1] == ' ' {
		at--
	}
	for at > 0 && e.line[at-1] != ' ' {
		at--
	}
	return at
}

func (e *editor) wordRight() int {
	at := e.at
	for at < len(e.line) && e.line[at] == ' ' {
		at++
	}
	for at < len(e.line) && e.line[at] != ' ' {
		at++
	}
	return at
}

// recall shows another line of the history, or the new one again.
func (e *editor) recall(place int) {
	past := e.s.past.lines
	if e.mode != commandLine || place < 0 || place > len(past) {
		e.s.out.raw(bell)
		return
	}
	if e.place == len(past) {
		e.unsaved = string(e.line)
	}
	text := e.unsaved
	if e.place = place; place < len(past) {
		text = past[place]
	}
	e.line = []rune(text)
	e.to(len(e.line))
}

// before returns the line up to the cursor.
func (e *editor) before() string { return string(e.line[:e.at]) }

// literal reports whether a question mark at the cursor is text: inside
// quotation marks or a comment.
func (e *editor) literal() bool {
	_, err := tokenize(e.before())
	return err == errQuote || strings.Contains(e.before(), "#") && inComment(e.before()) //nolint:errorlint // returned unwrapped
}
