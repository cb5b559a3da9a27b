package account_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

const overHTTP = `"applications":[{"application":"http","authentication_methods":["password"]}]`

func TestAnsibleFindsTheAccountItMade(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe","role.name":"admin","locked":false,"password":"secret-word-1","applications":[` +
		`{"application":"http","authentication_methods":["password"]},` +
		`{"application":"ssh","authentication_methods":["publickey","password"]}]}`)
	schema := w.accounts.Schema()
	sel, err := schema.ParseSelection("role,applications,locked", false)
	if err != nil {
		t.Fatal(err)
	}
	got := schema.Project(w.find(w.cluster.UUID, "joe"), sel).String()
	want := "{owner={uuid=" + w.cluster.UUID + " name=lab} name=joe applications=" +
		"{application=http authentication_methods=password second_authentication_method=none}," +
		"{application=ssh authentication_methods=password,publickey second_authentication_method=none} role={name=admin} locked=false}"
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	query, err := schema.ParseQuery([]record.Param{{Name: "name", Value: "joe"}, {Name: "scope", Value: "cluster"}}, record.ListMode)
	if err != nil {
		t.Fatal(err)
	}
	page, err := query.Run(t.Context(), w.accounts.Rows(t.Context(), w.admin, query.From()), nil)
	if err != nil || page.Count != 1 {
		t.Errorf("got %d records, %v; want 1", page.Count, err)
	}
}

func TestWhatIsNotGivenFollowsFromTheOwner(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe",` + overHTTP + `}`)
	w.mustCreate(`{"name":"joe","owner.name":"svm1",` + overHTTP + `}`)
	a, b := w.find(w.cluster.UUID, "joe"), w.find(w.svm1.UUID, "joe")
	if got, want := a.Role+" "+a.Scope+" "+a.Owner.Name, "admin cluster lab"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := b.Role+" "+b.Scope+" "+b.Owner.Name, "vsadmin svm svm1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatAnAccountMayNotBe(t *testing.T) {
	w := newWorld(t)
	app := func(elements string) string { return `{"name":"joe","applications":[` + elements + `]}` }
	for _, test := range []struct {
		name, body string
		want       fault.Code
		message    string // part of it
	}{
		{"no applications", `{"name":"joe"}`, fault.MissingField, "applications"},
		{"an empty list of applications", app(``), fault.BadValue, "applications"},
		{"no name", `{` + overHTTP + `}`, fault.MissingField, "name"},
		{"a name twice", `{"name":"admin",` + overHTTP + `}`, fault.Exists, "duplicate entry"},
		{"a short name", `{"name":"jo",` + overHTTP + `}`, fault.NameLength, "3 to 64"},
		{"a long name", `{"name":"` + strings.Repeat("j", 65) + `",` + overHTTP + `}`, fault.NameLength, "3 to 64"},
		{"a colon in the name, which Basic cannot carry", `{"name":"joe:1",` + overHTTP + `}`, fault.NameCharacters, "letters, digits"},
		{"a slash in the name", `{"name":"joe/1",` + overHTTP + `}`, fault.NameCharacters, "letters, digits"},
		{"a hyphen first", `{"name":"-joe",` + overHTTP + `}`, fault.NameCharacters, "beginning with"},
		{"a name of the system's", `{"name":"Root",` + overHTTP + `}`, fault.ReservedName, "choose another"},
		{"an owner that is not there", `{"name":"joe","owner.name":"svm9",` + overHTTP + `}`, fault.NoSuchOwner, "svm9"},
		{"a role that is not there", `{"name":"joe","role":"king",` + overHTTP + `}`, fault.NoSuchRole, "admin, login, none, readonly"},
		{"an SVM's role for the cluster", `{"name":"joe","role":"vsadmin",` + overHTTP + `}`, fault.RoleScope, "admin, login, none, readonly"},
		{"the cluster's role for an SVM", `{"name":"joe","owner.name":"svm1","role":{"name":"admin"},` + overHTTP + `}`, fault.RoleScope, "vsadmin"},
		{"an unknown application", app(`{"application":"telnet","authentication_methods":["password"]}`), fault.BadValue, "telnet"},
		{"an application without methods", app(`{"application":"http"}`), fault.MissingField, "authentication_methods"},
		{"a key over HTTP", app(`{"application":"http","authentication_methods":["publickey"]}`), fault.MethodPair, "certificate, domain, nsswitch, password, saml"},
		{"SAML over SSH", app(`{"application":"ssh","authentication_methods":["saml"]}`), fault.MethodPair, "password, publickey"},
		{"a second method over HTTP", app(`{"application":"http","authentication_methods":["password"],"second_authentication_method":"totp"}`), fault.MethodPair, "\"ssh\""},
		{"a second method after two", app(`{"application":"ssh","authentication_methods":["password","publickey"],"second_authentication_method":"totp"}`), fault.MethodPair, "one first method"},
		{"a password after a password", app(`{"application":"ssh","authentication_methods":["password"],"second_authentication_method":"password"}`), fault.MethodPair, "publickey, totp"},
		{"Duo as a second method", app(`{"application":"ssh","authentication_methods":["password"],"second_authentication_method":"duo"}`), fault.BadValue, "second_authentication_method"},
		{"an application twice", app(`{"application":"ssh","authentication_methods":["password"]},{"application":"ssh","authentication_methods":["publickey"]}`), fault.DuplicateValue, "one element"},
		{"a short password", `{"name":"joe","password":"short1",` + overHTTP + `}`, fault.PasswordLength, "8 to 128"},
		{"a long password", `{"name":"joe","password":"1` + strings.Repeat("x", 128) + `",` + overHTTP + `}`, fault.PasswordLength, "8 to 128"},
		{"a password without a digit", `{"name":"joe","password":"onlyletters",` + overHTTP + `}`, fault.PasswordContent, "letters and digits"},
		{"a password without a letter", `{"name":"joe","password":"1234567890",` + overHTTP + `}`, fault.PasswordContent, "letters and digits"},
		{"a password with the name", `{"name":"joe","password":"xxJOExx12",` + overHTTP + `}`, fault.PasswordContent, "name"},
		{"a password with a control character", `{"name":"joe","password":"abc\u0007def1",` + overHTTP + `}`, fault.PasswordContent, "control"},
		{"a scope", `{"name":"joe","scope":"svm",` + overHTTP + `}`, fault.NotSettable, "scope"},
		{"a group with a long name", `{"name":"joe","groups":["` + strings.Repeat("g", 257) + `"],` + overHTTP + `}`, fault.BadReason, "1 to 256"},
		{"a control character in the comment", `{"name":"joe","comment":"a\u001bb",` + overHTTP + `}`, fault.BadReason, "control"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := w.create(test.body)
			wantCode(t, err, test.want)
			if err != nil && !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %q, want %q in it", err, test.message)
			}
		})
	}
}

