package sshd_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/sshd"
)

func TestExitStatusAndFaultsOfTheShell(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	for _, line := range []string{"fail", "panic"} {
		_, err := a.exec(t, line)
		if exit, ok := errors.AsType[*ssh.ExitError](err); !ok || exit.ExitStatus() != 1 {
			t.Errorf("%s gave %v", line, err)
		}
	}
	if out, err := a.exec(t, "x"); out != "lab/alice ran x" || err != nil {
		t.Errorf("afterwards: %q, %v", out, err)
	}
}

func TestAShellWithATerminal(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) {
		c.Banner = func(_ context.Context, vserver string) string { return "authorized use only" + vserver }
		c.Motd = func(context.Context, account.Principal) string { return "welcome\nto the lab" }
	})
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	if got := a.banners.String(); got != "authorized use only\r\n" {
		t.Errorf("banner %q", got)
	}
	s := must(a.NewSession())(t)
	in, out := must(s.StdinPipe())(t), must(s.StdoutPipe())(t)
	if err := s.RequestPty("xterm", 24, 80, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	read := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(lines, got); err != nil || string(got) != want {
			t.Fatalf("read %q, %v, want %q", got, err, want)
		}
	}
	read("welcome\r\nto the lab\r\nalice> ")
	must(io.WriteString(in, "hello\n"))(t)
	read("hello at 80x24\r\n")
	if err := s.WindowChange(50, 132); err != nil {
		t.Fatal(err)
	}
	must(s.SendRequest("shell", true, nil))(t) // behind the answer, the change has arrived
	must(io.WriteString(in, "hello\nexit\n"))(t)
	read("hello at 132x50\r\n")
	if err := s.Wait(); err != nil {
		t.Errorf("the shell ended with %v", err)
	}
}

func TestWhatIsNotServedIsRefused(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) { c.Limits = sshd.Limits{PerSecond: -1, Channels: 2} })
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	if a.err != nil {
		t.Fatal(a.err)
	}
	if _, err := a.Dial("tcp", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "prohibited") {
		t.Errorf("forwarding a port gave %v", err)
	}
	if _, err := a.Listen("tcp", "127.0.0.1:0"); err == nil {
		t.Error("a port is forwarded back")
	}
	s := must(a.NewSession())(t)
	for _, request := range []string{"subsystem", "auth-agent-req@openssh.com", "x11-req", "env", "pty-req", "exec", "made-up"} {
		if ok, err := s.SendRequest(request, true, []byte("nonsense")); ok || err != nil {
			t.Errorf("%s: %v, %v", request, ok, err)
		}
	}
	must(a.NewSession())(t)
	if _, err := a.NewSession(); err == nil {
		t.Error("a third channel was opened")
	}
	if err := s.Run("x"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestPeopleAreToldOfTheirLastLogin(t *testing.T) {
	at := time.Date(2026, 8, 4, 9, 5, 7, 0, time.Local)
	w := newWorld(t, func(c *sshd.Config) { c.Now = func() time.Time { return at } })
	w.account("lab", "alice", "password", "none")
	if out, _ := w.login(w.address, "alice", nil, byPassword()).exec(t, "x"); out != "lab/alice ran x" {
		t.Errorf("the first login says %q", out)
	}
	w.login(w.address, "alice", nil, ssh.Password("wrong password 1"))
	w.login(w.address, "nobody", nil, ssh.Password("wrong password 1"))
	w.visitors.Close()
	want := "Last login time: 8/4/2026 09:05:07\r\nUnsuccessful login attempts since last login: 1\r\nlab/alice ran x"
	a := w.login(w.address, "alice", nil, byPassword())
	if out, _ := a.exec(t, "x"); out != want {
		t.Errorf("the second says %q, want %q", out, want)
	}
	if out, _ := a.exec(t, "x"); out != "lab/alice ran x" {
		t.Errorf("and once more on its connection: %q", out)
	}
	w.visitors.Close()
	a = w.login(w.address, "alice", nil, byPassword())
	s := must(a.NewSession())(t)
	s.Stdin = strings.NewReader("exit\n")
	var out strings.Builder
	s.Stdout = &out
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil || out.String() != "Last Login : 8/4/2026 09:05:07\r\nalice> " {
		t.Errorf("a shell says %q, %v", out.String(), err)
	}
}

func TestShutdownWaitsForCommandsAndNotForShells(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	shell := must(a.NewSession())(t)
	in := must(shell.StdinPipe())(t)
	defer func() { _ = in.Close() }()
	if err := shell.Shell(); err != nil {
		t.Fatal(err)
	}
	command := must(a.NewSession())(t)
	out := must(command.StdoutPipe())(t)
	if err := command.Start("wait"); err != nil {
		t.Fatal(err)
	}
	must(bufio.NewReader(out).ReadString('\n'))(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := w.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a command under way was not waited for: %v", err)
	}
	if err := shell.Wait(); err == nil {
		t.Error("the shell ended as if the user had left")
	}
}

func TestAClientThatDoesNotAnswerIsCutOff(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) {
		c.Limits = sshd.Limits{PerSecond: -1, KeepAlive: 50 * time.Millisecond, Idle: 120 * time.Millisecond}
	})
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	if a.err != nil {
		t.Fatal(a.err)
	}
	stays := time.AfterFunc(20*time.Second, func() {
		t.Error("an idle connection stays")
		_ = a.Close()
	})
	defer stays.Stop()
	_ = a.Wait() // how it ended tells nothing
}

func TestWhoseAccountIsNotTheirsAnyMoreIsCutOff(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"locked": func(w *world) {
			in := must(w.accounts.Schema().ReadBody([]byte(`{"locked":true}`), record.Modify))(w)
			must(w.accounts.Modify(w.Context(), w.admin, []string{w.admin.Owner.UUID, "alice"}, in))(w)
		},
		"deleted, and made anew for somebody else": func(w *world) {
			if err := w.accounts.Delete(w.Context(), w.admin, []string{w.admin.Owner.UUID, "alice"}); err != nil {
				w.Fatal(err)
			}
			w.account("lab", "alice", "password", "none")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *sshd.Config) { c.Limits = sshd.Limits{PerSecond: -1, KeepAlive: 2 * time.Second} })
			w.account("lab", "alice", "password", "none")
			a := w.login(w.address, "alice", nil, byPassword())
			if out, err := a.exec(t, "x"); out == "" || err != nil {
				t.Fatalf("got %q, %v", out, err)
			}
			change(w)
			stays := time.AfterFunc(20*time.Second, func() {
				t.Error("the connection stays")
				_ = a.Close()
			})
			defer stays.Stop()
			_ = a.Wait() // how it ended tells nothing
		})
	}
}
