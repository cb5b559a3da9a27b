package sshd_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/sshd"
)

// A busy shell reads a line, is busy until Ctrl-C comes, and says what was typed
// behind it.
type busy struct{ *toy }

func (b busy) Run(context.Context) error {
	lines := bufio.NewReader(b.In)
	first, err := lines.ReadString('\n')
	if err != nil {
		return err
	}
	pressed := make(chan struct{})
	stop := b.In.(interface{ Interrupts(f func()) func() }).Interrupts(func() { close(pressed) })
	_, _ = fmt.Fprintf(b.Out, "busy with %s", first)
	<-pressed
	stop()
	rest, err := io.ReadAll(lines)
	_, _ = fmt.Fprintf(b.Out, "then %q", rest)
	return err
}

// atTerminal starts a shell on a terminal.
func (a *attempt) atTerminal(t *testing.T) (in io.WriteCloser, out *bufio.Reader) {
	t.Helper()
	s := must(a.NewSession())(t)
	in, shown := must(s.StdinPipe())(t), must(s.StdoutPipe())(t)
	if err := s.RequestPty("xterm", 24, 80, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	return in, bufio.NewReader(shown)
}

func TestCtrlCIsSeenWhileNobodyReads(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) {
		c.NewSession = func(tm sshd.Terminal) sshd.Session { return busy{newToy(tm).(*toy)} }
	})
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	for name, typed := range map[string][2]string{
		"at once":         {"work\nignored\x03x\x03next\x04\n", ""},
		"once it is busy": {"work\nignored", "more\x03next\x04\n"},
	} {
		in, out := a.atTerminal(t)
		must(io.WriteString(in, typed[0]))(t)
		if got := must(out.ReadString('\n'))(t); got != "busy with work\n" {
			t.Errorf("%s: %q", name, got)
		}
		must(io.WriteString(in, typed[1]))(t)
		_ = in.Close()
		if got := string(must(io.ReadAll(out))(t)); got != `then "next\x04\n"` {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestMoreIsTypedThanAnybodyReads(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	in, out := a.atTerminal(t)
	const lines = 1 << 15
	go func() {
		defer in.Close() //nolint:errcheck // the other side tells
		_, _ = io.WriteString(in, strings.Repeat("hello\n", lines))
	}()
	if got := strings.Count(string(must(io.ReadAll(out))(t)), "hello at 80x24\r\n"); got != lines {
		t.Errorf("%d of %d lines arrived", got, lines)
	}

	// Nobody reads, and the session ends.
	in, out = a.atTerminal(t)
	_, _ = io.WriteString(in, "exit\n"+strings.Repeat("x", 100<<10)) // the end of the session may cut it off
	must(io.ReadAll(out))(t)
	if got, err := a.exec(t, "x"); err != nil {
		t.Errorf("afterwards %q, %v", got, err)
	}
}
