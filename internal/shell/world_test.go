package shell_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/shell"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
	"github.com/duoplane/duoplane/internal/trail"
)

var update = flag.Bool("update", false, "write the golden sessions anew")

const keyCanary = "canarykey0123456789canarykey0123456789ab"

// answers is a Prober that knows one answer for each host.
type answers map[string]string

func (a answers) Status(_ context.Context, p *duo.Profile) string { return a[p.APIHost] }

// world is a cluster "cluster1" with an administrator and two SVMs, and a
// shell over it.
type world struct {
	testing.TB

	shell    *shell.Shell
	svms     *svm.Service
	accounts *account.Service
	profiles *duo.ProfileService
	cluster  svm.Cluster
	admin    svm.Caller
	lines    *audit.Log
	log      bytes.Buffer
}

// openLines opens the audit log, on whose clock it is always nine.
func (w *world) openLines() {
	w.Helper()
	var err error
	w.lines, err = audit.Open(audit.Config{Dir: w.TempDir(), Now: func() time.Time { return time.Date(2026, 8, 4, 9, 0, 0, 0, time.UTC) }})
	w.must(err)
	w.Cleanup(func() { w.must(w.lines.Close()) })
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{TB: tb}
	data := memstore.New(append(svm.Tables(), duo.Profiles, duo.Groups, account.Accounts, account.PublicKeys, loginmsg.Table)...)
	w.openLines()
	ledger := audit.NewLedger(data, w.lines)
	w.svms = svm.NewService(ledger, duo.Profiles, duo.Groups, account.Accounts, account.PublicKeys, loginmsg.Table)
	keys, err := seal.InMemory()
	w.must(err)
	w.cluster, err = w.svms.EnsureCluster(tb.Context(), "cluster1")
	w.must(err)
	w.accounts = account.NewService(account.Config{Ledger: ledger, SVMs: w.svms})
	_, err = w.accounts.EnsureAdmin(tb.Context(), secret.NewText("correct horse 1"))
	w.must(err)
	w.admin = svm.Caller{Name: "admin", Owner: w.cluster.Owner(), Scope: svm.Everything(), Via: "ssh", Request: "r-1"}
	w.profiles = duo.NewProfileService(ledger, w.svms, keys, answers{"api-3f9c21ab.duosecurity.com": "Ok", "api-00000000.duosecurity.com": "no answer"})
	w.addSVM("svm_eng")
	w.addSVM("svm_ops")
	logger := slog.New(slog.NewTextHandler(&w.log, nil))
	table := logins.New(ledger, logger)
	w.must(table.Record(tb.Context(), enforce.Request{Owner: w.cluster.Owner(), User: "admin", From: "192.0.2.10", Service: "ssh"}, enforce.Decision{
		Allow: true, Reason: enforce.Approved, Factor: "push", Began: time.Date(2026, 8, 4, 9, 0, 0, 0, time.UTC), Took: time.Second,
	}))
	w.shell, err = shell.New(shell.Config{
		Cluster: func(context.Context) string { return "cluster1" }, Logger: logger,
		Commands: shell.Commands(shell.Services{
			SVMs: w.svms, Accounts: w.accounts, PublicKeys: w.accounts.PublicKeys(),
			Profiles: w.profiles, Groups: duo.NewGroupService(ledger, w.svms), Logins: table,
			Messages: loginmsg.NewService(ledger, w.svms),
			Cluster:  func(context.Context) (svm.Cluster, error) { return w.cluster, nil },
			Owners:   w.owners, Test: w.test, Explain: diagnose.NewExplainer(ledger, w.svms).Explain, Trail: trail.NewService(ledger),
			CheckPassword: func(_ context.Context, _ svm.Caller, password secret.Text) error {
				if password.Equal(secret.NewText("correct horse 1")) {
					return nil
				}
				return fault.New(fault.Denied, "", "the password is not the current one")
			},
		}),
	})
	w.must(err)
	return w
}

// test finds no fault with the cluster's profile and breaks down over others.
func (w *world) test(ctx context.Context, caller svm.Caller, key []string, in record.Input[diagnose.Trial]) (*diagnose.Report, error) {
	p, err := w.profiles.Find(ctx, caller, key)
	if err != nil {
		return nil, err
	}
	if p.Owner.Name != "cluster1" {
		return nil, errors.New("canary: an internal cause")
	}
	return &diagnose.Report{Owner: p.Owner, Saved: in.Len() == 0, Steps: []diagnose.Step{
		{Step: "settings", Outcome: duoapi.StepDone},
		{Step: duoapi.StepTLS, Outcome: duoapi.StepDone, Took: 12 * time.Millisecond, Note: "TLS 1.3, certificate valid until 2027-01-31 by a CA"},
		{Step: duoapi.StepKeys, Outcome: duoapi.StepSkipped},
	}}, nil
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) addSVM(name string) {
	w.Helper()
	in, err := w.svms.Schema().ReadFlags([]record.Param{{Name: "name", Value: name}}, record.Create)
	w.must(err)
	_, err = w.svms.Create(w.Context(), w.admin, in)
	w.must(err)
}

func (w *world) owners(ctx context.Context, caller svm.Caller) []string {
	names := []string{"cluster1"}
	for vm, err := range w.svms.Rows(ctx, caller, nil) {
		if err != nil {
			return nil
		}
		names = append(names, vm.Name)
	}
	return names
}

// vsadmin is an administrator of svm_eng.
func (w *world) vsadmin() svm.Caller {
	for vm, err := range w.svms.Rows(w.Context(), w.admin, nil) {
		w.must(err)
		if vm.Name == "svm_eng" {
			owner := svm.Owner{UUID: vm.UUID, Name: vm.Name}
			return svm.Caller{Name: "vsadmin", Owner: owner, Scope: svm.Within(vm.UUID)}
		}
	}
	w.Fatal("no svm_eng")
	return svm.Caller{}
}

// may is what the role of a caller allows.
func may(caller svm.Caller) func(method, path string) bool {
	p := account.Principal{Caller: caller, Role: account.RoleAdmin, Scope: account.ClusterScope}
	if _, single := caller.Scope.Single(); single {
		p.Role, p.Scope = account.RoleVsadmin, account.SVMScope
	}
	return p.May
}

// session returns a session of the caller without a terminal.
func (w *world) session(caller svm.Caller, in io.Reader, out io.Writer) *shell.Session {
	return w.shell.Session(shell.SessionConfig{Caller: caller, May: may(caller), In: in, Out: out})
}

// exec runs a line as the administrator, in a session of its own.
func (w *world) exec(line string) (screen string, status int) {
	var out strings.Builder
	status = w.session(w.admin, nil, &out).Exec(w.Context(), line)
	return strings.ReplaceAll(out.String(), "\r\n", "\n"), status
}

func (w *world) mustExec(line string) string {
	w.Helper()
	screen, status := w.exec(line)
	if status != 0 {
		w.Fatalf("%s:\n%s", line, screen)
	}
	return screen
}
