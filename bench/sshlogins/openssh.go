package sshlogins

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/process"
)

const (
	sshd     = "/usr/sbin/sshd"
	loginDuo = "/usr/sbin/login_duo"
)

// startOpenSSH starts Debian's sshd with login_duo before every command. It
// returns its address and a command that answers as Duoplane's does. The person
// logs in as root, for login_duo takes its keys from a file that it alone may
// read.
func startOpenSSH(ctx context.Context, env *harness.Env, sim *duoplane.Sim, who *person) (addr, run string, err error) {
	for _, program := range []string{sshd, loginDuo} {
		if _, err := os.Stat(program); err != nil || os.Geteuid() != 0 {
			return "", "", fmt.Errorf("%w: Debian's packages openssh-server and login-duo, run by root", harness.ErrMissing)
		}
	}
	// sshd trusts no folder that others may write to, /tmp among them.
	dir, err := os.MkdirTemp("/root", ".duoplane-bench-")
	if err != nil {
		return "", "", err
	}
	env.Defer(func() error { return os.RemoveAll(dir) })
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { //nolint:gosec // G301: sshd wants it so
		return "", "", err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", "", err
	}
	_, port, _ := net.SplitHostPort(addr)
	hostKey, err := hostKey()
	if err != nil {
		return "", "", err
	}
	conf := filepath.Join(dir, "sshd_config")
	for name, text := range map[string]string{
		"host_key": hostKey, "authorized_keys": who.authorized() + "\n", "answer": answer,
		"login_duo.conf": fmt.Sprintf("[duo]\nfailmode = secure\nhost = %s\nikey = %s\nskey = %s\ncafile = %s\npushinfo = yes\nautopush = yes\n",
			sim.Addr(), sim.IKey, sim.SKey, sim.CAFile),
		"sshd_config": fmt.Sprintf(`Port %s
ListenAddress 127.0.0.1
HostKey %s/host_key
PidFile none
AuthorizedKeysFile %s/authorized_keys
PermitRootLogin yes
UsePAM no
MaxStartups 100
LogLevel ERROR
ForceCommand %s -c %s/login_duo.conf -f %s
`, port, dir, dir, loginDuo, dir, who.name),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", "", err
		}
	}
	p, err := process.Start(ctx, process.Command{
		Program: sshd, Args: []string{"-D", "-e", "-f", conf},
		Probe: func(ctx context.Context) error {
			c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
			if err != nil {
				return err
			}
			return c.Close()
		},
	}, nil)
	if err != nil {
		return "", "", err
	}
	env.Defer(func() error { p.Kill(); return nil })
	return addr, "cat " + filepath.Join(dir, "answer"), nil
}

// hostKey makes a key in the form that sshd reads.
func hostKey() (string, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(block)), nil
}