func TestWhatAnAccountMayBe(t *testing.T) {
	w := newWorld(t)
	for i, body := range []string{
		`"name":"joe"`,
		`"name":"CORP\\storage-admins"`,
		`"name":"joe.doe@example.com"`,
		`"name":"svc_backup$"`,
		`"name":"_joe","password":"pässwörd 1"`,
		`"name":"abc","password":"` + strings.Repeat("ß", 127) + `1"`,
		`"name":"bbb","role":"readonly","password_hash_algorithm":"sha512"`,
		`"name":"ccc","owner.name":"svm1","role":"vsadmin-readonly","groups":["CORP\\ops","dev"]`,
	} {
		w.mustCreate(`{` + body + `,` + overHTTP + `}`)
		w.mustCreate(fmt.Sprintf(`{"name":"ssh%d","applications":[{"application":"ssh","authentication_methods":["publickey"],"second_authentication_method":"password"}]}`, i))
	}
	if got := w.find(w.svm1.UUID, "ccc").Groups; len(got) != 2 {
		t.Errorf("got groups %v", got)
	}
}

func TestASVMsAccountChangesItsOwnPasswordAndNothingElse(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"joe", "ann"} {
		w.mustCreate(`{"name":"` + name + `","owner.name":"svm1","password":"first word 1",` + overHTTP + `}`)
	}
	joe := svm.Caller{Name: "joe", Owner: svm.Owner{UUID: w.svm1.UUID}, Scope: svm.Within(w.svm1.UUID)}
	scoped := svm.Caller{Name: "admin", Owner: w.cluster.Owner(), Scope: svm.Within(w.svm1.UUID)}
	modify := func(caller svm.Caller, owner, name, body string) error {
		return w.modifyAs(caller, owner, name, body)
	}
	in, err := w.accounts.Schema().ReadBody([]byte(`{"name":"eve",`+overHTTP+`}`), record.Create)
	if err != nil {
		t.Fatal(err)
	}
	_, created := w.accounts.Create(t.Context(), joe, in)
	for _, test := range []struct {
		name string
		err  error
		want fault.Code
	}{
		{"its own password", modify(joe, w.svm1.UUID, "joe", `{"password":"second word 2"}`), ""},
		{"its own role", modify(joe, w.svm1.UUID, "joe", `{"role":"none"}`), fault.Denied},
		{"its own lock, with the password", modify(joe, w.svm1.UUID, "joe", `{"locked":true,"password":"third word 3"}`), fault.Denied},
		{"another's password", modify(joe, w.svm1.UUID, "ann", `{"password":"second word 2"}`), fault.Denied},
		{"another's password, guessing it", modify(joe, w.svm1.UUID, "ann", `{"password":"first word 1"}`), fault.Denied},
		{"the cluster's account", modify(joe, w.cluster.UUID, "admin", `{"password":"second word 2"}`), fault.NotFound},
		{"creating", created, fault.Denied},
		{"deleting", w.accounts.Delete(t.Context(), joe, []string{w.svm1.UUID, "ann"}), fault.Denied},
		{"deleting itself", w.accounts.Delete(t.Context(), joe, []string{w.svm1.UUID, "joe"}), fault.Denied},
		{"the cluster's caller in the SVM's scope", modify(scoped, w.svm1.UUID, "ann", `{"role":"none"}`), ""},
	} {
		t.Run(test.name, func(t *testing.T) { wantCode(t, test.err, test.want) })
	}
}

