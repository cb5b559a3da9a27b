package duoclients

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// limit is how long any one client may take.
const limit = 30 * time.Second

// A result is how a program that ran to its end did.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a program to its end, without input and with env alone.
func run(t *testing.T, env []string, argv ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(t, env, argv...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	return result{code: exitCode(t, cmd.Run(), cmd), stdout: stdout.String(), stderr: stderr.String()}
}

// command is a program that is ended, by its own id, when it takes too long.
func command(t *testing.T, env []string, argv ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit) // it may end in a cleanup
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "HOME=/root"}, env...)
	cmd.WaitDelay = 2 * time.Second // for grandchildren that keep the pipes
	return cmd
}

// exitCode is the exit code of a program that could be started.
func exitCode(t *testing.T, err error, cmd *exec.Cmd) int {
	t.Helper()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("%s: %v (interop/run.sh installs what is missing)", cmd.Path, err)
	}
	return cmd.ProcessState.ExitCode()
}

// A service is a program that runs as long as its test.
type service struct {
	name string
	out  *syncBuffer
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // of its end
}

// start starts a program. At the end of the test it gets SIGTERM and has to
// exit with 0.
func start(t *testing.T, argv ...string) *service {
	t.Helper()
	s := &service{name: argv[0], out: &syncBuffer{}, done: make(chan struct{})}
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), argv[0], argv[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	t.Cleanup(func() { s.stop(t) })
	return s
}

func (s *service) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("SIGTERM to %s: %v", s.name, err)
	}
	select {
	case <-s.done:
	case <-time.After(limit):
		t.Errorf("%s did not stop on SIGTERM", s.name)
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	if s.err != nil {
		t.Errorf("%s ended with %v, want exit code 0\n%s", s.name, s.err, s.out)
	}
}

// await calls look, again and again, until it says that the program is ready.
func (s *service) await(t *testing.T, look func() bool) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(limit)
	for !look() {
		select {
		case <-s.done:
			t.Fatalf("%s ended before it was ready: %v\n%s", s.name, s.err, s.out)
		case <-deadline:
			t.Fatalf("%s is not ready\n%s", s.name, s.out)
		case <-again.C:
		}
	}
}

// A syncBuffer collects a program's output while the test may read it.
type syncBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A folder is a temporary one that other users may look into, as the programs
// that drop root's rights have to.
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

// write makes a file and returns its path.
func (f folder) write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := f.path(name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

// mkdir makes a folder inside and returns its path.
func (f folder) mkdir(t *testing.T, name string) string {
	t.Helper()
	path := f.path(name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
