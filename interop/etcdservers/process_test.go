package etcdservers

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// build compiles a program of the module in dir.
func build(t *testing.T, dir, pkg, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, pkg)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s in %s: %v\n%s", pkg, dir, err, out)
	}
	return file
}

// start runs a program until stop ends it with a signal, at the end of the test
// at the latest; gone is closed when it ends.
func start(t *testing.T, with syscall.Signal, name string, args ...string) (stop func(), gone <-chan struct{}) {
	t.Helper()
	var said lockedBuffer
	ctx, kill := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // that it was told to end
		close(ended)
	}()
	stop = sync.OnceFunc(func() {
		defer kill()
		_ = cmd.Process.Signal(with) // it may have ended
		select {
		case <-ended:
		case <-time.After(limit):
			kill()
			<-ended
			t.Errorf("%s did not end by itself", filepath.Base(name))
		}
	})
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), said.String())
		}
	})
	return stop, ended
}

// eventually waits until something succeeds.
func eventually(t *testing.T, gone <-chan struct{}, what string, try func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-gone:
			t.Fatalf("%s: the program has ended; before: %v", what, err)
		case <-late:
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// A lockedBuffer is written by a process while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
