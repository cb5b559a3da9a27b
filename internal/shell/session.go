package shell

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// SessionConfig is what the caller of a Session knows of the connection.
type SessionConfig struct {
	// Caller has proven who they are; May tells whether their role allows an
	// HTTP method on a path that begins with "/api".
	Caller svm.Caller
	May    func(method, path string) bool
	// Renew returns both as they are by now; it is called before every command
	// and for what completion and help list. Its error is shown in the place of
	// the command's output, and ends the session when it is Unauthenticated.
	// Nil: nothing changes.
	Renew func(ctx context.Context) (svm.Caller, func(method, path string) bool, error)
	// Term says that a person sits at a terminal of this many columns and
	// lines; 0 is unknown. Without one there is no editing and no paging, and
	// no command asks whether it may go on.
	Term          bool
	Width, Height int
	// In and Out are the connection. Reading from In must end when the
	// session is to end. A nil In is at its end.
	In  io.Reader
	Out io.Writer
}

// A Session is one connection's shell. Resize may be called at any time, the
// other methods from one goroutine.
type Session struct {
	shell *Shell
	cfg   SessionConfig
	out   *printer
	in    input
	size  atomic.Uint64 // columns << 32 | lines

	dir       *node
	level     privilege
	asks      bool // questions are asked
	separator string
	allFields bool
	rows      int // lines of a screenful as set by rows, -1: as the terminal has
	past      history
	depth     int // of redo
	leaving   bool

	watch   func() (unwatch func()) // for Ctrl-C while commands run; nil: nobody does
	unwatch func()
}

// An input is where answers come from.
type input interface {
	// command reads a line of commands after a prompt; io.EOF when there are no more,
	// errInterrupt when the user gave it up.
	command(ctx context.Context, prompt string) (string, error)
	// answer reads a line that is no command, secret one without echo.
	answer(prompt string) (string, error)
	secret(prompt string) (secret.Text, error)
	// key reads one key.
	key() (rune, error)
}

// Session returns a new session.
func (sh *Shell) Session(cfg SessionConfig) *Session {
	s := &Session{shell: sh, cfg: cfg, dir: &sh.tree.root, asks: cfg.Term, separator: " ", rows: -1}
	if s.cfg.In == nil {
		s.cfg.In = strings.NewReader("")
	}
	s.out = &printer{w: bufio.NewWriter(cfg.Out), page: s.page}
	s.Resize(cfg.Width, cfg.Height)
	if cfg.Term {
		s.in = newEditor(s)
		s.out.wait = s.waitForKey
	} else {
		s.in = &lineReader{r: bufio.NewReader(s.cfg.In), out: s.out}
	}
	return s
}

// Resize tells the session the size of the terminal; 0 is unknown.
func (s *Session) Resize(width, height int) {
	clip := func(n int) uint64 { return uint64(min(max(n, 0), 10000)) }
	s.size.Store(clip(width)<<32 | clip(height))
}

// The size that is taken where the terminal tells none.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

// screen returns the terminal's columns and lines.
func (s *Session) screen() (width, height int) {
	size := s.size.Load()
	width, height = int(size>>32), int(size&0xffffffff)
	if width == 0 {
		width = defaultWidth
	}
	if height == 0 {
		height = defaultHeight
	}
	return width, height
}

// page tells the printer how long a screenful is.
func (s *Session) page() (lines, width int) {
	width, height := s.screen()
	if s.rows >= 0 {
		height = s.rows
	}
	if !s.cfg.Term || height == 0 {
		return 0, width
	}
	return max(height-1, 1), width
}

// waitForKey asks how to go on below a screenful: 0 not at all, 1 by a line.
func (s *Session) waitForKey() int {
	defer s.borrow()()
	for {
		key, err := s.in.key()
		switch {
		case err != nil, key == 'q', key == 'Q', key == keyInterrupt:
			return 0
		case key == ' ':
			return 2
		case key == '\r', key == '\n':
			return 1
		}
	}
}