func TestTheSamePasswordAgainIsRefusedInWordsThatAnsibleKnows(t *testing.T) {
	w := newWorld(t)
	err := w.modify("admin", `{"password":"`+adminPassword+`"}`)
	wantCode(t, err, fault.PasswordContent)
	if err == nil || !strings.HasPrefix(err.Error(), "New password must be different than the old password.") {
		t.Errorf("got %v", err)
	}
}

func TestDeletingASVMDeletesItsAccounts(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe","owner.name":"svm1","password":"first word 1",` + overHTTP + `}`)
	if _, err := w.login(`svm1\joe`, "first word 1", home); err != nil {
		t.Fatal(err)
	}
	if err := w.svms.Delete(t.Context(), w.admin, []string{w.svm1.UUID}); err != nil {
		t.Fatal(err)
	}
	_, err := w.login(`svm1\joe`, "first word 1", home)
	wantCode(t, err, fault.Unauthenticated)
	_, err = w.accounts.Find(t.Context(), w.admin, []string{w.svm1.UUID, "joe"})
	wantCode(t, err, fault.NotFound)
}

func TestAPasswordIsNowhereToBeFound(t *testing.T) {
	w := newWorld(t)
	const canary = "canary-in-a-mine-1"
	w.mustCreate(`{"name":"joe","password":"` + canary + `",` + overHTTP + `}`)
	if err := w.modify("joe", `{"password":"`+canary+`-changed"}`); err != nil {
		t.Fatal(err)
	}
	joe := w.find(w.cluster.UUID, "joe")
	doc, err := account.Accounts.Encode(joe)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(w.log.Path())
	if err != nil {
		t.Fatal(err)
	}
	schema := w.accounts.Schema()
	all := map[string]string{
		"the store": string(doc), "the audit log": string(lines), "the fields": schema.Project(joe, schema.All()).String(),
		"a print": fmt.Sprintf("%v %+v %#v %s", joe, joe, joe, joe.Password),
	}
	for where, text := range all {
		if strings.Contains(text, canary) {
			t.Errorf("the password is in %s: %s", where, text)
		}
		for _, guess := range []string{canary, canary + "-changed"} {
			if sum := secret.NewText(guess).Fingerprint(); strings.Contains(text, sum) {
				t.Errorf("a hash that can be guessed at is in %s", where)
			}
		}
	}
	if !bytes.Contains(doc, []byte("$argon2id$v=19$")) {
		t.Errorf("no hash in %s", doc)
	}
	if strings.Contains(all["a print"], "argon2id") || strings.Contains(all["the fields"], "argon2id$") {
		t.Error("the hash is printed")
	}
}

func TestTheFirstAccountIsMadeOnceAndByTheRules(t *testing.T) {
	w := newWorld(t)
	made, err := w.accounts.EnsureAdmin(t.Context(), secret.NewText("another word 1"))
	if made || err != nil {
		t.Errorf("got %v, %v for a cluster with accounts", made, err)
	}
	if _, err := w.login("admin", adminPassword, home); err != nil {
		t.Errorf("the password changed: %v", err)
	}
	snap, err := w.ledger.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, version := account.Accounts.Get(snap, store.JoinKey(w.cluster.UUID, "admin"))
	if _, err := w.store.Commit(t.Context(), account.Accounts.Delete(store.JoinKey(w.cluster.UUID, "admin"), version)); err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"short1", "onlyletters", "Admin12345"} {
		if made, err := w.accounts.EnsureAdmin(t.Context(), secret.NewText(password)); made || err == nil {
			t.Errorf("the password %q is taken", password)
		}
	}
	made, err = w.accounts.EnsureAdmin(t.Context(), secret.NewText("another word 1"))
	if !made || err != nil {
		t.Errorf("got %v, %v for a cluster without accounts", made, err)
	}
}

func TestARandomPasswordKeepsTheRules(t *testing.T) {
	w := newWorld(t)
	for range 200 {
		in, err := w.accounts.Schema().ReadBody([]byte(`{"password":"`+account.NewPassword("kay").Reveal()+`"}`), record.Modify)
		if err != nil || !in.Has("password") {
			t.Fatalf("refused: %v", err)
		}
	}
}

func TestEveryChangeHasItsLine(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe","password":"first word 1",` + overHTTP + `}`)
	if err := w.modify("joe", `{"locked":true}`); err != nil {
		t.Fatal(err)
	}
	if err := w.accounts.Delete(t.Context(), w.admin, []string{w.cluster.UUID, "joe"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range audittest.Lines(t, w.log) {
		if line.Resource == "account" {
			got = append(got, strings.Join([]string{line.Who.Name, line.Event, line.Key, string(line.Outcome), line.Fields["locked"]}, " "))
		}
	}
	want := []string{"duoplane create lab/admin done ", "admin create lab/joe done ", "admin modify lab/joe done true", "admin delete lab/joe done "}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}
