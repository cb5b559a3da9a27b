package account_test

import (
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

const adminPassword = "correct horse 1"

var home = netip.MustParseAddr("192.0.2.1")

// world is a cluster "lab" with the account admin and an SVM "svm1".
type world struct {
	testing.TB

	store    store.Store
	log      *audit.Log
	ledger   *audit.Ledger
	svms     *svm.Service
	accounts *account.Service
	cluster  svm.Cluster
	svm1     *svm.SVM
	admin    svm.Caller
	clock    *clock
}

// clock is the service's time.
type clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		TB: tb, store: memstore.New(append(svm.Tables(), account.Accounts, account.PublicKeys)...), log: audittest.New(tb),
		clock: &clock{now: time.Date(2026, 8, 4, 9, 0, 0, 0, time.UTC)},
	}
	w.ledger = audit.NewLedger(w.store, w.log)
	w.svms = svm.NewService(w.ledger, account.Accounts, account.PublicKeys)
	w.accounts = account.NewService(account.Config{
		Ledger: w.ledger, SVMs: w.svms, Now: w.clock.Now, Logger: slog.New(slog.NewTextHandler(tb.Output(), nil)),
	})
	w.accounts.CheapHashes()
	var err error
	if w.cluster, err = w.svms.EnsureCluster(tb.Context(), "lab"); err != nil {
		tb.Fatal(err)
	}
	if made, err := w.accounts.EnsureAdmin(tb.Context(), secret.NewText(adminPassword)); !made || err != nil {
		tb.Fatalf("no first account: %v, %v", made, err)
	}
	w.admin = svm.Caller{Name: account.AdminName, Owner: w.cluster.Owner(), Scope: svm.Everything()}
	in, err := w.svms.Schema().ReadBody([]byte(`{"name":"svm1"}`), record.Create)
	if err != nil {
		tb.Fatal(err)
	}
	made, err := w.svms.Create(tb.Context(), w.admin, in)
	if err != nil {
		tb.Fatal(err)
	}
	w.svm1 = made.Record
	return w
}

func (w *world) create(body string) error {
	in, err := w.accounts.Schema().ReadBody([]byte(body), record.Create)
	if err == nil {
		_, err = w.accounts.Create(w.Context(), w.admin, in)
	}
	return err
}

func (w *world) mustCreate(body string) {
	w.Helper()
	if err := w.create(body); err != nil {
		w.Fatalf("create %s: %v", body, err)
	}
}

// modify changes an account of the cluster.
func (w *world) modify(name, body string) error {
	return w.modifyAs(w.admin, w.cluster.UUID, name, body)
}

func (w *world) modifyAs(caller svm.Caller, owner, name, body string) error {
	in, err := w.accounts.Schema().ReadBody([]byte(body), record.Modify)
	if err == nil {
		_, err = w.accounts.Modify(w.Context(), caller, []string{owner, name}, in)
	}
	return err
}

func (w *world) find(owner, name string) *account.Account {
	w.Helper()
	a, err := w.accounts.Find(w.Context(), w.admin, []string{owner, name})
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// login presents a password over HTTP.
func (w *world) login(user, password string, from netip.Addr) (account.Principal, error) {
	return w.accounts.Authenticate(w.Context(), account.Credentials{
		Application: account.HTTP, User: user, Password: secret.NewText(password), From: from, Via: "rest", Request: "r-1",
	})
}

func wantCode(tb testing.TB, err error, want fault.Code) {
	tb.Helper()
	if got := fault.CodeOf(err); got != want {
		tb.Errorf("got %q (%v), want %q", got, err, want)
	}
}
