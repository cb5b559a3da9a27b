package svm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// ansibleFields is what na_ontap_svm of netapp.ontap 22.7 asks for.
const ansibleFields = "subtype,aggregates,language,snapshot_policy,ipspace,comment,nfs,cifs,fcp,iscsi,nvme,state,max_volumes,ndmp"

func show(t *testing.T, w *world, uuid string) string {
	t.Helper()
	vm, err := w.svms.Find(t.Context(), w.admin, []string{uuid})
	if err != nil {
		t.Fatal(err)
	}
	sel, err := w.svms.Schema().ParseSelection(ansibleFields, false)
	if err != nil {
		t.Fatal(err)
	}
	return w.svms.Schema().Project(vm, sel).String()
}

func TestAnsibleReadsEveryFieldOfAPlainSVM(t *testing.T) {
	w := newWorld(t)
	vm := w.create(`{"name":"svm1"}`)
	want := "{uuid=" + vm.UUID + " name=svm1 comment= state=running subtype=default language=c.utf_8 " +
		"ipspace={name=Default} snapshot_policy={name=default} max_volumes=unlimited aggregates=}"
	if diff := cmp.Diff(show(t, w, vm.UUID), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func TestAnsibleFindsWhatItSet(t *testing.T) {
	w := newWorld(t)
	vm := w.create(`{"name":"svm1","ipspace":"Default","snapshot_policy":"none","language":"en_us.utf_8","subtype":"default",` +
		`"max_volumes":"200","aggregates":[{"name":"aggr1"},{"name":"aggr2"}],"nfs":{"allowed":true,"enabled":true},"cifs":{"allowed":false}}`)
	want := "{uuid=" + vm.UUID + " name=svm1 comment= state=running subtype=default language=en_us.utf_8 " +
		"ipspace={name=Default} snapshot_policy={name=none} max_volumes=200 " +
		"aggregates={name=aggr1},{name=aggr2} nfs={allowed=true enabled=true} cifs={allowed=false}}"
	if diff := cmp.Diff(show(t, w, vm.UUID), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	before, err := w.svms.Find(t.Context(), w.admin, []string{vm.UUID})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.modify(vm.UUID, `{"nfs":{"allowed":false},"cifs":{"allowed":null},"state":"running"}`); err != nil {
		t.Fatal(err)
	}
	if p := before.Protocols["nfs"]; !*p.Allowed {
		t.Error("the modification wrote into the record as it was before")
	}
	after, err := w.svms.Find(t.Context(), w.admin, []string{vm.UUID})
	if err != nil {
		t.Fatal(err)
	}
	if nfs := after.Protocols["nfs"]; *nfs.Allowed || !*nfs.Enabled || after.Protocols["cifs"].Allowed != nil {
		t.Errorf("got %+v", after.Protocols)
	}
}

func TestWhatWouldBeALieIsRefused(t *testing.T) {
	for body, want := range map[string]fault.Code{
		`{"state":"stopped"}`:           fault.BadReason,
		`{"state":"sideways"}`:          fault.BadValue,
		`{"comment":"a\u0007b"}`:        fault.BadReason,
		`{"subtype":"dp_destination"}`:  fault.BadReason,
		`{"uuid":"x"}`:                  fault.NotSettable,
		`{"name":"a b"}`:                fault.NameCharacters,
		`{"aggregates":[{"uuid":"x"}]}`: fault.UnknownField,
		`{"quota":1}`:                   fault.UnknownField,
	} {
		t.Run(body, func(t *testing.T) {
			_, err := svm.Schema().ReadBody([]byte(body), record.Create)
			wantCode(t, err, want)
		})
	}
}

func TestTheClusterShowsItsVersionHonestly(t *testing.T) {
	w := newWorld(t)
	service, schema := svm.NewClusterService(w.ledger), svm.ClusterSchema("1.2.3")
	cluster, err := service.Find(t.Context(), svm.Caller{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sel, err := schema.ParseSelection("version", false)
	if err != nil {
		t.Fatal(err)
	}
	want := "{version={full=Duoplane 1.2.3 (compatible with ONTAP 9.16.1) generation=9 major=16 minor=1}}"
	if got := schema.Project(cluster, sel).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	all := schema.Project(cluster, schema.All())
	if all.Member("name").Str() != "lab" || all.Member("uuid").Str() != w.cluster.UUID {
		t.Errorf("got %s", all)
	}
	for c, err := range service.Rows(t.Context(), svm.Caller{}, nil) {
		if err != nil || *c != *cluster {
			t.Errorf("got %v, %v", c, err)
		}
	}
}

func TestThereIsOneNodeForTheClustersCallers(t *testing.T) {
	w := newWorld(t)
	service, schema := svm.NewNodeService(w.ledger), svm.NodeSchema("1.2.3")
	var node *svm.Node
	for n, err := range service.Rows(t.Context(), w.admin, nil) {
		if err != nil || node != nil {
			t.Fatalf("got %v, %v", n, err)
		}
		node = n
	}
	if got := schema.Project(node, schema.Identity()).String(); got != "{uuid="+node.UUID+" name=lab-01}" {
		t.Errorf("got %s", got)
	}
	found, err := service.Find(t.Context(), w.admin, []string{node.UUID})
	if err != nil || *found != *node {
		t.Errorf("got %v, %v", found, err)
	}
	_, err = service.Find(t.Context(), w.admin, []string{"0"})
	wantCode(t, err, fault.NotFound)
	_, err = service.Find(t.Context(), svm.Caller{Scope: svm.Within("x")}, []string{node.UUID})
	wantCode(t, err, fault.NotFound)
}

func TestAStoreThatIsAwayIsSaidSo(t *testing.T) {
	s := memstore.New(svm.Tables()...)
	ledger := audit.NewLedger(s, audittest.New(t))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := svm.NewService(ledger).Find(t.Context(), svm.Starter(), []string{"x"})
	wantCode(t, err, fault.Unavailable)
	_, err = svm.NewNodeService(ledger).Find(t.Context(), svm.Starter(), []string{"x"})
	wantCode(t, err, fault.Unavailable)
	for _, err := range svm.NewService(ledger).Rows(t.Context(), svm.Starter(), nil) {
		wantCode(t, err, fault.Unavailable)
	}
}
