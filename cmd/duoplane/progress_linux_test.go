package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"unsafe"
)

// pseudoTerminal returns both ends of a new terminal.
func pseudoTerminal(t *testing.T) (screen, line *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	var number, unlocked uint32
	for request, value := range map[uintptr]*uint32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
		if _, _, code := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(value))); code != 0 {
			t.Fatal(code)
		}
	}
	line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, line
}

// TestAPersonSeesHowFarItIs runs the long commands at a terminal; elsewhere
// they show no progress.
func TestAPersonSeesHowFarItIs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	m := synthetic(t, 2000)
	m.lay(t, dir)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"restore", m.file}, `checking: \d+ of 4\d\d\d records[^x]*restoring: \d+ of 4\d\d\d records`},
		{[]string{"backup", filepath.Join(filepath.Dir(dir), "file")}, `backing up: \d+ of 4\d\d\d records`},
		{[]string{"keys", "rotate"}, `sealing anew: \d+ of 2000 records`},
	} {
		screen, line := pseudoTerminal(t)
		cmd := exec.Command("duoplane", append(tt.args, "--data-dir", dir)...)
		cmd.Stderr = line
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = line.Close() // the command's own end is open
		shown := make(chan string)
		go func() {
			var text bytes.Buffer
			_, _ = text.ReadFrom(screen) // ends with an error once nobody has the line
			shown <- text.String()
		}()
		err := cmd.Wait()
		if text := <-shown; err != nil || !regexp.MustCompile(tt.want+`\r\x1b\[K$`).MatchString(text) {
			t.Errorf("%s: %v, showed %q", tt.args[0], err, text)
		}
	}
}
