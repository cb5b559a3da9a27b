package duoclients

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// atTerminal runs a program on a terminal of its own and answers each prompt
// with the next of typed. It returns what was on the screen and the exit code.
// A prompt too many closes the terminal and fails the test.
func atTerminal(t *testing.T, cmd *exec.Cmd, prompt string, typed []string) (screen string, code int) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = master.Close() }()
	cmd.Stdin, cmd.Stdout = slave, slave
	if cmd.Stderr == nil {
		cmd.Stderr = slave
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	_ = slave.Close() // the program has its own
	if err != nil {
		t.Fatalf("%v (interop/run.sh installs what is missing)", err)
	}
	seen := make(chan string, 1)
	go func() { seen <- converse(t, master, prompt, typed) }()
	code = exitCode(t, cmd.Wait(), cmd)
	screen = <-seen
	return strings.ReplaceAll(screen, "\r\n", "\n"), code
}

// converse reads the screen until the program is gone.
func converse(t *testing.T, terminal *os.File, prompt string, typed []string) string {
	t.Helper()
	var screen strings.Builder
	answered := 0
	chunk := make([]byte, 4<<10)
	for {
		n, err := terminal.Read(chunk) // EIO once nobody has the other end
		screen.Write(chunk[:n])
		if err != nil {
			return screen.String()
		}
		if strings.Count(screen.String(), prompt) == answered {
			continue
		}
		if answered++; answered > len(typed) {
			t.Errorf("prompt number %d, want %d at most", answered, len(typed))
			_ = terminal.Close() // hangs up
			return screen.String()
		}
		if _, err := terminal.WriteString(typed[answered-1] + "\n"); err != nil {
			t.Errorf("type %q: %v", typed[answered-1], err)
		}
	}
}

// wantScreen demands texts on a screen, in this order.
func wantScreen(t *testing.T, screen string, want []string) {
	t.Helper()
	rest := screen
	for _, text := range want {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Errorf("the screen has no %q, at least not after the texts before it:\n%s", text, screen)
			return
		}
		rest = after
	}
}
