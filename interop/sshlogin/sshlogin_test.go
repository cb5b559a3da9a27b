package sshlogin

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// letIn is what a login prints that got past the second factor, and nothing
// else does.
const (
	letIn    = "the door is open"
	sayLetIn = "echo " + letIn
)

// The ways to come through the door.
type way int

const (
	shell   way = iota // a login shell on a terminal
	command            // a command without a terminal
	scp                // a file by the SFTP subsystem
	scpOld             // a file by scp on the other side
	rsync
	forward // a connection to elsewhere and no command
)

// A row is one login and all that is to come of it.
type row struct {
	name   string
	way    way
	runs   string   // by command
	does   string   // what the person does with the telephone
	typed  []string // at each prompt
	host   hostConf
	closed bool
	screen string // all that the person sees
	logins []login
}

// A login is what the server's table says of one.
type login struct {
	From     string `json:"from"`
	Service  string `json:"service"`
	AskedBy  string `json:"asked_by"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Rule     string `json:"rule"`
	Group    string `json:"group"`
	Factor   string `json:"factor"`
	Tries    int    `json:"tries"`
}

// decided is a login that the server decided, asked by the row's host.
func decided(decision, reason, factor string, tries int) []login {
	return []login{{
		From: loopback, Service: "sshd", Decision: decision, Reason: reason,
		Rule: "member", Group: duoGroup, Factor: factor, Tries: tries,
	}}
}

// The menu of a person with a telephone that has a number, and a token.
const menu = "Duo two-factor login for USER\n\nEnter a passcode or select one of the following options:\n\n" +
	" 1. Duo Push to XXX-XXX-1234\n 2. Phone call to XXX-XXX-1234\n 3. SMS passcodes to XXX-XXX-1234\n\n" + prompt

const (
	prompt    = "Passcode or option (1-3): "
	pushed    = "Pushed a login request to your device...\n"
	incorrect = "Incorrect passcode. Please try again.\n"
)

func rows() []row {
	approved := func(factor string) []login { return decided("allow", "approved", factor, 1) }
	return []row{
		{
			name: "an approved push opens a shell", does: "approve", typed: []string{"1"},
			screen: menu + "1\n\n" + pushed + "Success. Logging you in...\n" + letIn + "\n", logins: approved("push"),
		},
		{
			name: "a denied push opens nothing", does: "deny", typed: []string{"1"}, closed: true,
			screen: menu + "1\n\n" + pushed + "Login request denied.\nduoplane: the login is refused (refused)\n",
			logins: decided("deny", "refused", "push", 1),
		},
		{
			name: "a passcode opens a shell", typed: []string{rightCode},
			screen: menu + rightCode + "\n\nSuccess. Logging you in...\n" + letIn + "\n", logins: approved("passcode"),
		},
		{
			name: "wrong passcodes open nothing", typed: []string{wrongCode, wrongCode}, closed: true,
			screen: menu + wrongCode + "\n\n" + incorrect + "\n" + menu + wrongCode + "\n\n" + incorrect + "duoplane: the login is refused (wrong_passcode)\n",
			logins: decided("deny", "wrong_passcode", "passcode", 2),
		},
		{
			name: "a command runs after an approved push, in silence", way: command, runs: sayLetIn, does: "approve",
			screen: letIn + "\n", logins: approved("push"),
		},
		{
			name: "a command does not run after a denied push, in silence", way: command, runs: sayLetIn, does: "deny", closed: true,
			logins: decided("deny", "refused", "push", 1),
		},
		{
			name: "who is let in cannot read the token", way: command, runs: "cat /etc/duoplane/login.yaml", does: "approve", closed: true,
			screen: "cat: /etc/duoplane/login.yaml: Permission denied\n", logins: approved("push"),
		},
		{name: "scp brings a file after an approved push, in silence", way: scp, does: "approve", logins: approved("push")},
		{name: "old scp brings a file after an approved push, in silence", way: scpOld, does: "approve", logins: approved("push")},
		{name: "rsync brings a file after an approved push, in silence", way: rsync, does: "approve", logins: approved("push")},
		{
			name: "scp brings nothing after a denied push", way: scp, does: "deny", closed: true,
			screen: "/usr/bin/scp: Connection closed\n", logins: decided("deny", "refused", "push", 1),
		},
		{
			name: "forwarding does not go past the question", way: forward, does: "approve", closed: true,
			screen: "stdio forwarding failed\n",
		},
		{
			name: "a server that is down keeps a shell closed", host: hostConf{down: true}, closed: true,
			screen: "duoplane: 127.0.0.1:PORT cannot be reached: dial tcp 127.0.0.1:PORT: connect: connection refused\n",
		},
		{
			name: "a server that is down keeps a command from running", way: command, runs: sayLetIn, host: hostConf{down: true}, closed: true,
			screen: "duoplane: 127.0.0.1:PORT cannot be reached: dial tcp 127.0.0.1:PORT: connect: connection refused\n",
		},
		{
			name: "a revoked token opens nothing, whatever the person does", does: "approve", host: hostConf{revoked: true}, closed: true,
			screen: "duoplane: 127.0.0.1:PORT refuses the token\n",
		},
		{
			name: "a configuration that all may read opens nothing", way: command, runs: sayLetIn, does: "approve", host: hostConf{mode: 0o644}, closed: true,
			screen: "duoplane: /etc/duoplane/login.yaml has mode 0644: nobody but its owner may read or write it; use chmod 0600\n",
		},
		{
			name: "a configuration that is missing opens nothing", way: command, runs: sayLetIn, does: "approve", host: hostConf{missing: true}, closed: true,
			screen: "duoplane: open /etc/duoplane/login.yaml: no such file or directory\n",
		},
	}
}

// TestSSHLogin runs every row against one "duoplane dev", side by side: each has
// a user and an sshd of its own.
func TestSSHLogin(t *testing.T) {
	need(t, "/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen", "/usr/bin/scp", "/usr/lib/openssh/sftp-server", "/usr/bin/rsync", "/usr/bin/unshare")
	s := startServer(t)
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s.run(t, &r)
		})
	}
}

func (s *server) run(t *testing.T, r *row) {
	t.Helper()
	user := s.addPerson(t, r.does)
	h := s.newHost(t, user, r.host)
	argv, arrives := h.client(t, r)
	var screen string
	var code int
	if r.way == shell {
		screen, code = atTerminal(t, program(t, argv...), r.typed)
	} else {
		out, err := program(t, argv...).CombinedOutput()
		screen, code = string(out), exitCode(t, err)
	}
	screen = strings.ReplaceAll(screen, "\r\n", "\n")
	if closed := code != 0; closed != r.closed {
		t.Errorf("exit code %d, closed: want %v", code, r.closed)
	}
	if diff := cmp.Diff(strings.ReplaceAll(r.screen, "USER", user), ports.ReplaceAllString(screen, "$1:PORT")); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
	if arrives != "" {
		wantFile(t, arrives, !r.closed)
	}
	for i := range r.logins {
		r.logins[i].AskedBy = h.account
	}
	if diff := cmp.Diff(r.logins, s.logins(t, user)); diff != "" {
		t.Errorf("the server's logins (-want +got):\n%s", diff)
	}
}

// wantFile looks whether a file was brought.
func wantFile(t *testing.T, path string, want bool) {
	t.Helper()
	got, err := os.ReadFile(path)
	switch {
	case want && (err != nil || string(got) != cargo):
		t.Errorf("the file did not arrive: %q, %v", got, err)
	case !want && !os.IsNotExist(err):
		t.Errorf("a file arrived: %q, %v", got, err)
	}
}

func need(t *testing.T, files ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("these tests need root: sshd changes users and gets system files of its own")
	}
	for _, f := range files {
		if _, err := exec.LookPath(f); err != nil {
			t.Fatalf("%v (interop/run.sh installs what is missing)", err)
		}
	}
}
