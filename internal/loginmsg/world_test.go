package loginmsg_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// world is a cluster "lab" with the SVMs svm1 and svm2.
type world struct {
	testing.TB

	store    *memstore.Store
	log      *audit.Log
	svms     *svm.Service
	messages *loginmsg.Service
	cluster  svm.Owner
	svm1     svm.Owner
	svm2     svm.Owner
	admin    svm.Caller
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{TB: tb, log: audittest.New(tb)}
	w.store = memstore.New(append(svm.Tables(), loginmsg.Table)...)
	ledger := audit.NewLedger(w.store, w.log)
	w.svms = svm.NewService(ledger, loginmsg.Table)
	w.messages = loginmsg.NewService(ledger, w.svms)
	cluster, err := w.svms.EnsureCluster(tb.Context(), "lab")
	w.must(err)
	w.cluster = cluster.Owner()
	w.admin = svm.Caller{Name: "admin", Owner: w.cluster, Scope: svm.Everything(), From: "192.0.2.10", Via: "rest"}
	w.svm1, w.svm2 = w.addSVM("svm1"), w.addSVM("svm2")
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) addSVM(name string) svm.Owner {
	w.Helper()
	in, err := w.svms.Schema().ReadFlags([]record.Param{{Name: "name", Value: name}}, record.Create)
	w.must(err)
	vm, err := w.svms.Create(w.Context(), w.admin, in)
	w.must(err)
	return svm.Owner{UUID: vm.Record.UUID, Name: vm.Record.Name}
}

// account is an administrator of an owner.
func (w *world) account(owner svm.Owner) svm.Caller {
	c := svm.Caller{Name: "vsadmin", Owner: owner, Scope: svm.Within(owner.UUID)}
	if owner == w.cluster {
		c.Scope = svm.Everything()
	}
	return c
}

// set modifies an owner's texts by a REST body.
func (w *world) set(caller svm.Caller, owner svm.Owner, body string) error {
	in, err := loginmsg.Schema().ReadBody([]byte(body), record.Modify)
	if err == nil {
		_, err = w.messages.Modify(w.Context(), caller, []string{owner.UUID}, in)
	}
	return err
}

func (w *world) mustSet(owner svm.Owner, body string) {
	w.Helper()
	w.must(w.set(w.admin, owner, body))
}

func (w *world) motd(owner svm.Owner) string {
	return w.messages.Motd(w.Context(), account.Principal{Caller: w.account(owner)})
}

// owners lists whose texts a caller sees, from a key on.
func (w *world) owners(caller svm.Caller, from []string) []string {
	w.Helper()
	var names []string
	for m, err := range w.messages.Rows(w.Context(), caller, from) {
		w.must(err)
		names = append(names, m.Owner.Name)
	}
	return names
}

func wantCode(tb testing.TB, err error, want fault.Code) {
	tb.Helper()
	if got := fault.CodeOf(err); got != want {
		tb.Errorf("got %q (%v), want %q", got, err, want)
	}
}
