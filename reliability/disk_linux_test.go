package reliability

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disk mounts a file system of its own of so many megabytes, which takes root;
// without, it returns "".
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Log("only root may mount a disk to fill")
		return ""
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		t.Logf("no disk can be mounted here: %v", err) // a container, say
		return ""
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file until its disk has only so many bytes left.
func fill(t *testing.T, path string, left uint64) {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &s); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // its content does not matter
	size := s.Bavail*uint64(s.Bsize) - left
	if _, err := io.CopyN(f, zeros{}, int64(size)); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestAFullDiskIsSurvived fills the disk under a server: changes are refused
// with a reason while reads go on, nobody is let in whose login cannot be
// recorded, and once there is room all is as before, nothing lost.
func TestAFullDiskIsSurvived(t *testing.T) {
	dir := disk(t, 500)
	if dir == "" {
		return
	}
	p := serve(t, filepath.Join(dir, "data"))
	c := p.client()
	made := 0
	make1 := func() error {
		err := c.do(t.Context(), http.MethodPost, pathSVMs, map[string]any{"name": fmt.Sprintf("tenant%d", made)}, nil)
		if err == nil {
			made++
		}
		return err
	}
	if err := make1(); err != nil {
		t.Fatal(err)
	}
	p.login(t)

	filler := filepath.Join(dir, "filler")
	fill(t, filler, 100<<20)
	err := until(t, func(err error) bool { return err != nil }, make1)
	if !strings.Contains(err.Error(), "503") || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a change on a nearly full disk: %v", err)
	}
	if err := c.do(t.Context(), http.MethodGet, pathSVMs, nil, nil); err != nil {
		t.Errorf("a read on a nearly full disk: %v", err)
	}
	fill(t, filepath.Join(dir, "filler2"), 0)
	// The last page of the audit log has room for a few more lines; then no
	// login can be recorded, and none comes through.
	refused := until(t, func(err error) bool { return err != nil }, func() error { _, err := p.attempt(); return err })
	t.Logf("with no room for its record a login ends with: %v", refused)
	for _, name := range []string{filler, filepath.Join(dir, "filler2")} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := until(t, func(err error) bool { return err == nil }, make1); err != nil {
		t.Errorf("with room again: %v", err)
	}
	p.login(t)
	p.hasTenants(made)
	p.end(syscall.SIGKILL)
	serve(t, filepath.Join(dir, "data")).hasTenants(made)
}

// TestAReadOnlyDiskIsRefusedAndLosesNothing starts a server on a disk that
// cannot be written: it says so and ends, and the next start finds everything.
func TestAReadOnlyDiskIsRefusedAndLosesNothing(t *testing.T) {
	dir := disk(t, 400)
	if dir == "" {
		return
	}
	data := filepath.Join(dir, "data")
	p := serve(t, data)
	if err := p.client().do(t.Context(), http.MethodPost, pathSVMs, map[string]any{"name": "tenant0"}, nil); err != nil {
		t.Fatal(err)
	}
	p.end(syscall.SIGTERM)
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	out, err := exec.Command(binary, "serve", "--data-dir", data, "--api-listen=127.0.0.1:0", "--ssh-listen=off").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--data-dir: "+data+" is not writable: ") {
		t.Errorf("got %v\n%s", err, out)
	}
	remount(0)
	serve(t, data).hasTenants(1)
}

// until repeats a call until its outcome is the one wanted, and returns it.
func until(t *testing.T, wanted func(error) bool, call func() error) error {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		err := call()
		if wanted(err) {
			return err
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it stays at: %v", err)
		}
	}
}

// hasTenants checks the number of SVMs.
func (p *program) hasTenants(want int) {
	p.t.Helper()
	var page struct {
		Count int `json:"num_records"`
	}
	if err := p.client().do(p.t.Context(), http.MethodGet, pathSVMs+"?return_records=false&name=tenant*", nil, &page); err != nil || page.Count != want {
		p.t.Errorf("it has %d of %d tenants: %v", page.Count, want, err)
	}
}
