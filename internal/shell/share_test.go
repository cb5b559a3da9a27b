package shell_test

import (
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/shell"
)

func TestSessionsShareOneShell(t *testing.T) {
	w := newWorld(t)
	w.mustExec(createProfile)
	var wg sync.WaitGroup
	for range 8 {
		pr, pw := io.Pipe()
		s := w.shell.Session(shell.SessionConfig{
			Caller: w.admin, May: may(w.admin), Term: true, Width: 80, Height: 24, In: pr, Out: io.Discard,
		})
		wg.Go(func() {
			if err := s.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for i := range 50 {
				s.Resize(20+i, 5+i)
				if _, err := io.WriteString(pw, "security login duo sh\t -fields comment\rq"+ctrlU); err != nil {
					t.Error(err)
				}
			}
			_ = pw.Close()
		})
	}
	wg.Wait()
}

func BenchmarkExec(b *testing.B) {
	w := newWorld(b)
	w.mustExec(createProfile)
	for b.Loop() {
		var out strings.Builder
		if w.session(w.admin, nil, &out).Exec(b.Context(), "security login duo show -fields is-enabled,fail-mode") != 0 {
			b.Fatal(out.String())
		}
	}
}
