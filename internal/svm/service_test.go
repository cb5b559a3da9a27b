package svm_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// things are records that belong to owners.
var things = &store.Table[struct{}]{Name: "thing", DocVersion: 1}

// world is a cluster "lab" with a service over it.
type world struct {
	*testing.T

	store   *memstore.Store
	log     *audit.Log
	ledger  *audit.Ledger
	svms    *svm.Service
	cluster svm.Cluster
	admin   svm.Caller
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, store: memstore.New(append(svm.Tables(), things)...), log: audittest.New(t)}
	w.ledger = audit.NewLedger(w.store, w.log)
	w.svms = svm.NewService(w.ledger, things)
	var err error
	if w.cluster, err = w.svms.EnsureCluster(t.Context(), "lab"); err != nil {
		t.Fatal(err)
	}
	w.admin = svm.Caller{Name: "admin", Owner: w.cluster.Owner(), Scope: svm.Everything()}
	return w
}

func (w *world) input(body string, op record.Op) record.Input[svm.SVM] {
	w.Helper()
	in, err := w.svms.Schema().ReadBody([]byte(body), op)
	if err != nil {
		w.Fatalf("read %s: %v", body, err)
	}
	return in
}

func (w *world) create(body string) *svm.SVM {
	w.Helper()
	vm, err := w.svms.Create(w.Context(), w.admin, w.input(body, record.Create))
	if err != nil {
		w.Fatalf("create %s: %v", body, err)
	}
	return vm.Record
}

func (w *world) modify(uuid, body string) error {
	w.Helper()
	_, err := w.svms.Modify(w.Context(), w.admin, []string{uuid}, w.input(body, record.Modify))
	return err
}

