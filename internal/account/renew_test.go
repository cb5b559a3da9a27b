package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// loggedIn is joe of the cluster, or of svm1, after a login over SSH.
func (w *world) loggedIn(owner svm.Owner) account.Principal {
	w.Helper()
	role, scope := account.RoleAdmin, svm.Everything()
	if owner.UUID == w.svm1.UUID {
		role, scope = account.RoleVsadmin, svm.Within(owner.UUID)
	}
	w.mustCreate(`{"name":"joe","owner":{"name":"` + owner.Name + `"},"role":"` + role + `","password":"` + adminPassword + `",
		"applications":[{"application":"ssh","authentication_methods":["password"]}],"groups":["ops"]}`)
	user := "joe"
	if owner.UUID == w.svm1.UUID {
		user = `svm1\joe`
	}
	p, err := w.accounts.Authenticate(w.Context(), account.Credentials{
		Application: account.SSH, User: user, Password: secret.NewText(adminPassword), From: home, Via: account.SSH,
	})
	if err == nil {
		p, err = w.accounts.Renew(w.Context(), p)
	}
	if err != nil || !cmp.Equal(p.Caller.Scope, scope, cmp.AllowUnexported(svm.Caller{}, svm.Scope{})) || p.Role != role || !cmp.Equal(p.Groups, []string{"ops"}) {
		w.Fatalf("after the login: %+v, %v", p, err)
	}
	return p
}

func TestWhoIsLoggedInHasTheRoleOfToday(t *testing.T) {
	w := newWorld(t)
	joe := w.loggedIn(w.cluster.Owner())
	if !joe.May("POST", "/api/svm/svms") {
		t.Fatal("an administrator may not make an SVM")
	}
	if err := w.modify("joe", `{"role":"readonly","groups":[]}`); err != nil {
		t.Fatal(err)
	}
	got, err := w.accounts.Renew(t.Context(), joe)
	if err != nil || got.May("POST", "/api/svm/svms") || !got.May("GET", "/api/svm/svms") || len(got.Groups) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhoIsLoggedInIsNobodyOnceTheAccountIsGone(t *testing.T) {
	for name, change := range map[string]func(w *world) error{
		"locked": func(w *world) error { return w.modify("joe", `{"locked":true}`) },
		"without the application": func(w *world) error {
			return w.modify("joe", `{"applications":[{"application":"http","authentication_methods":["password"]}]}`)
		},
		"deleted": func(w *world) error { return w.accounts.Delete(w.Context(), w.admin, []string{w.cluster.UUID, "joe"}) },
		"another's, made anew under the name": func(w *world) error {
			if err := w.accounts.Delete(w.Context(), w.admin, []string{w.cluster.UUID, "joe"}); err != nil {
				return err
			}
			return w.create(`{"name":"joe","password":"` + adminPassword + `","applications":[{"application":"ssh","authentication_methods":["password"]}]}`)
		},
	} {
		w := newWorld(t)
		joe := w.loggedIn(w.cluster.Owner())
		if err := change(w); err != nil {
			t.Fatal(err)
		}
		_, err := w.accounts.Renew(t.Context(), joe)
		wantCode(t, err, fault.Unauthenticated)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestWhoIsLoggedInFollowsTheirSVM(t *testing.T) {
	w := newWorld(t)
	joe := w.loggedIn(svm.Owner{UUID: w.svm1.UUID, Name: "svm1"})
	in, err := w.svms.Schema().ReadBody([]byte(`{"name":"svm9"}`), record.Modify)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.svms.Modify(t.Context(), w.admin, []string{w.svm1.UUID}, in); err != nil {
		t.Fatal(err)
	}
	if got, err := w.accounts.Renew(t.Context(), joe); err != nil || got.Caller.Owner.Name != "svm9" {
		t.Errorf("after a new name: %+v, %v", got, err)
	}
	if err := w.svms.Delete(t.Context(), w.admin, []string{w.svm1.UUID}); err != nil {
		t.Fatal(err)
	}
	_, err = w.accounts.Renew(t.Context(), joe)
	wantCode(t, err, fault.Unauthenticated)
}
