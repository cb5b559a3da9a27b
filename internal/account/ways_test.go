package account_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A rival is a store in which somebody else is a little faster.
type rival struct {
	store.Store
	first func() // before the next commit; nil: nothing
}

func (r *rival) Commit(ctx context.Context, changes ...store.Change) (store.Revision, error) {
	if f := r.first; f != nil {
		r.first = nil
		f()
	}
	return r.Store.Commit(ctx, changes...)
}

// another returns the accounts of another process over the same records.
func (w *world) another(s store.Store) *account.Service {
	w.Helper()
	other := account.NewService(account.Config{Ledger: audit.NewLedger(s, audittest.New(w)), SVMs: w.svms})
	other.CheapHashes()
	return other
}

func (w *world) input(body string, op record.Op) record.Input[account.Account] {
	w.Helper()
	in, err := w.accounts.Schema().ReadBody([]byte(body), op)
	if err != nil {
		w.Fatal(err)
	}
	return in
}

// add adds a way for the account joe of the cluster.
func (w *world) add(s *account.Service, way account.Way) error {
	return addWay(w.Context(), s, w.admin, w.input(`{"name":"joe"}`, record.Create), way)
}

// ways tells joe's applications in short.
func (w *world) ways() string {
	w.Helper()
	var list []string
	for _, app := range w.find(w.cluster.UUID, "joe").Applications {
		list = append(list, app.Name+":"+strings.Join(app.Methods, "+")+":"+app.Second)
	}
	return strings.Join(list, " ")
}

func TestWaysToLogInComeAndGo(t *testing.T) {
	w := newWorld(t)
	key := []string{w.cluster.UUID, "joe"}
	in := w.input(`{"name":"joe","role":"readonly","comment":"on call","password":"secret-word-1"}`, record.Create)
	if err := addWay(t.Context(), w.accounts, w.admin, in, account.Way{Application: "ssh", Method: "publickey", Second: "password"}); err != nil {
		t.Fatal(err)
	}
	in = w.input(`{"name":"joe","comment":"asleep"}`, record.Create)
	if err := addWay(t.Context(), w.accounts, w.admin, in, account.Way{Application: "http", Method: "password"}); err != nil {
		t.Fatal(err)
	}
	joe := w.find(w.cluster.UUID, "joe")
	if got := w.ways() + " " + joe.Role + " " + joe.Comment; got != "ssh:publickey:password http:password:none readonly asleep" {
		t.Errorf("got %s", got)
	}
	if _, err := w.login("joe", "secret-word-1", home); err != nil {
		t.Errorf("joe cannot log in: %v", err)
	}
	before, err := w.accounts.ModifyWay(t.Context(), w.admin, key, w.input(`{"comment":"back"}`, record.Modify), account.Way{Application: "ssh", Method: "publickey", Second: "none"})
	if err != nil || before.Before.Comment != "asleep" || w.ways() != "ssh:publickey:none http:password:none" {
		t.Errorf("before %+v, %v; after %s", before, err, w.ways())
	}
	if err := w.add(w.accounts, account.Way{Application: "ssh", Method: "password"}); err != nil || w.ways() != "ssh:password+publickey:none http:password:none" {
		t.Errorf("a second method: %v, %s", err, w.ways())
	}
	for _, way := range []account.Way{{Application: "ssh", Method: "publickey"}, {Application: "http", Method: "password"}, {Application: "ssh", Method: "password"}} {
		if err := w.accounts.RemoveWay(t.Context(), w.admin, key, way); err != nil {
			t.Errorf("%v: %v", way, err)
		}
	}
	_, err = w.accounts.Find(t.Context(), w.admin, key)
	wantCode(t, err, fault.NotFound)
}

func addWay(ctx context.Context, s *account.Service, caller svm.Caller, in record.Input[account.Account], way account.Way) error {
	_, err := s.AddWay(ctx, caller, in, way)
	return err
}

func TestWaysThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe","role":"readonly",` + overHTTP + `,"password":"secret-word-1"}`)
	joe, admin := []string{w.cluster.UUID, "joe"}, []string{w.cluster.UUID, "admin"}
	add := func(body string, way account.Way) func() error {
		return func() error { return addWay(t.Context(), w.accounts, w.admin, w.input(body, record.Create), way) }
	}
	remove := func(key []string, way account.Way) func() error {
		return func() error { return w.accounts.RemoveWay(t.Context(), w.admin, key, way) }
	}
	web, shell := account.Way{Application: "http", Method: "password"}, account.Way{Application: "ssh", Method: "publickey"}
	for _, test := range []struct {
		name string
		do   func() error
		want fault.Code
	}{
		{"a way that is there", add(`{"name":"joe"}`, web), fault.Exists},
		{"a method that does not go with the application", add(`{"name":"joe"}`, account.Way{Application: "console", Method: "publickey"}), fault.MethodPair},
		{"a second method for two first ones", add(`{"name":"joe"}`, account.Way{Application: "http", Method: "saml", Second: "totp"}), fault.MethodPair},
		{"an SVM that does not exist", add(`{"name":"joe","owner.name":"svm9"}`, shell), fault.NoSuchOwner},
		{"another password", add(`{"name":"joe","password":"secret-word-2"}`, shell), fault.BadReason},
		{"a new account's short password", func() error {
			in := w.input(`{"name":"eva"}`, record.Create).With("password", record.Hidden(secret.NewText("short1")))
			return addWay(t.Context(), w.accounts, w.admin, in, shell)
		}, fault.PasswordLength},
		{"a new account's name in its password", add(`{"name":"eva","password":"for-eva-123"}`, shell), fault.PasswordContent},
		{"a way that is not there", remove(joe, shell), fault.NotFound},
		{"an account that is not there", remove([]string{w.cluster.UUID, "eva"}, web), fault.NotFound},
		{"the last administrator's", remove(admin, web), fault.LastAdmin},
		{"a change of a way that is not there", func() error {
			_, err := w.accounts.ModifyWay(t.Context(), w.admin, joe, w.input(`{"comment":"x"}`, record.Modify), shell)
			return err
		}, fault.NotFound},
		{"a change of nothing", func() error {
			_, err := w.accounts.ModifyWay(t.Context(), w.admin, joe, w.input(`{}`, record.Modify), web)
			return err
		}, fault.NothingToSet},
	} {
		t.Run(test.name, func(t *testing.T) { wantCode(t, test.do(), test.want) })
	}
	vsadmin := svm.Caller{Name: "dave", Owner: svm.Owner{UUID: w.svm1.UUID, Name: "svm1"}, Scope: svm.Within(w.svm1.UUID)}
	wantCode(t, addWay(t.Context(), w.accounts, vsadmin, w.input(`{"name":"eve"}`, record.Create), shell), fault.Denied)
	wantCode(t, w.accounts.RemoveWay(t.Context(), vsadmin, joe, web), fault.NotFound)
	if got := w.ways(); got != "http:password:none" {
		t.Errorf("joe has %s", got)
	}
}

func TestAWayMayRepeatThePasswordOrBringTheFirst(t *testing.T) {
	w := newWorld(t)
	add := func(body string, way account.Way) {
		t.Helper()
		if err := addWay(t.Context(), w.accounts, w.admin, w.input(body, record.Create), way); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	web, shell := account.Way{Application: "http", Method: "password"}, account.Way{Application: "ssh", Method: "publickey"}
	add(`{"name":"joe","password":"secret-word-1"}`, shell)
	add(`{"name":"joe","password":"secret-word-1"}`, web)
	add(`{"name":"eva"}`, shell)
	add(`{"name":"eva","password":"secret-word-2"}`, web)
	for _, login := range []struct{ user, password string }{{"joe", "secret-word-1"}, {"eva", "secret-word-2"}} {
		if _, err := w.login(login.user, login.password, home); err != nil {
			t.Errorf("%s: %v", login.user, err)
		}
	}
}

func TestAWayIsNotLostToAFasterOne(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe",` + overHTTP + `}`)
	slow := &rival{Store: w.store}
	accounts := w.another(slow)
	slow.first = func() {
		if err := w.add(w.accounts, account.Way{Application: "console", Method: "password"}); err != nil {
			t.Error(err)
		}
	}
	if err := w.add(accounts, account.Way{Application: "ssh", Method: "publickey"}); err != nil || w.ways() != "http:password:none console:password:none ssh:publickey:none" {
		t.Errorf("two added: %v, %s", err, w.ways())
	}
	key := []string{w.cluster.UUID, "joe"}
	slow.first = func() {
		if err := w.accounts.RemoveWay(t.Context(), w.admin, key, account.Way{Application: "console", Method: "password"}); err != nil {
			t.Error(err)
		}
	}
	if err := accounts.RemoveWay(t.Context(), w.admin, key, account.Way{Application: "ssh", Method: "publickey"}); err != nil || w.ways() != "http:password:none" {
		t.Errorf("two removed: %v, %s", err, w.ways())
	}
	slow.first = func() {
		if err := w.modify("joe", `{"password":"secret-word-1"}`); err != nil {
			t.Error(err)
		}
	}
	in := w.input(`{"name":"joe","password":"secret-word-2"}`, record.Create)
	err := addWay(t.Context(), accounts, w.admin, in, account.Way{Application: "ssh", Method: "password"})
	wantCode(t, err, fault.BadReason) // the other password was first
}

func TestWaysOfManyAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	key := []string{w.cluster.UUID, "joe"}
	for _, application := range account.ApplicationWords() {
		wg.Go(func() {
			if err := w.add(w.another(w.store), account.Way{Application: application, Method: "password"}); err != nil {
				t.Error(application, err)
			}
		})
	}
	wg.Wait()
	if joe := w.find(w.cluster.UUID, "joe"); len(joe.Applications) != len(account.ApplicationWords()) {
		t.Errorf("got %s", w.ways())
	}
	for _, application := range account.ApplicationWords() {
		wg.Go(func() {
			if err := w.another(w.store).RemoveWay(t.Context(), w.admin, key, account.Way{Application: application, Method: "password"}); err != nil {
				t.Error(application, err)
			}
		})
	}
	wg.Wait()
	_, err := w.accounts.Find(t.Context(), w.admin, key)
	wantCode(t, err, fault.NotFound)
	if _, err := w.accounts.FindNamed(t.Context(), w.admin, svm.Owner{Name: "lab"}, account.AdminName); err != nil {
		t.Error(err)
	}
}
