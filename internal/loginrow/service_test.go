package loginrow_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/loginrow"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// world is a cluster "lab" with its administrator.
type world struct {
	testing.TB

	accounts *account.Service
	rows     *loginrow.Service
	admin    svm.Caller
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{TB: tb}
	ledger := audit.NewLedger(memstore.New(append(svm.Tables(), account.Accounts, account.PublicKeys)...), audittest.New(tb))
	svms := svm.NewService(ledger, account.Accounts, account.PublicKeys)
	cluster, err := svms.EnsureCluster(tb.Context(), "lab")
	w.must(err)
	w.accounts = account.NewService(account.Config{Ledger: ledger, SVMs: svms})
	_, err = w.accounts.EnsureAdmin(tb.Context(), secret.NewText("correct horse 1"))
	w.must(err)
	w.rows = loginrow.New(w.accounts)
	w.admin = svm.Caller{Name: "admin", Owner: cluster.Owner(), Scope: svm.Everything()}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) create(flags ...string) error {
	var params []record.Param
	for i := 0; i < len(flags); i += 2 {
		params = append(params, record.Param{Name: flags[i], Value: flags[i+1]})
	}
	in, err := w.rows.Schema().ReadFlags(params, record.Create)
	if err == nil {
		_, err = w.rows.Create(w.Context(), w.admin, in)
	}
	return err
}

func (w *world) key(name, application, method string) []string {
	return []string{w.admin.Owner.UUID, name, application, method}
}

// list returns the rows from a key on, in short.
func (w *world) list(ctx context.Context, from []string) []string {
	var list []string
	for row, err := range w.rows.Rows(ctx, w.admin, from) {
		w.must(err)
		list = append(list, row.Name+" "+row.Application+" "+row.Method)
	}
	return list
}

func TestAnAccountIsARowForEveryWayToLogIn(t *testing.T) {
	w := newWorld(t)
	w.must(w.create("username", "joe", "application", "ssh", "authmethod", "publickey", "comment", "on call"))
	w.must(w.create("username", "joe", "application", "ssh", "authmethod", "password"))
	w.must(w.create("username", "joe", "application", "service-processor", "authmethod", "password", "role", "readonly"))
	want := []string{"admin http password", "admin ssh password", "joe service_processor password", "joe ssh password", "joe ssh publickey"}
	if diff := cmp.Diff(want, w.list(t.Context(), nil)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[3:], w.list(t.Context(), w.key("joe", "ssh", ""))); diff != "" {
		t.Errorf("rows from a key (-want +got):\n%s", diff)
	}
	a, err := w.accounts.FindNamed(t.Context(), w.admin, svm.Owner{Name: "lab"}, "joe")
	w.must(err)
	if a.Role != "readonly" || a.Comment != "on call" {
		t.Errorf("got role %q, comment %q", a.Role, a.Comment)
	}
}

func TestDeletingTheLastRowDeletesTheAccount(t *testing.T) {
	w := newWorld(t)
	w.must(w.create("username", "joe", "application", "ssh", "authmethod", "publickey"))
	w.must(w.create("username", "joe", "application", "console", "authmethod", "password"))
	w.must(w.rows.Delete(t.Context(), w.admin, w.key("joe", "ssh", "publickey")))
	a, err := w.accounts.Find(t.Context(), w.admin, w.key("joe", "", "")[:2])
	w.must(err)
	if len(a.Applications) != 1 || a.Applications[0].Name != "console" {
		t.Errorf("left: %v", a.Applications)
	}
	w.must(w.rows.Delete(t.Context(), w.admin, w.key("joe", "console", "password")))
	if list := w.list(t.Context(), nil); slices.Contains(list, "joe console password") {
		t.Errorf("still there: %v", list)
	}
	_, err = w.accounts.Find(t.Context(), w.admin, w.key("joe", "", "")[:2])
	wantCode(t, err, fault.NotFound)
}

