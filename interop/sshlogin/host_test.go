package sshlogin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	loopback = "127.0.0.1" // where ssh comes from
	userUID  = 61001       // who logs in
	tokenUID = 61002       // who may read the token
	groupID  = 61003       // of duoGroup
	cargo    = "what scp and rsync bring\n"
)

// A hostConf is how a host is set up; zero is as it should be.
type hostConf struct {
	down    bool // nobody listens at the endpoint
	revoked bool // the token's account has another password by now
	missing bool // there is no configuration
	mode    os.FileMode
}

// A host is a machine with sshd and duoplane login, as far as one login sees.
type host struct {
	dir           folder
	user, account string
	port          string
	log           strings.Builder // sshd's, written until the connection has ended
}

// newHost sets up a host for a user.
func (s *server) newHost(t *testing.T, user string, c hostConf) *host {
	t.Helper()
	h := &host{dir: newFolder(t), user: user, account: "host-of-" + user}
	etc := h.dir.mkdir(t, "etc")
	h.accounts(t, etc)
	conf := etc.mkdir(t, "duoplane")
	conf.write(t, "ca.pem", string(s.ca), 0o644)
	token := s.addHost(t, h.account)
	if c.revoked {
		s.revoke(t, h.account)
	}
	endpoint := s.APIURL
	if c.down {
		endpoint = "https://" + closedAddress(t)
	}
	if c.mode == 0 {
		c.mode = 0o600
	}
	if !c.missing {
		path := conf.write(t, "login.yaml", fmt.Sprintf("endpoint: %s\nca_file: /etc/duoplane/ca.pem\ntoken: '%s'\n", endpoint, token), c.mode)
		if err := os.Chown(path, tokenUID, tokenUID); err != nil {
			t.Fatal(err)
		}
	}
	h.serve(t, s.program)
	return h
}

// accounts writes the host's user database: no password that fits, and a shell
// that says the door is open, or runs the command it was given. That it keeps
// the rights it is given (-p) shows which those are.
func (h *host) accounts(t *testing.T, etc folder) {
	t.Helper()
	shell := h.dir.write(t, "shell", "#!/bin/sh -p\n[ \"$1\" = -c ] && exec /bin/sh -p \"$@\"\n"+sayLetIn+"\n", 0o755)
	home := h.dir.mkdir(t, "home")
	if err := os.Chown(string(home), userUID, userUID); err != nil {
		t.Fatal(err)
	}
	etc.write(t, "passwd", fmt.Sprintf("root:x:0:0::/root:/bin/sh\nsshd:x:61000:65534::/run/sshd:/usr/sbin/nologin\n%s:x:%d:%d::%s:%s\nduoplane-login:x:%d:%d::/:/usr/sbin/nologin\n",
		h.user, userUID, userUID, home, shell, tokenUID, tokenUID), 0o644)
	etc.write(t, "group", fmt.Sprintf("root:x:0:\nnogroup:x:65534:\ntty:x:5:\n%s:x:%d:\nduoplane-login:x:%d:\n%s:x:%d:%s\n",
		h.user, userUID, tokenUID, duoGroup, groupID, h.user), 0o644)
	etc.write(t, "shadow", "root:*:20000::::::\n"+h.user+":*:20000::::::\n", 0o600)
}

// serve runs the host's sshd. Connections are accepted here and each gets an
// sshd, as from inetd, so that no port has to be guessed free; they have ended
// when the test has.
func (h *host) serve(t *testing.T, duoplane string) {
	t.Helper()
	for _, key := range []string{"id", "hostkey"} {
		if out, err := program(t, "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", h.dir.path(key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	l := listen(t)
	h.port = fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	h.dir.write(t, "known_hosts", "["+loopback+"]:"+h.port+" "+h.dir.read(t, "hostkey.pub"), 0o644)
	h.dir.write(t, "authorized_keys", h.dir.read(t, "id.pub"), 0o644)
	conf := h.dir.write(t, "sshd_config", fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nAuthenticationMethods publickey\n"+
		"UsePAM no\nPidFile none\nPrintLastLog no\nPrintMotd no\nSubsystem sftp /usr/lib/openssh/sftp-server\n"+
		"ForceCommand %s login\nPermitTunnel no\nAllowTcpForwarding no\n",
		h.dir.path("hostkey"), h.dir.path("authorized_keys"), duoplane), 0o600)
	h.dir.mkdir(t, "run").mkdir(t, "sshd")
	h.dir.mkdir(t, "log")

	var serving sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
		if t.Failed() {
			t.Logf("sshd:\n%s", h.log.String())
		}
	})
	serving.Go(func() {
		for {
			c, err := l.AcceptTCP()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			h.serveOne(t, c, conf)
		}
	})
}

// serveOne runs one sshd on a connection until it ends, among system files that
// only it and what it starts can see.
func (h *host) serveOne(t *testing.T, c *net.TCPConn, conf string) {
	t.Helper()
	defer func() { _ = c.Close() }()
	f, err := c.File()
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = f.Close() }()
	const script = `mount --bind "$1/run" /run; mount --bind "$1/log" /var/log; mount --bind "$1/etc" /etc; exec /usr/sbin/sshd -i -e -f "$2"`
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	sshd := exec.CommandContext(ctx, "/usr/bin/unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-euc", script, "sh", string(h.dir), conf)
	sshd.Stdin, sshd.Stdout, sshd.Stderr = f, f, &h.log
	err = sshd.Run() // 255 for a client that went away
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok || ctx.Err() != nil {
		t.Errorf("sshd: %v\n%s", err, h.log.String())
	}
}

// client is the command line of a login, and the file it is to bring, if any.
func (h *host) client(t *testing.T, r *row) (argv []string, arrives string) {
	t.Helper()
	options := []string{
		"-F", "none", "-i", h.dir.path("id"), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=none",
		"-o", "UserKnownHostsFile=" + h.dir.path("known_hosts"), "-o", "LogLevel=ERROR", "-o", "Port=" + h.port,
	}
	ssh := append([]string{"/usr/bin/ssh"}, options...)
	there := h.user + "@" + loopback
	arrives = filepath.Join(h.dir.path("home"), "arrived")
	switch r.way {
	case shell:
		return append(ssh, "-tt", there), ""
	case command:
		return append(ssh, there, r.runs), ""
	case forward:
		return append(ssh, "-W", loopback+":"+h.port, there), ""
	case scp:
		argv = append([]string{"/usr/bin/scp", "-q"}, options...)
	case scpOld:
		argv = append([]string{"/usr/bin/scp", "-q", "-O"}, options...)
	case rsync:
		argv = []string{"/usr/bin/rsync", "-t", "-e", strings.Join(ssh, " ")}
	}
	return append(argv, h.dir.write(t, "cargo", cargo, 0o644), there+":"+arrives), arrives
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(loopback)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// closedAddress is one where nobody listens any more.
func closedAddress(t *testing.T) string {
	t.Helper()
	l := listen(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}
