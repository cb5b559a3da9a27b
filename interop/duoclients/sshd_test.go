package duoclients

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	osuser "os/user"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const loopback = "127.0.0.1" // where ssh comes from

// An sshLogin is one login through OpenSSH.
type sshLogin struct {
	shell bool // a login shell on a terminal; else a command without one
	unixLogin
}

// testForced is login_duo as sshd's ForceCommand, setuid and with the system's
// configuration file, as its package installs it.
func testForced(t *testing.T, s *sim) {
	t.Helper()
	for _, row := range forcedLogins() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s.login(t, loginDuo, &row, func(dir folder) (string, mount) {
				conf := dir.write(t, "login_duo.conf", s.conf(t, &row.unixLogin), 0o600)
				giveTo(t, conf, "sshd") // whose rights login_duo falls back to
				return "UsePAM no\nAuthenticationMethods publickey\nForceCommand /usr/sbin/login_duo\n",
					mount{conf, "/etc/security/login_duo.conf"}
			})
		})
	}
}

// testKeyboardInteractive is pam_duo as sshd's second method after the key.
func testKeyboardInteractive(t *testing.T, s *sim) {
	t.Helper()
	for _, row := range keyboardLogins() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s.login(t, pamDuo, &row, func(dir folder) (string, mount) {
				stack := fmt.Sprintf("auth required pam_duo.so conf=%s\naccount required pam_permit.so\nsession required pam_permit.so\n",
					dir.write(t, "pam_duo.conf", s.conf(t, &row.unixLogin), 0o600))
				return "UsePAM yes\nKbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive\n",
					mount{dir.write(t, "pam_sshd", stack, 0o644), "/etc/pam.d/sshd"}
			})
		})
	}
}

// login takes a user of the row's own through one sshd.
func (s *sim) login(t *testing.T, by signer, row *sshLogin, duo func(folder) (config string, file mount)) {
	t.Helper()
	name := s.settle(t, row.user, row.faults)
	dir := newFolder(t)
	log := listenSyslog(t, dir.path("log"))
	config, file := duo(dir)
	port := serveSSH(t, dir, config, append(append(dir.accounts(t, name), dir.system(t)...), file))

	argv := []string{
		"/usr/bin/ssh", "-F", "none", "-p", port, "-i", dir.path("id"), "-o", "IdentitiesOnly=yes",
		"-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=none", "-o", "UserKnownHostsFile=" + dir.path("known_hosts"),
		"-o", "PreferredAuthentications=publickey,keyboard-interactive", "-o", "NumberOfPasswordPrompts=1", "-o", "LogLevel=ERROR",
		name + "@" + loopback,
	}
	if row.shell {
		argv = append(argv, "-tt")
	} else {
		argv = append(argv, "echo", letIn)
	}
	screen, code := atTerminal(t, command(t, nil, argv...), menuPrompt, row.typed)
	switch {
	case row.opens && code != 0:
		t.Errorf("exit code %d, want 0", code)
	case !row.opens && code == 0:
		t.Error("exit code 0 from a shut door")
	}
	s.wantLogin(t, by, &row.unixLogin, name, loopback, screen, log.text(t))
}

