package shell_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/shell"
	"github.com/duoplane/duoplane/internal/svm"
)

const createProfile = "security login duo create -integration-key DIQ7M2K9T4V1B8N3C6X5 -secret-key " + keyCanary +
	" -apihost api-3f9c21ab.duosecurity.com"

func TestExecPrintsWhatThePromptWould(t *testing.T) {
	for _, test := range []struct {
		name, line, want string
		status           int
	}{
		{"no prompt and status 0", "security login duo show", "There are no entries matching your query.\n", 0},
		{"an error is printed and status 1", "security login duo shwo", "\nError: \"shwo\" is not a recognized command\n", 1},
		{
			"several commands in one line", "set -privilege advanced;security login duo show; rows",
			"There are no entries matching your query.\nNumber of Rows: 0\n", 0,
		},
		{"the first error ends the line", "nonsense; security login duo show", "\nError: \"nonsense\" is not a recognized command\n", 1},
		{"nothing to do", "  ;; # nothing", "", 0},
		{"exit ends the line", "exit; nonsense", "", 0},
		{"a directory prints nothing", "security login", "", 0},
		{"a question nobody can answer", "security login password", "Enter your current password: \nError: no answer to \"Enter your current password\"\n", 1},
		{"nobody is asked whether to go on", "vserver delete svm_ops", "", 0},
		{"an unterminated quotation mark", `security login duo show -vserver "`, "\nError: a quotation mark has no partner\n", 1},
		{"a control character", "security \x1b[2J", "\nError: the command line holds a control character\n", 1},
		{"invalid UTF-8", "security \xff", "\nError: the command line is not valid UTF-8\n", 1},
		{"a mebibyte", strings.Repeat("x", 1<<20), "\nError: the command line is too long\n", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			screen, status := newWorld(t).exec(test.line)
			if screen != test.want || status != test.status {
				t.Errorf("got %d and\n%q, want %d and\n%q", status, screen, test.status, test.want)
			}
		})
	}
}

func TestDataCannotSteerATerminal(t *testing.T) {
	w := newWorld(t)
	w.must(w.lines.Write(audit.Who{Name: "\x1b[31mred\n\u202eevil"}, audit.Entry{Event: "login"}, audit.Refused, "unauthenticated"))
	screen := w.mustExec("security audit log show -state error -fields username; security audit log show -state error -instance")
	if want := "cluster1-01 \\x1b[31mred \\u202eevil\n"; !strings.Contains(screen, want) {
		t.Errorf("got %q, want %q", screen, want)
	}
	if strings.ContainsAny(screen, "\x1b\u202e") {
		t.Errorf("got %q", screen)
	}
}

func TestAnInternalCauseIsLoggedAndNotShown(t *testing.T) {
	w := newWorld(t)
	w.mustExec(strings.Replace(createProfile, "create", "create -vserver svm_eng", 1))
	screen, status := w.exec("security login duo test -vserver svm_eng")
	if status != 1 || strings.Contains(screen, "canary") {
		t.Errorf("status %d, %q", status, screen)
	}
	if log := w.log.String(); !strings.Contains(log, "canary") || !strings.Contains(log, "request=r-1") {
		t.Errorf("the log has no cause: %s", log)
	}
}

func TestASecretIsNowhereToBeSeen(t *testing.T) {
	w := newWorld(t)
	in := strings.NewReader(strings.Join([]string{
		createProfile,
		"security login duo craete -secret-key " + keyCanary + " -comment x",
		"sec log duo mod -vserver cluster1 -SECRET " + keyCanary + "1",
		`security login duo create -secret-key "` + keyCanary + `" "`,
		"security login duo modify {-is-enabled true} -sec \"" + keyCanary + "\"",
		"security login duo modify -secret-key " + keyCanary + strings.Repeat("x", 300),
		"security login duo show -instance",
		"history",
	}, "\n"))
	var out strings.Builder
	w.must(w.session(w.admin, in, &out).Run(t.Context()))
	if screen := out.String(); strings.Contains(screen, "canary") {
		t.Errorf("the secret is on the screen:\n%s", screen)
	}
	if !strings.Contains(out.String(), "security login duo craete -secret-key -comment x") {
		t.Errorf("the history does not hold the line without the secret:\n%s", out.String())
	}
	if strings.Contains(w.log.String(), "canary") {
		t.Errorf("the secret is in the log: %s", w.log.String())
	}
}

