package shell_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/shell"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestTheRightsOfNowCount(t *testing.T) {
	w := newWorld(t)
	commands := 0
	var out strings.Builder
	s := w.shell.Session(shell.SessionConfig{
		Caller: w.admin, May: may(w.admin), Out: &out,
		Renew: func(context.Context) (svm.Caller, func(method, path string) bool, error) {
			commands++
			return w.admin, func(method, _ string) bool { return commands < 2 || method == "GET" }, nil
		},
	})
	create := "security login duo group create -group-name "
	if got := s.Exec(t.Context(), create+"one; "+create+"two"); got != 1 || !strings.Contains(out.String(), "not authorized") {
		t.Errorf("status %d, %s", got, out.String())
	}
	if got := w.mustExec("security login duo group show -fields comment"); !strings.Contains(got, "one") || strings.Contains(got, "two") {
		t.Errorf("got %s", got)
	}
}

func TestWhoIsNobodyAnyMoreLeaves(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		err  error
		want int // prompts
	}{
		"gone":            {fault.New(fault.Unauthenticated, "", "the account is gone"), 1},
		"not known today": {fault.New(fault.Unavailable, "", "the store is away"), 3},
		"broken":          {errors.New("canary: a cause"), 3},
	} {
		var out strings.Builder
		s := w.shell.Session(shell.SessionConfig{
			Caller: w.admin, May: may(w.admin), Out: &out, In: strings.NewReader("rows\nhistory\n"),
			Renew: func(context.Context) (svm.Caller, func(method, path string) bool, error) {
				return svm.Caller{}, nil, test.err
			},
		})
		w.must(s.Run(t.Context()))
		screen := out.String()
		if got := strings.Count(screen, "cluster1::> "); got != test.want || strings.Contains(screen, "Number of Rows") || strings.Contains(screen, "canary") {
			t.Errorf("%s: %d prompts, want %d:\n%s", name, got, test.want, screen)
		}
	}
}

func TestWhoIsNobodyAnyMoreIsShownNothing(t *testing.T) {
	w := newWorld(t)
	v := newVT(t, 80, 24)
	p := &player{vt: v, strokes: []string{"security login duo show -vserver svm_", tab, "?"}}
	s := w.shell.Session(shell.SessionConfig{
		Caller: w.admin, May: may(w.admin), Term: true, Width: 80, Height: 24, In: p, Out: v,
		Renew: func(context.Context) (svm.Caller, func(method, path string) bool, error) {
			return svm.Caller{}, nil, fault.New(fault.Unauthenticated, "", "the account is gone")
		},
	})
	w.must(s.Run(t.Context()))
	if want := "cluster1::> security login duo show -vserver svm_▏"; p.screen != want {
		t.Errorf("got\n%s", p.screen)
	}
}
