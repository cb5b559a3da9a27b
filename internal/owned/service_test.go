package owned_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestAnUndoIsConfinedToTheCallersScope(t *testing.T) {
	ledger := audit.NewLedger(memstore.New(append(svm.Tables(), duo.Groups)...), audittest.New(t))
	svms := svm.NewService(ledger, duo.Groups)
	cluster, err := svms.EnsureCluster(t.Context(), "lab")
	if err != nil {
		t.Fatal(err)
	}
	groups := duo.NewGroupService(ledger, svms)
	admin := svm.Caller{Name: "admin", Scope: svm.Everything()}
	input := func(body string, op record.Op) record.Input[duo.Group] {
		t.Helper()
		in, err := groups.Schema().ReadBody([]byte(body), op)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	if _, err := groups.Create(t.Context(), admin, input(`{"name":"admins","comment":"before"}`, record.Create)); err != nil {
		t.Fatal(err)
	}
	key := []string{cluster.UUID, "admins"}
	before, err := groups.Modify(t.Context(), admin, key, input(`{"comment":"after"}`, record.Modify))
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
		{"by who made the change", admin, "", "before"},
	} {
		t.Run(undo.name, func(t *testing.T) {
			if err := groups.Restore(t.Context(), undo.caller, before); fault.CodeOf(err) != undo.code {
				t.Errorf("got %v, want %q", err, undo.code)
			}
			got, err := groups.Find(t.Context(), admin, key)
			if err != nil || got.Comment != undo.want {
				t.Errorf("got %+v, %v, want the comment %q", got, err, undo.want)
			}
		})
	}
}