func forcedLogins() []sshLogin {
	return []sshLogin{
		{true, unixLogin{
			name: "a right passcode opens a shell", typed: []string{rightCode}, opens: true,
			log: []string{"6 Successful"}, screen: []string{"Success. Logging you in..."},
			journal: []string{"preauth: auth", "auth " + rightCode + " async: started", "status: allow"},
		}},
		{true, unixLogin{
			name: "a wrong passcode is refused three times", typed: thrice(wrongCode),
			log:     thrice("4 Failed"),
			journal: thrice("preauth: auth", "auth "+wrongCode+" async: started", "status: deny"),
		}},
		{true, unixLogin{
			name: "autopush opens a shell", conf: []string{"autopush = yes"}, faults: []fault{approves()}, opens: true,
			log: []string{"6 Successful"}, screen: []string{"Autopushing login request to phone..."},
			journal: []string{"preauth: auth", "auth push1 sync: allow"},
		}},
		{false, unixLogin{
			name: "a command runs after an approved push", faults: []fault{approves()}, conf: []string{"pushinfo = yes"}, opens: true,
			log:     []string{"6 Successful"},
			journal: []string{"preauth: auth", "auth push1 sync: allow"}, command: "echo " + letIn,
		}},
		{false, unixLogin{
			name: "a command does not run after a refused push", faults: []fault{denies()},
			log:     []string{"4 Failed"},
			journal: []string{"preauth: auth", "auth push1 sync: deny"},
		}},
		{true, unixLogin{
			name: "a user who has to enrol is told where", user: stranger(),
			log: []string{"4 Aborted: " + mustEnrol}, screen: []string{"Please enroll at http://127.0.0.1:"},
			journal: []string{"preauth: enroll"},
		}},
		{true, unixLogin{
			name: "a user who is locked out is refused", user: lockedOut(),
			log: []string{"4 Aborted: " + isLockedOut}, screen: []string{isLockedOut}, journal: []string{"preauth: deny"},
		}},
		{true, unixLogin{
			name: "a user in bypass is let in", user: bypassed(), opens: true,
			log: []string{"4 Skipped: " + isBypassed}, journal: []string{"preauth: allow"},
		}},
		{false, unixLogin{
			name: "a wrong key shuts the door in fail mode secure", badKey: true,
			log: []string{"4 Failsecure: " + badKeys}, journal: []string{"preauth: 40103"},
		}},
		{false, unixLogin{
			name: "a server that is down shuts the door in fail mode secure", down: true,
			log: []string{"4 Failsecure: " + refusedConnection},
		}},
		{false, unixLogin{
			name: "a server that is down opens it in fail mode safe", down: true, safe: true, opens: true,
			log: []string{"4 Failsafe: " + refusedConnection},
		}},
		{false, unixLogin{
			name: "429 shuts the door in fail mode safe too", faults: []fault{limitsOnce("preauth")}, safe: true,
			log: []string{"4 Aborted: HTTP 429"}, journal: []string{"preauth: 42901"},
		}},
		{true, unixLogin{
			name: "a push approved after nineteen rounds opens a shell", typed: []string{"1"}, faults: []fault{approvesAfter("2s")}, opens: true,
			log:     []string{"6 Successful"},
			journal: []string{"preauth: auth", "auth push1 async: started", "status: waiting (19)", "status: allow"},
		}},
	}
}

