package duoclients

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// A mount puts one file or folder, or a file system of a kind (a name without a
// slash), in the place of another.
type mount struct{ from, to string }

// inNamespace is a program in a mount namespace of its own: only it and what it
// starts see the mounts, and they go when it ends. It keeps its process id.
func inNamespace(mounts []mount, argv ...string) []string {
	const script = `
		while [ "$1" != -- ]; do
			case "$1" in
			/*) mount --rbind "$1" "$2" ;;
			*) mount -t "$1" -o ptmxmode=0666 "$1" "$2" ;;
			esac
			shift 2
		done
		shift
		exec "$@"`
	out := []string{"/usr/bin/unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-euc", script, "sh"}
	for _, m := range mounts {
		out = append(out, m.from, m.to)
	}
	return append(append(out, "--"), argv...)
}

// uid of the one user a namespace adds.
const uid = 61001

// accounts adds a user to the system's: no password that fits, and a shell that
// says the door is open, or runs the command it was given.
func (f folder) accounts(t *testing.T, user string) []mount {
	t.Helper()
	shell := f.write(t, "shell", "#!/bin/sh\n[ \"$1\" = -c ] && exec /bin/sh \"$@\"\necho "+letIn+"\n", 0o755)
	home := f.mkdir(t, "home")
	var out []mount
	for name, line := range map[string]string{
		"passwd": fmt.Sprintf("%s:x:%d:%d::%s:%s", user, uid, uid, home, shell),
		"group":  fmt.Sprintf("%s:x:%d:", user, uid),
		"shadow": user + ":*:20000::::::",
	} {
		old, err := os.ReadFile("/etc/" + name)
		if err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if name == "shadow" {
			mode = 0o600
		}
		out = append(out, mount{f.write(t, name, strings.TrimRight(string(old), "\n")+"\n"+line+"\n", mode), "/etc/" + name})
	}
	return out
}

// system stands in for /run, /var/log and /dev: what a program writes there
// goes with this folder, terminals are its own, and what it logs comes to the
// socket called log.
func (f folder) system(t *testing.T) []mount {
	t.Helper()
	f.mkdir(t, "run/sshd")
	dev := folder(f.mkdir(t, "dev"))
	dev.mkdir(t, "pts")
	if err := os.Symlink("pts/ptmx", dev.path("ptmx")); err != nil {
		t.Fatal(err)
	}
	var out []mount
	for _, node := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		out = append(out, mount{"/dev/" + node, dev.write(t, node, "", 0o644)})
	}
	return append(out,
		mount{f.path("log"), dev.write(t, "log", "", 0o644)},
		mount{string(dev), "/dev"}, mount{"devpts", "/dev/pts"},
		mount{f.path("run"), "/run"}, mount{f.mkdir(t, "varlog"), "/var/log"})
}

// A syslog collects what arrives at a socket that stands in for /dev/log.
type syslog struct {
	path     string
	messages chan string
}

func listenSyslog(t *testing.T, path string) *syslog {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil { // login_duo logs with the user's own rights
		t.Fatal(err)
	}
	l := &syslog{path: path, messages: make(chan string)}
	go func() {
		defer close(l.messages)
		message := make([]byte, 8<<10)
		for {
			n, err := c.Read(message)
			if err != nil {
				return
			}
			l.messages <- string(message[:n])
		}
	}()
	t.Cleanup(func() {
		_ = c.Close()
		for range l.messages { // until its reader has ended
		}
	})
	return l
}

// text is all that was logged until now, a message a line.
func (l *syslog) text(t *testing.T) string {
	t.Helper()
	const last = "that was all"
	c, err := (&net.Dialer{}).DialContext(t.Context(), "unixgram", l.path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte(last)); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for m := range l.messages {
		if m == last { // messages keep their order
			break
		}
		out.WriteString(m + "\n")
	}
	return out.String()
}
