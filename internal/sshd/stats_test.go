package sshd_test

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/sshd"
)

func wantStats(t *testing.T, want, got sshd.Stats) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestLoginsAndSessionsAreCounted(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) { c.Limits = sshd.Limits{PerSecond: -1, Sessions: 1} })
	w.account("lab", "alice", "password", "none")
	a := w.login(w.address, "alice", nil, byPassword())
	if _, err := a.exec(t, "fail"); err == nil {
		t.Fatal("the command did not fail")
	}
	if w.login(w.address, "alice", nil, byPassword()).err == nil {
		t.Fatal("a second session where there is room for one")
	}
	if w.login(w.address, "alice", nil, ssh.Password("wrong")).err == nil {
		t.Fatal("a wrong password got in")
	}
	waiting := must(a.NewSession())(t)
	said := bufio.NewReader(must(waiting.StdoutPipe())(t))
	if err := waiting.Start("wait"); err != nil {
		t.Fatal(err)
	}
	must(said.ReadString('\n'))(t)
	shell := must(a.NewSession())(t)
	typed, shown := must(shell.StdinPipe())(t), bufio.NewReader(must(shell.StdoutPipe())(t))
	if err := shell.Shell(); err != nil {
		t.Fatal(err)
	}
	must(shown.ReadString('>'))(t)
	if s := w.server.Stats(); s.Running != 2 || s.Open != 1 {
		t.Errorf("%d of 2 sessions run on %d connections", s.Running, s.Open)
	}
	must(io.WriteString(typed, "exit\n"))(t)
	if err := shell.Wait(); err != nil {
		t.Error(err)
	}
	_ = a.Close()
	w.stop()
	wantStats(t, sshd.Stats{LoggedIn: 1, Failed: 1, Full: 1, Shells: 1, Commands: 2}, w.server.Stats())
}

func TestConnectionsThatDoNotLogInAreCountedByWhy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits sshd.Limits
		want   sshd.Stats
	}{
		{"too many of one address", sshd.Limits{PerSecond: -1, HalfOpenFrom: 1}, sshd.Stats{TooMany: 1, Failed: 1}},
		{"too many in all", sshd.Limits{PerSecond: -1, HalfOpen: 1, HalfOpenFrom: 1000}, sshd.Stats{CrowdedOut: 1, Failed: 1}},
		{"none that speaks in time", sshd.Limits{PerSecond: -1, KeyExchange: 10 * time.Millisecond}, sshd.Stats{Failed: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *sshd.Config) { c.Limits = tt.limits })
			for range 2 {
				c := must(net.Dial("tcp", w.address))(t)
				defer func() { _ = c.Close() }()
				_ = c.SetReadDeadline(time.Now().Add(15 * time.Second))
				_, _ = c.Read(make([]byte, 1)) // its greeting, or its end
			}
			w.stop()
			wantStats(t, tt.want, w.server.Stats())
		})
	}
}
