package sshlogin

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// limit is how long any one program may take.
const limit = 40 * time.Second

// ports are those of addresses on a screen.
var ports = regexp.MustCompile(`(127\.0\.0\.1):\d+`)

// program is a program that is ended, by its own id, when it takes too long.
func program(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "HOME=/root"}
	cmd.WaitDelay = 2 * time.Second // for grandchildren that keep the pipes
	return cmd
}

// exitCode is the exit code of a program that could be started.
func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() < 0 {
		t.Fatalf("%v", err)
	}
	return exit.ExitCode()
}

// atTerminal runs a program on a terminal of its own and answers each prompt
// with the next of typed. A prompt too many hangs up and fails the test.
func atTerminal(t *testing.T, cmd *exec.Cmd, typed []string) (screen string, code int) {
	t.Helper()
	terminal, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	_ = theirs.Close() // the program has its own
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	chunk := make([]byte, 4<<10)
	for answered := 0; ; {
		n, err := terminal.Read(chunk) // EIO once nobody has the other end
		shown.Write(chunk[:n])
		if err != nil {
			break
		}
		if strings.Count(shown.String(), prompt) == answered {
			continue
		}
		if answered == len(typed) {
			t.Errorf("a prompt too many, after %d", answered)
			_ = terminal.Close()
			break
		}
		if _, err := terminal.WriteString(typed[answered] + "\n"); err != nil {
			t.Errorf("type %q: %v", typed[answered], err)
		}
		answered++
	}
	return shown.String(), exitCode(t, cmd.Wait())
}

// A folder is a temporary one that other users may look into.
type folder string

func newFolder(t *testing.T) folder {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder(dir)
}

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// mkdir makes a folder inside.
func (f folder) mkdir(t *testing.T, name string) folder {
	t.Helper()
	if err := os.Mkdir(f.path(name), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder(f.path(name))
}

// write makes a file and returns its path.
func (f folder) write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(f.path(name), mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return f.path(name)
}

func (f folder) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(f.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
