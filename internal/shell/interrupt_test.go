package shell_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/shell"
)

// A keyboard is what a person types, line by line, on something that tells of
// Ctrl-C.
type keyboard struct {
	strings.Reader

	mu        sync.Mutex
	interrupt func()
}

func (k *keyboard) Interrupts(f func()) (stop func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.interrupt = f
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.interrupt = nil
	}
}

// pressC presses Ctrl-C and reports whether anybody heard it.
func (k *keyboard) pressC() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.interrupt == nil {
		return false
	}
	k.interrupt()
	return true
}

// interrupted runs lines in a shell with commands that press Ctrl-C, and returns
// what stands on the screen.
func interrupted(t *testing.T, lines ...string) string {
	t.Helper()
	k := &keyboard{Reader: *strings.NewReader(strings.Join(lines, "\r") + "\r")}
	heard := func(want bool) {
		t.Helper()
		if got := k.pressC(); got != want {
			t.Errorf("heard: %v, want %v", got, want)
		}
	}
	sh, err := shell.New(shell.Config{Commands: []shell.Mounted{
		shell.Command{Name: "long", Run: func(ctx context.Context, c *shell.Call) error {
			c.Line("before")
			heard(true)
			<-ctx.Done()
			c.Line("behind")
			if !c.Stopped() {
				t.Error("the command is to go on")
			}
			return ctx.Err()
		}},
		shell.Command{Name: "asking", Run: func(ctx context.Context, c *shell.Call) error {
			yes, err := c.Confirm("It is asked.")
			if c.Line("confirmed: %v", yes); ctx.Err() != nil {
				t.Error("an answer has ended the command")
			}
			return err
		}},
	}, Cluster: func(context.Context) string { return "lab" }})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := sh.Session(shell.SessionConfig{Term: true, Width: 80, Height: 24, In: k, Out: &out})
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	heard(false)
	screen := newVT(t, 80, 24)
	if _, err := screen.Write(out.Bytes()); err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(screen.String(), "▏\n ")
}

func TestCtrlCEndsACommand(t *testing.T) {
	for name, test := range map[string]struct{ typed, want string }{
		"and the line it stands in": {"long; set\rrows", "lab::> long; set\nbefore\n^C\nlab::> rows\nNumber of Rows: 24\nlab::>"},
		"that is repeated":          {"long\rredo 1\rrows", "lab::> long\nbefore\n^C\nlab::> redo 1\nlong\nbefore\n^C\nlab::> rows\nNumber of Rows: 24\nlab::>"},
		"but answers a question": {
			"asking\r\x03rows",
			"lab::> asking\n\nWarning: It is asked.\n         Do you want to continue? {y|n}: ^C\nconfirmed: false\nlab::> rows\nNumber of Rows: 24\nlab::>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := interrupted(t, test.typed); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