func (w *world) snapshot() store.Snapshot {
	w.Helper()
	snap, err := w.ledger.Snapshot(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return snap
}

// names lists what a caller sees from a key on.
func (w *world) names(caller svm.Caller, from []string) []string {
	w.Helper()
	var out []string
	for vm, err := range w.svms.Rows(w.Context(), caller, from) {
		if err != nil {
			w.Fatal(err)
		}
		out = append(out, vm.Name)
	}
	return out
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestASVMIsCreatedFoundRenamedAndDeleted(t *testing.T) {
	w := newWorld(t)
	vm := w.create(`{"name":"svm1","comment":"first"}`)
	if err := w.modify(vm.UUID, `{"name":"svm_new"}`); err != nil {
		t.Fatal(err)
	}
	got, err := w.svms.Find(t.Context(), w.admin, []string{vm.UUID})
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "svm_new" || got.Comment != "first" || got.UUID != vm.UUID {
		t.Errorf("got %+v, want svm_new with the same UUID and comment", got)
	}
	w.create(`{"name":"svm1"}`) // the old name is free again
	if err := w.svms.Delete(t.Context(), w.admin, []string{vm.UUID}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.names(w.admin, nil), []string{"svm1"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	w.create(`{"name":"svm_new"}`)

	var lines []string
	for _, line := range audittest.Lines(t, w.log) {
		lines = append(lines, strings.Join([]string{line.Event, line.Resource, line.Key, "name=" + line.Fields["name"], string(line.Outcome)}, " "))
	}
	want := []string{
		"create cluster lab name= done", "create svm svm1 name=svm1 done", "modify svm svm_new name=svm_new done",
		"create svm svm1 name=svm1 done", "delete svm svm_new name= done", "create svm svm_new name=svm_new done",
	}
	if diff := cmp.Diff(lines, want); diff != "" {
		t.Errorf("audit: got -, want +:\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	one, two := w.create(`{"name":"one"}`), w.create(`{"name":"two"}`)
	confined := svm.Caller{Name: "vsadmin", Owner: svm.Owner{UUID: one.UUID}, Scope: svm.Within(one.UUID)}
	create := func(caller svm.Caller, body string) error {
		_, err := w.svms.Create(t.Context(), caller, w.input(body, record.Create))
		return err
	}
	for _, test := range []struct {
		name string
		err  error
		want fault.Code
	}{
		{"a name taken by another SVM", create(w.admin, `{"name":"one"}`), fault.Exists},
		{"the cluster's name", create(w.admin, `{"name":"lab"}`), fault.Exists},
		{"a rename to a taken name", w.modify(two.UUID, `{"name":"one"}`), fault.Exists},
		{"no name", create(w.admin, `{"comment":"x"}`), fault.MissingField},
		{"a creation by a confined caller", create(confined, `{"name":"three"}`), fault.Denied},
		{"an SVM that is not there", w.svms.Delete(t.Context(), w.admin, []string{"x"}), fault.NotFound},
		{"another's SVM", w.svms.Delete(t.Context(), confined, []string{two.UUID}), fault.NotFound},
		{"a caller without a scope", w.svms.Delete(t.Context(), svm.Caller{}, []string{two.UUID}), fault.NotFound},
		{"a modification without a field", w.modify(one.UUID, `{}`), fault.NothingToSet},
	} {
		t.Run(test.name, func(t *testing.T) { wantCode(t, test.err, test.want) })
	}
	if diff := cmp.Diff(w.names(w.admin, nil), []string{"one", "two"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func TestNamesFollowONTAPsRules(t *testing.T) {
	for name, want := range map[string]fault.Code{
		"a":                     "",
		"_x":                    "",
		"svm-1.prod_A":          "",
		strings.Repeat("a", 47): "",
		"":                      fault.NameLength,
		strings.Repeat("a", 48): fault.NameLength,
		"1svm":                  fault.NameCharacters,
		"-svm":                  fault.NameCharacters,
		".svm":                  fault.NameCharacters,
		"svm 1":                 fault.NameCharacters,
		"svm/1":                 fault.NameCharacters,
		`svm\1`:                 fault.NameCharacters,
		"svmä":                  fault.NameCharacters,
		"svm\x00":               fault.NameCharacters,
	} {
		t.Run(strconv.Quote(name), func(t *testing.T) { wantCode(t, svm.CheckName(name), want) })
	}
}

func TestDeletingASVMTakesWhatItOwns(t *testing.T) {
	w := newWorld(t)
	one, two := w.create(`{"name":"one"}`), w.create(`{"name":"two"}`)
	var changes []store.Change
	for _, key := range []string{one.UUID, one.UUID + "/a", one.UUID + "/b", two.UUID + "/a", w.cluster.UUID + "/a"} {
		changes = append(changes, things.Put(key, 0, &struct{}{}))
	}
	if _, err := w.store.Commit(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
	if err := w.svms.Delete(t.Context(), w.admin, []string{one.UUID}); err != nil {
		t.Fatal(err)
	}
	var left []string
	for key := range things.All(w.snapshot(), "") {
		left = append(left, key)
	}
	want := []string{two.UUID + "/a", w.cluster.UUID + "/a"}
	slices.Sort(want)
	if diff := cmp.Diff(left, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func TestNothingIsCreatedForASVMThatIsBeingDeleted(t *testing.T) {
	w := newWorld(t)
	vm := w.create(`{"name":"one"}`)
	_, require, err := w.svms.Resolve(w.snapshot(), w.admin, svm.Owner{Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.svms.Delete(t.Context(), w.admin, []string{vm.UUID}); err != nil {
		t.Fatal(err)
	}
	_, err = w.store.Commit(t.Context(), require, things.Put(vm.UUID, 0, &struct{}{}))
	wantCode(t, err, fault.Raced)
}

func TestOneOfManyGetsAName(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for range 20 {
		wg.Go(func() {
			in := w.input(`{"name":"wanted"}`, record.Create)
			_, err := w.svms.Create(t.Context(), w.admin, in)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
		})
	}
	wg.Wait()
	if diff := cmp.Diff(codes, map[fault.Code]int{"": 1, fault.Exists: 19}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func TestRestoreUndoesAModification(t *testing.T) {
	w := newWorld(t)
	vm := w.create(`{"name":"one","comment":"before"}`)
	before, err := w.svms.Modify(t.Context(), w.admin, []string{vm.UUID}, w.input(`{"name":"other","comment":"after"}`, record.Modify))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.svms.Restore(t.Context(), w.admin, before); err != nil {
		t.Fatal(err)
	}
	got, err := w.svms.Find(t.Context(), w.admin, []string{vm.UUID})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, vm); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	w.create(`{"name":"other"}`) // the name in between is free
}

func TestRowsBeginAtAKeyAndStayInScope(t *testing.T) {
	w := newWorld(t)
	vms := []*svm.SVM{w.create(`{"name":"a"}`), w.create(`{"name":"b"}`), w.create(`{"name":"c"}`)}
	slices.SortFunc(vms, func(x, y *svm.SVM) int { return strings.Compare(x.UUID, y.UUID) })
	within := svm.Caller{Scope: svm.Within(vms[1].UUID)}
	asking := func(caller svm.Caller, name, value string) svm.Caller {
		q, err := w.svms.Schema().ParseQuery([]record.Param{{Name: name, Value: value}}, record.ListMode)
		if err != nil {
			t.Fatal(err)
		}
		return caller.Asking(q)
	}
	for _, test := range []struct {
		name   string
		caller svm.Caller
		from   []string
		want   []string
	}{
		{"who asks for one by name", asking(w.admin, "name", "b"), nil, []string{"b"}},
		{"who asks for one by UUID", asking(w.admin, "uuid", vms[1].UUID), nil, []string{vms[1].Name}},
		{"who asks for one, from behind it", asking(w.admin, "uuid", vms[1].UUID), []string{vms[2].UUID}, nil},
		{"who asks for the cluster", asking(w.admin, "name", "lab"), nil, nil},
		{"who asks for nobody", asking(w.admin, "name", "d"), nil, nil},
		{"who asks for a pattern", asking(w.admin, "name", "a*"), nil, []string{vms[0].Name, vms[1].Name, vms[2].Name}},
		{"who is confined and asks for another", asking(within, "uuid", vms[0].UUID), nil, []string{vms[1].Name}},
		{"who sees nothing and asks", asking(svm.Caller{}, "name", "a"), nil, nil},
		{"all", w.admin, nil, []string{vms[0].Name, vms[1].Name, vms[2].Name}},
		{"from the second", w.admin, []string{vms[1].UUID}, []string{vms[1].Name, vms[2].Name}},
		{"behind the last", w.admin, []string{"~"}, nil},
		{"confined", within, nil, []string{vms[1].Name}},
		{"confined, from its own", within, []string{vms[1].UUID}, []string{vms[1].Name}},
		{"confined, behind its own", within, []string{vms[2].UUID}, nil},
		{"no scope", svm.Caller{}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(w.names(test.caller, test.from), test.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// TestTakingBackAnSVMKeepsWhatOthersDidWithIt: a change of it, and records that
// it was given.
func TestTakingBackAnSVMKeepsWhatOthersDidWithIt(t *testing.T) {
	w := newWorld(t)
	create := func(name string) svm.Made[svm.SVM] {
		t.Helper()
		made, err := w.svms.Create(t.Context(), w.admin, w.input(`{"name":"`+name+`"}`, record.Create))
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	changed := create("changed")
	mine, err := w.svms.Modify(t.Context(), w.admin, []string{changed.Record.UUID}, w.input(`{"comment":"mine"}`, record.Modify))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.modify(changed.Record.UUID, `{"comment":"somebody else's"}`); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"restored": w.svms.Restore(t.Context(), w.admin, mine), "removed": w.svms.Unmake(t.Context(), w.admin, changed),
	} {
		if !fault.Is(err, fault.Raced) {
			t.Errorf("%s: %v", what, err)
		}
	}

	used := create("used")
	if _, err := w.store.Commit(t.Context(), things.Put(used.Record.UUID+"/1", 0, new(struct{}))); err != nil {
		t.Fatal(err)
	}
	if err := w.svms.Unmake(t.Context(), w.admin, used); !fault.Is(err, fault.Raced) {
		t.Errorf("removed with its records: %v", err)
	}
	unused := create("unused")
	if err := w.svms.Unmake(t.Context(), w.admin, unused); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"changed", "used"}, w.names(w.admin, nil)); diff != "" {
		t.Errorf("SVMs (-want +got):\n%s", diff)
	}
	create("unused") // its name is free
}
