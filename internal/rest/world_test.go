package rest_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
	"github.com/duoplane/duoplane/internal/trail"
)

// A prober finds Duo in good health, but for one host.
type prober struct{}

func (prober) Status(_ context.Context, p *duo.Profile) string {
	if strings.HasPrefix(p.APIHost, "api-down.") {
		return "API host cannot be reached"
	}
	return "Ok"
}

// serveReal lets a site serve the resources there really are, over a store in
// memory: the cluster lab-a, its SVM svm_eng and the sampleRecords.
func serveReal(t *testing.T, ids *translation) siteOption {
	t.Helper()
	log := audittest.New(t)
	st := memstore.New(append(svm.Tables(), account.Accounts, account.PublicKeys, duo.Profiles, duo.Groups, loginmsg.Table)...)
	ledger := audit.NewLedger(st, log)
	svms := svm.NewService(ledger, account.Accounts, account.PublicKeys, duo.Profiles, duo.Groups, loginmsg.Table)
	keys, err := seal.InMemory()
	if err != nil {
		t.Fatal(err)
	}
	s := rest.Services{
		Profiles: duo.NewProfileService(ledger, svms, keys, prober{}),
		Groups:   duo.NewGroupService(ledger, svms),
		Accounts: account.NewService(account.Config{Ledger: ledger, SVMs: svms, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}),
		Roles:    account.NewRoleService(ledger),
		SVMs:     svms,
		Cluster:  svm.NewClusterService(ledger),
		Nodes:    svm.NewNodeService(ledger),
		Messages: loginmsg.NewService(ledger, svms),
		Trail:    trail.NewService(ledger),
		Version:  "1.2.3",
	}
	addOurs(t, &s, ledger, keys)
	cluster, err := svms.EnsureCluster(t.Context(), "lab-a")
	if err != nil {
		t.Fatal(err)
	}
	ids.pair(clusterUUID, cluster.UUID)
	if _, err := s.Accounts.EnsureAdmin(t.Context(), secret.NewText(password)); err != nil {
		t.Fatal(err)
	}
	admin := svm.Caller{Name: "admin", Owner: cluster.Owner(), Scope: svm.Everything()}
	eng := give(t, s.SVMs.Schema(), s.SVMs, admin, `{"name":"svm_eng"}`)
	ids.pair(engUUID, eng.UUID)
	give(t, s.Profiles.Schema(), s.Profiles, admin, `{"api_host":"api-3f9c21ab.duosecurity.com","integration_key":"DIQ7M2K9T4V1B8N3C6X5","secret_key":"canary-1","comment":"console logins"}`)
	give(t, s.Groups.Schema(), s.Groups, admin, `{"name":"storage-admins","excluded_users":["breakglass"]}`)
	give(t, s.Groups.Schema(), s.Groups, admin, `{"name":"CORP\\oper/ators","owner.name":"svm_eng"}`)
	http := `"applications":[{"application":"http","authentication_methods":["password"]}],"password":"` + password + `"`
	give(t, s.Accounts.Schema(), s.Accounts, admin, `{"name":"reader","role":"readonly",`+http+`}`)
	give(t, s.Accounts.Schema(), s.Accounts, admin, `{"name":"dave","owner.name":"svm_eng",`+http+`}`)
	return func(cfg *rest.Config, _ *rest.ServerConfig) {
		cfg.Resources = rest.Routes(s)
		cfg.ScopeTo = svms.ScopeTo
		cfg.Authenticate = func(ctx context.Context, given rest.Credentials) (rest.Principal, error) {
			return s.Accounts.Begin(ctx, account.Credentials{Application: account.HTTP, User: given.User, Password: given.Password, From: given.From, Via: "rest"})
		}
	}
}

// give creates one record.
func give[T any](t *testing.T, schema *record.Schema[T], s rest.Service[T], caller svm.Caller, body string) *T {
	t.Helper()
	in, err := schema.ReadBody([]byte(body), record.Create)
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.Create(t.Context(), caller, in)
	if err != nil {
		t.Fatal(err)
	}
	return made.Record
}