func TestARowThatIsThereOrNot(t *testing.T) {
	w := newWorld(t)
	wantCode(t, w.create("username", "admin", "application", "ssh", "authmethod", "password"), fault.Exists)
	wantCode(t, w.rows.Delete(t.Context(), w.admin, w.key("admin", "ssh", "publickey")), fault.NotFound)
	wantCode(t, w.rows.Delete(t.Context(), w.admin, w.key("nobody", "ssh", "password")), fault.NotFound)
	wantCode(t, w.create("username", "joe", "application", "telnet", "authmethod", "password"), fault.BadValue)
	wantCode(t, w.create("username", "joe", "application", "console", "authmethod", "publickey"), fault.MethodPair)
	in, err := w.rows.Schema().ReadFlags([]record.Param{{Name: "comment", Value: "x"}}, record.Modify)
	w.must(err)
	_, err = w.rows.Modify(t.Context(), w.admin, w.key("admin", "ssh", "saml"), in)
	wantCode(t, err, fault.NotFound)
}

func TestASecondMethodIsThatOfItsApplication(t *testing.T) {
	w := newWorld(t)
	w.must(w.create("username", "joe", "application", "ssh", "authmethod", "publickey"))
	in, err := w.rows.Schema().ReadFlags([]record.Param{{Name: "second-authentication-method", Value: "password"}}, record.Modify)
	w.must(err)
	before, err := w.rows.Modify(t.Context(), w.admin, w.key("joe", "ssh", "publickey"), in)
	w.must(err)
	a, err := w.accounts.FindNamed(t.Context(), w.admin, svm.Owner{}, "joe")
	w.must(err)
	if before.Before.Second != "none" || a.Applications[0].Second != "password" {
		t.Errorf("before %q, after %q", before.Before.Second, a.Applications[0].Second)
	}
	w.must(w.rows.Restore(t.Context(), w.admin, before))
	row, err := w.rows.Find(t.Context(), w.admin, w.key("joe", "ssh", "publickey"))
	w.must(err)
	if row.Second != "none" || row.Owner.Name != "lab" {
		t.Errorf("restored: %+v", row)
	}
}

func TestWhatARowRefusesToModify(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		flag, value string
		want        fault.Code
	}{
		{"application", "console", fault.NotPatchable},
		{"password", "secret-word-1", fault.NotPatchable},
		{"application", "http", fault.NothingToSet},
		{"second-authentication-method", "totp", fault.MethodPair},
	} {
		in, err := w.rows.Schema().ReadFlags([]record.Param{{Name: tt.flag, Value: tt.value}}, record.Modify)
		w.must(err)
		_, err = w.rows.Modify(t.Context(), w.admin, w.key("admin", "http", "password"), in)
		wantCode(t, err, tt.want)
	}
	_, err := w.rows.Find(t.Context(), w.admin, w.key("admin", "http", "saml"))
	wantCode(t, err, fault.NotFound)
	_, err = w.rows.Find(t.Context(), w.admin, w.key("admin", "http", "saml")[:2])
	wantCode(t, err, fault.NotFound)
}

func wantCode(tb testing.TB, err error, want fault.Code) {
	tb.Helper()
	if got := fault.CodeOf(err); got != want {
		tb.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// TestTakingBackARow: a modification while nobody else has changed the account,
// a new row whatever else was changed of it.
func TestTakingBackARow(t *testing.T) {
	w := newWorld(t)
	create := func(application string) svm.Made[loginrow.Row] {
		t.Helper()
		in, err := w.rows.Schema().ReadFlags([]record.Param{
			{Name: "username", Value: "joe"}, {Name: "application", Value: application}, {Name: "authmethod", Value: "password"},
		}, record.Create)
		w.must(err)
		made, err := w.rows.Create(t.Context(), w.admin, in)
		w.must(err)
		return made
	}
	first, second := create("ssh"), create("http")
	in, err := w.rows.Schema().ReadFlags([]record.Param{{Name: "comment", Value: "mine"}}, record.Modify)
	w.must(err)
	undo, err := w.rows.Modify(t.Context(), w.admin, w.key("joe", "ssh", "password"), in)
	w.must(err)
	w.must(w.rows.Unmake(t.Context(), w.admin, second))
	wantCode(t, w.rows.Restore(t.Context(), w.admin, undo), fault.Raced)
	row, err := w.rows.Find(t.Context(), w.admin, w.key("joe", "ssh", "password"))
	w.must(err)
	if row.Comment != "mine" {
		t.Errorf("restored: %+v", row)
	}
	w.must(w.rows.Unmake(t.Context(), w.admin, first))
	_, err = w.accounts.FindNamed(t.Context(), w.admin, svm.Owner{}, "joe")
	wantCode(t, err, fault.NotFound)
}