// Run reads commands and runs them until the user leaves, In ends or ctx does.
// The error is that of the connection, if any.
func (s *Session) Run(ctx context.Context) error {
	for !s.leaving && ctx.Err() == nil {
		line, err := s.in.command(ctx, s.prompt(ctx))
		switch {
		case errors.Is(err, errInterrupt):
			continue
		case errors.Is(err, io.EOF):
			s.out.flush()
			return s.out.err
		case err != nil && !errors.Is(err, errTooLong):
			return err
		}
		s.out.begin()
		if err != nil {
			s.fail(ctx, nil, err)
		} else {
			s.past.add(s.shell.withoutSecrets(line))
			s.interruptibleLine(ctx, line)
		}
		s.out.flush()
		if s.out.err != nil {
			return s.out.err
		}
	}
	return ctx.Err()
}

// Exec runs the commands of one line and returns the exit status: 0, or 1
// after an error, which ends the line.
func (s *Session) Exec(ctx context.Context, line string) int {
	s.asks, s.rows = false, 0
	s.out.begin()
	ok := s.interruptibleLine(ctx, line)
	s.out.flush()
	if !ok || s.out.err != nil {
		return 1
	}
	return 0
}

// prompt returns the prompt of the current directory.
func (s *Session) prompt(ctx context.Context) string {
	star := ""
	if s.level > admin {
		star = "*"
	}
	return clean(s.shell.title(ctx, s.cfg.Caller)) + "::" + s.dir.path() + star + "> "
}

// interruptibleLine is runLine for a line that was typed.
func (s *Session) interruptibleLine(ctx context.Context, line string) bool {
	ctx, stop := s.interruptible(ctx)
	defer stop()
	return s.runLine(ctx, line) && ctx.Err() == nil
}

// runLine runs the commands of a line up to the first that fails and reports
// whether none did.
func (s *Session) runLine(ctx context.Context, line string) bool {
	commands, err := tokenize(strings.TrimRight(line, "\r\n"))
	if err != nil {
		return s.fail(ctx, nil, err)
	}
	for _, tokens := range commands {
		if len(tokens) == 0 {
			continue
		}
		if err := s.renew(ctx); err != nil {
			return s.fail(ctx, nil, err)
		}
		if !s.runTokens(ctx, tokens) {
			return false
		}
		if s.leaving || s.out.err != nil || ctx.Err() != nil {
			break
		}
	}
	return true
}

// renew makes the caller and their rights those of now. A caller that is
// nobody any more leaves.
func (s *Session) renew(ctx context.Context) error {
	if s.cfg.Renew == nil {
		return nil
	}
	caller, may, err := s.cfg.Renew(ctx)
	if err != nil {
		s.leaving = s.leaving || fault.Is(err, fault.Unauthenticated)
		return err
	}
	s.cfg.Caller, s.cfg.May = caller, may
	return nil
}

func (s *Session) runTokens(ctx context.Context, tokens []token) bool {
	if last := len(tokens) - 1; tokens[last].bare() && tokens[last].endsWith("?") {
		if err := s.help(ctx, tokens[:last], strings.TrimSuffix(tokens[last].text(), "?")); err != nil {
			return s.fail(ctx, nil, err)
		}
		return true
	}
	if tokens[0].is("..") {
		tokens[0].parts = []part{{text: "up"}}
	}
	n, rest, err := s.shell.tree.resolve(s.dir, tokens, s.visible)
	switch {
	case err != nil:
		return s.fail(ctx, nil, err)
	case n.command == nil:
		s.dir = n
		return true
	case !s.may(n.command):
		return s.fail(ctx, n.command, usagef("not authorized for that command"))
	}
	if err := s.call(ctx, n.command, rest); err != nil {
		return s.fail(ctx, n.command, err)
	}
	return true
}

// call runs a command on its arguments.
func (s *Session) call(ctx context.Context, cmd *command, rest []token) error {
	a, err := parseArgs(rest, cmd.params, cmd.filters)
	if err != nil {
		return err
	}
	if err := checkRequired(cmd.params, &a); err != nil {
		return err
	}
	return cmd.run(ctx, &Call{Caller: s.cfg.Caller, session: s, args: a})
}

// may reports whether the caller's role allows a command.
func (s *Session) may(cmd *command) bool {
	return cmd.path == "" || s.cfg.May != nil && s.cfg.May(cmd.method, "/api"+cmd.path)
}

// visible reports whether help and completion show a node: a command that the
// role allows, a directory that has one.
func (s *Session) visible(n *node) bool {
	if n.command != nil {
		return s.may(n.command)
	}
	return slices.ContainsFunc(n.children, s.visible)
}