func TestARoleThatMayReadMayNotChange(t *testing.T) {
	w := newWorld(t)
	w.mustExec(createProfile)
	readonly := func(method, _ string) bool { return method == "GET" }
	for line, want := range map[string]int{
		"security login duo show":                                    0,
		"security login duo modify -vserver cluster1 -max-prompts 2": 1,
		"security login duo delete":                                  1,
		"security login lock admin":                                  1,
		"set -privilege advanced":                                    0,
	} {
		var out strings.Builder
		s := w.shell.Session(shell.SessionConfig{Caller: w.admin, May: readonly, Out: &out})
		if got := s.Exec(t.Context(), line); got != want {
			t.Errorf("%s: status %d, want %d", line, got, want)
		}
		if want == 1 && !strings.Contains(out.String(), "Error: not authorized for that command") {
			t.Errorf("%s: %s", line, out.String())
		}
	}
}

func TestANobodyMayDoNothing(t *testing.T) {
	w := newWorld(t)
	var out strings.Builder
	s := w.shell.Session(shell.SessionConfig{Caller: svm.Caller{}, Out: &out})
	if got := s.Exec(t.Context(), "security login duo show"); got != 1 {
		t.Errorf("status %d", got)
	}
}

func TestALongListIsShownWhole(t *testing.T) {
	w := newWorld(t)
	for i := range 120 {
		w.mustExec(fmt.Sprintf("security login duo group create -group-name g%03d", i))
	}
	screen := w.mustExec("security login duo group show -fields comment")
	if lines := strings.Count(screen, "\n"); lines != 123 || !strings.HasSuffix(screen, "120 entries were displayed.\n") {
		t.Errorf("%d lines:\n%s", lines, screen)
	}
	if got := w.mustExec("security login duo group delete -group-name *"); got != "120 entries were deleted.\n" {
		t.Errorf("got %q", got)
	}
}

func TestAWriterThatFailsEndsTheSession(t *testing.T) {
	w := newWorld(t)
	s := w.session(w.admin, strings.NewReader(strings.Repeat("?\n", 100)), brokenPipe{})
	if err := s.Run(t.Context()); !fault.Is(err, fault.Internal) {
		t.Errorf("got %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, fmt.Errorf("broken pipe") }

func TestLinesThatArePipedIn(t *testing.T) {
	w := newWorld(t)
	in := strings.NewReader("rows\r\n" + strings.Repeat("x", 1<<20) + "\n\nsecurity login duo modify -vserver nobody -sec\n" + keyCanary + "\nrows")
	var out strings.Builder
	w.must(w.session(w.admin, in, &out).Run(t.Context()))
	want := []string{
		"", "Number of Rows: 0", "", "", "Error: the command line is too long", "", "",
		"Enter the Duo Secret Key: ", "", "Error: command failed: entry doesn't exist", "", "Number of Rows: 0", "",
	}
	got := strings.Split(strings.ReplaceAll(out.String(), "cluster1::> ", ""), "\r\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAFaultyDeclarationIsRefused(t *testing.T) {
	w := newWorld(t)
	profile := shell.Resource[svm.SVM]{Name: "vserver", Schema: w.svms.Schema(), Service: w.svms}
	for name, commands := range map[string][]shell.Mounted{
		"a command twice":                    {shell.Command{Name: "a b"}, shell.Command{Name: "a b"}},
		"a command that is a directory":      {shell.Command{Name: "a b"}, shell.Command{Name: "a"}},
		"a directory that is a command":      {shell.Command{Name: "a"}, shell.Command{Name: "a b"}},
		"a parameter twice":                  {shell.Command{Name: "a", Params: []shell.Param{{Name: "x"}, {Name: "X"}}}},
		"a key that no field has":            {with(profile, func(r *shell.Resource[svm.SVM]) { r.Keys = []string{"nonsense"} })},
		"a column that no field has":         {with(profile, func(r *shell.Resource[svm.SVM]) { r.Columns = []shell.Column{{Param: "nonsense"}} })},
		"a name of one of the shell's verbs": {shell.Command{Name: "exit"}},
	} {
		if _, err := shell.New(shell.Config{Commands: commands}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func with(r shell.Resource[svm.SVM], change func(*shell.Resource[svm.SVM])) shell.Resource[svm.SVM] {
	change(&r)
	return r
}
