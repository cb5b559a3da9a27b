package account_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestWhatTheRolesAllow(t *testing.T) {
	const (
		duo      = "/api/security/authentication/duo/profiles"
		accounts = "/api/security/accounts"
		keys     = "/api/security/authentication/publickeys"
	)
	all := []string{"GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"}
	read := all[:3]
	change := []string{"GET", "HEAD", "OPTIONS", "PATCH"}
	for _, test := range []struct {
		role, scope, path string
		want              []string
	}{
		{"admin", "cluster", "/api/cluster", all},
		{"admin", "cluster", "/api/private/cli/security/login", all},
		{"admin", "cluster", "/api", all},
		{"admin", "cluster", "/", nil},
		{"admin", "cluster", "/apiary", nil},
		{"admin", "svm", "/api/cluster", nil},
		{"readonly", "cluster", duo, read},
		{"readonly", "cluster", accounts, read},
		{"login", "cluster", "/api/duoplane/authenticate", all},
		{"login", "cluster", "/api/duoplane/logins", nil},
		{"login", "cluster", "/api/cluster", nil},
		{"login", "cluster", duo, nil},
		{"login", "svm", "/api/duoplane/authenticate", all},
		{"login", "svm", accounts, nil},
		{"readonly", "cluster", "/api/duoplane/authenticate", read},
		{"readonly", "cluster", "/api/duoplane/profiles", read},
		{"vsadmin", "svm", "/api/duoplane/authenticate", nil},
		{"vsadmin", "svm", "/api/duoplane/profiles", all},
		{"vsadmin", "svm", "/api/duoplane/logins", read},
		{"vsadmin-readonly", "svm", "/api/duoplane/explain", read},
		{"vsadmin-readonly", "svm", "/api/duoplane/profiles", nil},
		{"none", "cluster", "/api/cluster", nil},
		{"none", "svm", "/api/cluster", nil},
		{"king", "cluster", "/api/cluster", nil},
		{"", "", "/api/cluster", nil},
		{"vsadmin", "svm", duo, all},
		{"vsadmin", "svm", "/api/security/authentication/duo", all},
		{"vsadmin", "svm", "/api/security/authentication/duologue", nil},
		{"vsadmin", "svm", "/api/security/authentication", nil},
		{"vsadmin", "svm", accounts, change},
		{"vsadmin", "svm", keys, all},
		{"vsadmin", "svm", "/api/security/roles", read},
		{"vsadmin", "svm", "/api/svm/svms", read},
		{"vsadmin", "svm", "/api/svm/peers", nil},
		{"vsadmin", "svm", "/api/cluster/jobs", read},
		{"vsadmin", "svm", "/api/private/cli/security/login/duo/group", all},
		{"vsadmin", "svm", "/api/private/cli/security/login", nil},
		{"vsadmin", "cluster", duo, nil},
		{"vsadmin-readonly", "svm", duo, read},
		{"vsadmin-readonly", "svm", accounts, read},
		{"vsadmin-readonly", "svm", keys, read},
		{"readonly", "cluster", keys, read},
		{"login", "svm", keys, nil},
	} {
		t.Run(test.role+" of "+test.scope+" on "+test.path, func(t *testing.T) {
			p := account.Principal{Role: test.role, Scope: test.scope}
			var got []string
			for _, method := range append(slices.Clone(all), "TRACE", "get", "") {
				if p.May(method, test.path) {
					got = append(got, method)
				}
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

func TestTheLongestPathDecidesInAnyOrder(t *testing.T) {
	above, below := account.Privilege{Path: "/api", Access: account.AccessAll}, account.Privilege{Path: "/api/security/accounts", Access: account.AccessNone}
	for _, privileges := range [][]account.Privilege{{above, below}, {below, above}} {
		r := account.Role{Privileges: privileges}
		if r.May("GET", "/api/security/accounts") || !r.May("GET", "/api/security") {
			t.Errorf("with %v another path than the longest decides", privileges)
		}
	}
}

func TestRolesAreListedByOwner(t *testing.T) {
	w := newWorld(t)
	service := account.NewRoleService(w.ledger)
	list := func(caller svm.Caller, from []string) (keys []string) {
		t.Helper()
		for r, err := range service.Rows(t.Context(), caller, from) {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, r.Owner.UUID+"/"+r.Name)
		}
		return keys
	}
	c, s := w.cluster.UUID, w.svm1.UUID
	all := []string{
		c + "/admin", c + "/login", c + "/none", c + "/readonly",
		s + "/login", s + "/none", s + "/vsadmin", s + "/vsadmin-readonly",
	}
	within := svm.Caller{Scope: svm.Within(s)}
	for _, test := range []struct {
		name   string
		caller svm.Caller
		from   []string
		want   []string
	}{
		{"all", w.admin, nil, all},
		{"from a key", w.admin, []string{c, "none"}, all[2:]},
		{"from between two keys", w.admin, []string{c, "nonf"}, all[3:]},
		{"from the start of an owner", w.admin, []string{s}, all[4:]},
		{"behind the last", w.admin, []string{s, "~"}, nil},
		{"confined", within, nil, all[4:]},
		{"confined, from a key", within, []string{s, "vsadmin"}, all[6:]},
		{"no scope", svm.Caller{}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(list(test.caller, test.from), test.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
	for _, err := range service.Rows(t.Context(), w.admin, nil) {
		wantCode(t, err, "")
		break // stopping early is allowed
	}
}

func TestARoleIsShownWithItsPrivileges(t *testing.T) {
	w := newWorld(t)
	service, schema := account.NewRoleService(w.ledger), account.RoleSchema()
	r, err := service.Find(t.Context(), w.admin, []string{w.cluster.UUID, "readonly"})
	if err != nil {
		t.Fatal(err)
	}
	want := "{owner={uuid=" + w.cluster.UUID + " name=lab} name=readonly privileges={path=/api access=readonly} builtin=true scope=cluster}"
	if got := schema.Project(r, schema.All()).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, key := range [][]string{{w.cluster.UUID, "vsadmin"}, {w.cluster.UUID, "zz"}, {"x", "admin"}, {w.cluster.UUID}, nil} {
		t.Run(strings.Join(key, "/"), func(t *testing.T) {
			_, err := service.Find(t.Context(), w.admin, key)
			wantCode(t, err, fault.NotFound)
		})
	}
}
