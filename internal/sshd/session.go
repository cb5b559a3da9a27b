package sshd

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"golang.org/x/crypto/ssh"
)

// A session is one channel: at first what the client tells of its terminal,
// then a shell or a command.
type session struct {
	*connection

	channel       ssh.Channel
	term          bool
	width, height int
	started       bool
	start         func(ctx context.Context) (status uint32) // what a request asked for, not begun yet
	work          sync.WaitGroup

	mu    sync.Mutex // guards shell
	shell Session
}

// What clients send with their requests.
type (
	ptyRequest struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
	windowChange struct{ Columns, Rows, Width, Height uint32 }
	execRequest  struct{ Line string }
)

// request takes note of one request and reports whether it is granted.
// Environment variables, subsystems, X11, agents and signals are not.
func (s *session) request(_ context.Context, r *ssh.Request) bool {
	switch r.Type {
	case "pty-req":
		var p ptyRequest
		if s.started || ssh.Unmarshal(r.Payload, &p) != nil {
			return false
		}
		s.term, s.width, s.height = true, cells(p.Columns), cells(p.Rows)
		return true
	case "window-change":
		var p windowChange
		if !s.term || ssh.Unmarshal(r.Payload, &p) != nil {
			return false
		}
		s.resize(cells(p.Columns), cells(p.Rows))
		return true
	case "shell":
		return s.ask(s.runShell)
	case "exec":
		var p execRequest
		if ssh.Unmarshal(r.Payload, &p) != nil {
			return false
		}
		return s.ask(func(ctx context.Context) uint32 { return s.runExec(ctx, p.Line) })
	}
	return false
}

// cells is a number of columns or lines that can be meant.
func cells(n uint32) int { return int(min(n, 10000)) }

// ask notes what is to be started once the client has its answer.
func (s *session) ask(start func(context.Context) uint32) bool {
	if s.started || !s.begin() {
		return false
	}
	s.started, s.start = true, start
	return true
}

func (s *session) resize(width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.width, s.height = width, height
	if s.shell != nil {
		s.shell.Resize(width, height)
	}
}

// launch runs what was asked for. The channel is closed behind it.
func (s *session) launch(ctx context.Context) {
	start := s.start
	s.start = nil
	s.work.Go(func() {
		defer s.end()
		defer func() { _ = s.channel.Close() }()
		status := s.guarded(ctx, start)
		_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	})
}

// guarded keeps a fault of one session from ending all others.
func (s *session) guarded(ctx context.Context, start func(context.Context) uint32) (status uint32) {
	defer func() {
		if fault := recover(); fault != nil {
			s.server.log.ErrorContext(ctx, "a session ended by a fault of ours", slog.String("request", s.who.Caller.Request),
				slog.String("fault", fmt.Sprint(fault)), slog.String("stack", string(debug.Stack())))
			status = 1
		}
	}()
	return start(ctx)
}

// open makes the shell. The caller closes the keyboard behind it.
func (s *session) open() (sh Session, closeKeyboard func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := Terminal{Who: s.who, Renew: s.renew, Term: s.term, Width: s.width, Height: s.height, In: touching{s}, Out: touching{s}}
	closeKeyboard = func() {}
	if s.term {
		k := newKeyboard()
		t.In, closeKeyboard = k, k.close
		s.work.Go(func() { k.listen(touching{s}) })
	}
	s.shell = s.server.cfg.NewSession(t)
	return s.shell, closeKeyboard
}

func (s *session) runShell(ctx context.Context) uint32 {
	s.server.counts.shells.Add(1)
	s.write(s.greeting(true))
	if s.server.cfg.Motd != nil {
		s.write(withEnd(wireText(s.server.cfg.Motd(ctx, s.who))))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	s.work.Go(func() {
		select {
		case <-s.server.draining:
			s.write("\r\nThis server is shutting down.\r\n")
			cancel()
			_ = s.channel.Close()
		case <-stop:
		}
	})
	sh, closeKeyboard := s.open()
	defer closeKeyboard()
	if err := sh.Run(ctx); err != nil {
		s.server.log.DebugContext(ctx, "shell ended", slog.String("request", s.who.Caller.Request), slog.Any("error", err))
		return 1
	}
	return 0
}

func (s *session) runExec(ctx context.Context, line string) uint32 {
	s.server.counts.commands.Add(1)
	s.write(s.greeting(false))
	sh, closeKeyboard := s.open()
	defer closeKeyboard()
	return uint32(sh.Exec(ctx, line)) & 0xff //nolint:gosec // an exit status has eight bits
}

func (s *session) write(text string) {
	if text != "" {
		_, _ = s.channel.Write([]byte(text)) // a client that is gone shows in what follows
	}
}

// touching is the channel, and remembers that something happened.
type touching struct{ s *session }

func (t touching) Read(p []byte) (int, error) {
	n, err := t.s.channel.Read(p)
	t.s.touch()
	return n, err
}

func (t touching) Write(p []byte) (int, error) {
	n, err := t.s.channel.Write(p)
	t.s.touch()
	return n, err
}
