package diagnose_test

import (
	"context"
	"crypto/tls"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/localca"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	ikey = "DIQ7M2K9T4V1B8N3C6X5"
	skey = "canarykey0123456789canarykey0123456789ab"
)

// world is a cluster with two SVMs, and a simulator behind TLS.
type world struct {
	profiles *duo.ProfileService
	groups   *owned.Service[duo.Group]
	accounts *account.Service
	explain  *diagnose.Explainer
	tester   *diagnose.Tester
	links    *duolink.Links
	sim      *duosim.Sim
	apiHost  string
	cluster  svm.Cluster
	svm1     *svm.SVM
	svm2     *svm.SVM
	admin    svm.Caller
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{admin: svm.Caller{Name: "admin", Scope: svm.Everything(), Via: "test"}}
	roots := w.startDuo(t)
	keyset, err := seal.InMemory()
	if err != nil {
		t.Fatal(err)
	}
	w.links = duolink.New(duolink.Config{
		Secrets: keyset, RootCAs: roots.Pool(), Timeouts: duoapi.Timeouts{Connect: 2 * time.Second, Handshake: 2 * time.Second, Call: 2 * time.Second},
	})
	t.Cleanup(w.links.Close)
	ledger := audit.NewLedger(memstore.New(append(svm.Tables(), duo.Profiles, duo.Groups, account.Accounts)...), audittest.New(t))
	svms := svm.NewService(ledger, duo.Profiles, duo.Groups, account.Accounts)
	if w.cluster, err = svms.EnsureCluster(t.Context(), "lab-a"); err != nil {
		t.Fatal(err)
	}
	w.profiles = duo.NewProfileService(ledger, svms, keyset, w.links)
	w.groups = duo.NewGroupService(ledger, svms)
	w.accounts = account.NewService(account.Config{Ledger: ledger, SVMs: svms})
	w.explain = diagnose.NewExplainer(ledger, svms)
	w.tester = diagnose.NewTester(w.profiles, w.links)
	w.svm1 = give(t, svms.Schema(), svms.Create, w.admin, `{"name":"svm1"}`)
	w.svm2 = give(t, svms.Schema(), svms.Create, w.admin, `{"name":"svm2"}`)
	return w
}

func (w *world) startDuo(t *testing.T) *localca.CA {
	t.Helper()
	var err error
	w.sim, err = duosim.New(duosim.Config{Seed: duosim.Seed{
		Integrations: []duosim.Integration{{IKey: ikey, SKey: duosim.Secret{Text: secret.NewText(skey)}}},
		Users: []duosim.User{
			{Name: "alice", Devices: []duosim.Device{{Number: "+1 555 0100"}}},
			{Name: "bypass", State: duosim.Bypass, Devices: []duosim.Device{{Number: "+1 555 0101"}}},
			{Name: "disabled", State: duosim.Disabled, Devices: []duosim.Device{{Number: "+1 555 0102"}}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.sim.Close)
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(w.sim.API())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	w.apiHost = server.Listener.Addr().String()
	return ca
}

// profile creates a profile that works, with more members in front.
func (w *world) profile(t *testing.T, more string) {
	t.Helper()
	give(t, w.profiles.Schema(), w.profiles.Create, w.admin,
		`{`+more+`"api_host":"`+w.apiHost+`","integration_key":"`+ikey+`","secret_key":"`+skey+`"}`)
}

func (w *world) group(t *testing.T, body string) {
	t.Helper()
	give(t, w.groups.Schema(), w.groups.Create, w.admin, body)
}

// give creates one record.
func give[T any](t *testing.T, schema *record.Schema[T], create creating[T], caller svm.Caller, body string) *T {
	t.Helper()
	in, err := schema.ReadBody([]byte(body), record.Create)
	if err != nil {
		t.Fatal(err)
	}
	made, err := create(t.Context(), caller, in)
	if err != nil {
		t.Fatal(err)
	}
	return made.Record
}

type creating[T any] = func(context.Context, svm.Caller, record.Input[T]) (svm.Made[T], error)
