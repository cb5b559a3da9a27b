package owned_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// world is a cluster with an SVM "svm1" and Duo groups.
type world struct {
	testing.TB

	store   *rival
	svms    *svm.Service
	groups  *owned.Service[duo.Group]
	cluster svm.Cluster
	svm1    *svm.SVM
	admin   svm.Caller
}

// A rival is a store in which somebody else may be a little faster.
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

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		TB: t, store: &rival{Store: memstore.New(append(svm.Tables(), duo.Groups)...)},
		admin: svm.Caller{Name: "admin", Scope: svm.Everything()},
	}
	ledger := audit.NewLedger(w.store, audittest.New(t))
	w.svms = svm.NewService(ledger, duo.Groups)
	w.groups = duo.NewGroupService(ledger, w.svms)
	var err error
	if w.cluster, err = w.svms.EnsureCluster(t.Context(), "lab"); err != nil {
		t.Fatal(err)
	}
	in, err := w.svms.Schema().ReadBody([]byte(`{"name":"svm1"}`), record.Create)
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.svms.Create(t.Context(), w.admin, in)
	if err != nil {
		t.Fatal(err)
	}
	w.svm1 = made.Record
	return w
}

func (w *world) input(body string, op record.Op) record.Input[duo.Group] {
	w.Helper()
	in, err := w.groups.Schema().ReadBody([]byte(body), op)
	if err != nil {
		w.Fatal(err)
	}
	return in
}

// names are those of the groups that a caller sees.
func (w *world) names(caller svm.Caller) (names []string) {
	w.Helper()
	every, err := w.groups.Schema().ParseQuery(nil, record.ListMode)
	if err != nil {
		w.Fatal(err)
	}
	return w.matching(caller, every)
}

// matching are the names of those of them that a query asks for.
func (w *world) matching(caller svm.Caller, q record.Query[duo.Group]) (names []string) {
	w.Helper()
	for g, err := range w.groups.Rows(w.Context(), caller, nil) {
		if err != nil {
			w.Fatal(err)
		}
		if q.Match(g) {
			names = append(names, g.Owner.Name+"/"+g.Name)
		}
	}
	return names
}

func TestACallerSeesTheRecordsOfItsScope(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"name":"a"}`, `{"name":"b","owner.name":"svm1"}`} {
		if _, err := w.groups.Create(t.Context(), w.admin, w.input(body, record.Create)); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		scope svm.Scope
		want  []string
	}{
		{"everything", svm.Everything(), []string{"lab/a", "svm1/b"}},
		{"the cluster's", svm.Within(w.cluster.UUID), []string{"lab/a"}},
		{"an SVM's", svm.Within(w.svm1.UUID), []string{"svm1/b"}},
		{"another SVM's", svm.Within("another"), nil},
		{"a forgotten scope", svm.Scope{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, w.names(svm.Caller{Scope: test.scope})); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNothingIsMadeForAnSVMThatIsDeletedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.store.first = func() {
		others := svm.NewService(audit.NewLedger(w.store.Store, audittest.New(t)), duo.Groups)
		if err := others.Delete(t.Context(), w.admin, []string{w.svm1.UUID}); err != nil {
			t.Error(err)
		}
	}
	_, err := w.groups.Create(t.Context(), w.admin, w.input(`{"name":"orphan","owner.name":"svm1"}`, record.Create))
	if !fault.Is(err, fault.NoSuchOwner) {
		t.Errorf("got %v, want %q", err, fault.NoSuchOwner)
	}
	if left := w.names(w.admin); len(left) != 0 {
		t.Errorf("left without an owner: %q", left)
	}
}

func TestAnUndoIsConfinedToTheCallersScope(t *testing.T) {
	w := newWorld(t)
	if _, err := w.groups.Create(t.Context(), w.admin, w.input(`{"name":"admins","comment":"before"}`, record.Create)); err != nil {
		t.Fatal(err)
	}
	key := []string{w.cluster.UUID, "admins"}
	before, err := w.groups.Modify(t.Context(), w.admin, key, w.input(`{"comment":"after"}`, record.Modify))
	if err != nil {
		t.Fatal(err)
	}
	for _, undo := range []struct {
		name   string
		caller svm.Caller
		code   fault.Code
		want   string
	}{
		{"by another SVM's account", svm.Caller{Scope: svm.Within("another")}, fault.NotFound, "after"},
		{"by nobody", svm.Caller{}, fault.NotFound, "after"},
		{"by who made the change", w.admin, "", "before"},
	} {
		t.Run(undo.name, func(t *testing.T) {
			if err := w.groups.Restore(t.Context(), undo.caller, before); fault.CodeOf(err) != undo.code {
				t.Errorf("got %v, want %q", err, undo.code)
			}
			got, err := w.groups.Find(t.Context(), w.admin, key)
			if err != nil || got.Comment != undo.want {
				t.Errorf("got %+v, %v, want the comment %q", got, err, undo.want)
			}
		})
	}
}

// TestTakingBackIsOfOneVersion: what somebody else has made of the record since
// stays.
func TestTakingBackIsOfOneVersion(t *testing.T) {
	w := newWorld(t)
	made, err := w.groups.Create(t.Context(), w.admin, w.input(`{"name":"admins","comment":"first"}`, record.Create))
	if err != nil {
		t.Fatal(err)
	}
	key := []string{w.cluster.UUID, "admins"}
	modify := func(comment string) svm.Undo[duo.Group] {
		t.Helper()
		undo, err := w.groups.Modify(t.Context(), w.admin, key, w.input(`{"comment":"`+comment+`"}`, record.Modify))
		if err != nil {
			t.Fatal(err)
		}
		return undo
	}
	mine := modify("mine")
	modify("somebody else's")
	if err := w.groups.Restore(t.Context(), w.admin, mine); !fault.Is(err, fault.Raced) {
		t.Errorf("restored over it: %v", err)
	}
	if err := w.groups.Unmake(t.Context(), w.admin, made); !fault.Is(err, fault.Raced) {
		t.Errorf("removed with it: %v", err)
	}
	if got, err := w.groups.Find(t.Context(), w.admin, key); err != nil || got.Comment != "somebody else's" {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := w.groups.Delete(t.Context(), w.admin, key); err != nil {
		t.Fatal(err)
	}
	if err := w.groups.Unmake(t.Context(), w.admin, made); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if made, err = w.groups.Create(t.Context(), w.admin, w.input(`{"name":"admins"}`, record.Create)); err != nil {
		t.Fatal(err)
	}
	if err := w.groups.Unmake(t.Context(), w.admin, made); err != nil || len(w.names(w.admin)) != 0 {
		t.Errorf("a creation cannot be taken back: %v", err)
	}
}