func keyboardLogins() []sshLogin {
	return []sshLogin{
		{true, unixLogin{
			name: "a right passcode opens a shell", typed: []string{rightCode}, opens: true,
			log: []string{"6 Successful"}, journal: []string{"preauth: auth", "auth " + rightCode + " sync: allow"},
		}},
		{false, unixLogin{
			name: "a right passcode lets a command run", typed: []string{rightCode}, opens: true,
			log: []string{"6 Successful"}, journal: []string{"preauth: auth", "auth " + rightCode + " sync: allow"},
		}},
		{true, unixLogin{
			name: "an approved push opens a shell", typed: []string{"1"}, faults: []fault{approves()}, opens: true,
			log: []string{"6 Successful"}, journal: []string{"preauth: auth", "auth push1 sync: allow"},
		}},
		{true, unixLogin{
			name: "wrong passcodes are refused", typed: thrice(wrongCode),
			log:     thrice("4 Failed"),
			screen:  []string{menuPrompt, "Incorrect passcode. Please try again.", menuPrompt, "Permission denied"},
			journal: thrice("preauth: auth", "auth "+wrongCode+" sync: deny"),
		}},
		{true, unixLogin{
			name: "a refused push is refused", typed: []string{"1"}, faults: []fault{denies()}, conf: []string{"prompts = 1"},
			log: []string{"4 Failed"}, screen: []string{"Permission denied"}, journal: []string{"preauth: auth", "auth push1 sync: deny"},
		}},
		{true, unixLogin{
			name: "a push nobody answers is held and then refused", typed: []string{"1"}, conf: []string{"prompts = 1"},
			log: []string{"4 Failed"}, journal: []string{"preauth: auth", "auth push1 sync: deny"},
		}},
		{true, unixLogin{
			name: "a user who has to enrol is refused", user: stranger(),
			log: []string{"4 Aborted: " + mustEnrol}, screen: []string{"Permission denied"}, journal: []string{"preauth: enroll"},
		}},
		{true, unixLogin{
			name: "a user who is locked out is refused", user: lockedOut(),
			log: []string{"4 Aborted: " + isLockedOut}, screen: []string{"Permission denied"}, journal: []string{"preauth: deny"},
		}},
		{true, unixLogin{
			name: "a user in bypass is let in", user: bypassed(), opens: true,
			log: []string{"4 Skipped: " + isBypassed}, journal: []string{"preauth: allow"},
		}},
		{true, unixLogin{
			name: "a wrong key is refused in fail mode secure", badKey: true,
			log: []string{"4 Failsecure: " + badKeys}, journal: []string{"preauth: 40103"},
		}},
		{true, unixLogin{
			name: "a server that is down is a refusal in fail mode secure", down: true,
			log: []string{"4 Failsecure: " + refusedConnection},
		}},
		{true, unixLogin{
			name: "a server that is down is a pass in fail mode safe", down: true, safe: true, opens: true,
			log: []string{"4 Failsafe: " + refusedConnection},
		}},
		{true, unixLogin{
			name: "429 is a refusal in fail mode safe too", faults: []fault{limitsOnce("preauth")}, safe: true,
			log: []string{"4 Aborted: HTTP 429"}, journal: []string{"preauth: 42901"},
		}},
	}
}

// serveSSH is an sshd with files of its own in the system's place. Connections
// are accepted here and each gets an sshd, as from inetd, so that no port has
// to be guessed free; they have ended when the test has.
func serveSSH(t *testing.T, dir folder, config string, files []mount) (port string) {
	t.Helper()
	for _, key := range []string{"id", "hostkey"} {
		if out := run(t, nil, "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", dir.path(key)); out.code != 0 {
			t.Fatalf("ssh-keygen: %s", out.stderr)
		}
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	dir.copyKey(t, "hostkey.pub", "known_hosts", "["+loopback+"]:"+port+" ")
	dir.copyKey(t, "id.pub", "authorized_keys", "")
	conf := dir.write(t, "sshd_config", config+fmt.Sprintf(
		"HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nPasswordAuthentication no\nPidFile none\nPrintLastLog no\n",
		dir.path("hostkey"), dir.path("authorized_keys")), 0o600)

	var serving sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	serving.Go(func() { accept(t, l, inNamespace(files, "/usr/sbin/sshd", "-i", "-e", "-f", conf)) })
	return port
}

// accept gives every connection its sshd until the listener is closed.
func accept(t *testing.T, l net.Listener, argv []string) {
	t.Helper()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		serveOne(t, c, argv)
	}
}

// serveOne runs one sshd on a connection until it ends.
func serveOne(t *testing.T, c net.Conn, argv []string) {
	t.Helper()
	defer func() { _ = c.Close() }()
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		t.Errorf("a connection of type %T", c)
		return
	}
	f, err := tcp.File()
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = f.Close() }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout = f, f
	var log strings.Builder
	cmd.Stderr = &log
	err = cmd.Run() // 255 for a client that did not get in
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok || ctx.Err() != nil {
		t.Errorf("sshd: %v\n%s", err, log.String())
	}
}

func (f folder) copyKey(t *testing.T, from, to, prefix string) {
	t.Helper()
	key, err := os.ReadFile(f.path(from))
	if err != nil {
		t.Fatal(err)
	}
	f.write(t, to, prefix+string(key), 0o644)
}

// giveTo makes a system user the owner of a file.
func giveTo(t *testing.T, path, name string) {
	t.Helper()
	u, err := osuser.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, id, -1); err != nil {
		t.Fatal(err)
	}
}
