package svm_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestManyDifferentNamesAreTakenAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	const n = 100
	for i := range n {
		wg.Go(func() { w.create(fmt.Sprintf(`{"name":"svm%d"}`, i)) })
	}
	wg.Wait()
	snap := w.snapshot()
	for i := range n {
		if owner, ok := svm.ByName(snap, fmt.Sprintf("svm%d", i)); !ok || owner.Name != fmt.Sprintf("svm%d", i) {
			t.Errorf("svm%d is %+v, %v", i, owner, ok)
		}
	}
}

func TestOneOfTwoProcessesGetsAName(t *testing.T) {
	data := memstore.NewData()
	var services [2]*svm.Service
	for i := range services {
		s, err := data.Open(append(svm.Tables(), things)...)
		if err != nil {
			t.Fatal(err)
		}
		services[i] = svm.NewService(audit.NewLedger(s, audittest.New(t)), things)
		if _, err := services[i].EnsureCluster(t.Context(), "lab"); err != nil {
			t.Fatal(err)
		}
	}
	caller := svm.Caller{Name: "admin", Scope: svm.Everything()}
	for round := range 50 {
		var errs [2]error
		var wg sync.WaitGroup
		for i, s := range services {
			in, err := s.Schema().ReadBody(fmt.Appendf(nil, `{"name":"svm%d"}`, round), record.Create)
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() { _, errs[i] = s.Create(t.Context(), caller, in) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errs[0], fault.Exists) && !fault.Is(errs[1], fault.Exists) {
			t.Fatalf("round %d: %v and %v, want one of them and Exists", round, errs[0], errs[1])
		}
	}
}

func TestANameIsFreeAgainOnceItsOwnerHasAnotherOrIsGone(t *testing.T) {
	w := newWorld(t)
	one, two := w.create(`{"name":"one"}`), w.create(`{"name":"two"}`)
	wantCode(t, w.modify(two.UUID, `{"name":"one"}`), fault.Exists)
	wantCode(t, w.modify(two.UUID, `{"name":"lab"}`), fault.Exists)
	if err := w.modify(one.UUID, `{"name":"three"}`); err != nil {
		t.Fatal(err)
	}
	if err := w.modify(two.UUID, `{"name":"one"}`); err != nil {
		t.Fatal(err)
	}
	if err := w.svms.Delete(t.Context(), w.admin, []string{one.UUID}); err != nil {
		t.Fatal(err)
	}
	three := w.create(`{"name":"three"}`)
	for name, want := range map[string]string{"one": two.UUID, "two": "", "three": three.UUID, "lab": w.cluster.UUID} {
		if owner, ok := svm.ByName(w.snapshot(), name); owner.UUID != want || ok != (want != "") {
			t.Errorf("%s is %+v, %v; want %q", name, owner, ok, want)
		}
	}
}
