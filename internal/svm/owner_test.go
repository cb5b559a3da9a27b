package svm_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestAnOwnerIsFoundByNameUUIDOrNeither(t *testing.T) {
	w := newWorld(t)
	one, two := w.create(`{"name":"one"}`), w.create(`{"name":"two"}`)
	cluster, first, second := w.cluster.Owner(), svm.Owner{UUID: one.UUID, Name: "one"}, svm.Owner{UUID: two.UUID, Name: "two"}
	within := svm.Caller{Owner: first, Scope: svm.Within(one.UUID)}
	for _, test := range []struct {
		name   string
		caller svm.Caller
		given  svm.Owner
		want   svm.Owner
		code   fault.Code
	}{
		{"neither: the cluster", w.admin, svm.Owner{}, cluster, ""},
		{"neither, confined: its own", within, svm.Owner{}, first, ""},
		{"by name", w.admin, svm.Owner{Name: "two"}, second, ""},
		{"by UUID", w.admin, svm.Owner{UUID: two.UUID}, second, ""},
		{"by UUID in capitals", w.admin, svm.Owner{UUID: strings.ToUpper(two.UUID)}, second, ""},
		{"by both", w.admin, second, second, ""},
		{"the cluster by name", w.admin, svm.Owner{Name: "lab"}, cluster, ""},
		{"the cluster by UUID", w.admin, svm.Owner{UUID: w.cluster.UUID}, cluster, ""},
		{"its own by name", within, svm.Owner{Name: "one"}, first, ""},
		{"of two different", w.admin, svm.Owner{UUID: one.UUID, Name: "two"}, svm.Owner{}, fault.OwnerMismatch},
		{"unknown name", w.admin, svm.Owner{Name: "three"}, svm.Owner{}, fault.NoSuchOwner},
		{"unknown UUID", w.admin, svm.Owner{UUID: "x"}, svm.Owner{}, fault.NoSuchOwner},
		{"another's", within, svm.Owner{Name: "two"}, svm.Owner{}, fault.NoSuchOwner},
		{"another's by UUID", within, svm.Owner{UUID: two.UUID}, svm.Owner{}, fault.NoSuchOwner},
		{"another's with a UUID of nobody's", within, svm.Owner{UUID: "x", Name: "two"}, svm.Owner{}, fault.NoSuchOwner},
		{"another's with its own UUID", within, svm.Owner{UUID: one.UUID, Name: "two"}, svm.Owner{}, fault.NoSuchOwner},
		{"its own with another's UUID", within, svm.Owner{UUID: two.UUID, Name: "one"}, svm.Owner{}, fault.OwnerMismatch},
		{"the cluster, confined", within, svm.Owner{Name: "lab"}, svm.Owner{}, fault.NoSuchOwner},
		{"no scope", svm.Caller{}, svm.Owner{}, svm.Owner{}, fault.NoSuchOwner},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, require, err := w.svms.Resolve(w.snapshot(), test.caller, test.given)
			wantCode(t, err, test.code)
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if err == nil && (require.Op != store.Require || require.Expect == 0) {
				t.Errorf("got %+v, want a requirement", require)
			}
		})
	}
}

func TestAScopeSeesNoMoreThanItSays(t *testing.T) {
	for _, test := range []struct {
		name  string
		scope svm.Scope
		owner string
		want  bool
	}{
		{"everything", svm.Everything(), "one", true},
		{"everything, of nobody's", svm.Everything(), "", true},
		{"one's own", svm.Within("one"), "one", true},
		{"another's", svm.Within("one"), "two", false},
		{"nobody's", svm.Within("one"), "", false},
		{"the zero scope", svm.Scope{}, "one", false},
		{"the zero scope, of nobody's", svm.Scope{}, "", false},
		{"an empty owner", svm.Within(""), "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.scope.Sees(test.owner); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestAScopeHeaderNarrowsAndNeverWidens(t *testing.T) {
	w := newWorld(t)
	one, two := w.create(`{"name":"one"}`), w.create(`{"name":"two"}`)
	within := svm.Caller{Scope: svm.Within(one.UUID)}
	for _, test := range []struct {
		name   string
		caller svm.Caller
		given  svm.Owner
		want   svm.Scope
		code   fault.Code
	}{
		{"the cluster's caller to an SVM", w.admin, svm.Owner{Name: "two"}, svm.Within(two.UUID), ""},
		{"the cluster's caller to the cluster", w.admin, svm.Owner{Name: "lab"}, svm.Everything(), ""},
		{"an SVM's caller to its own", within, svm.Owner{UUID: one.UUID}, svm.Within(one.UUID), ""},
		{"an SVM's caller to another's", within, svm.Owner{Name: "two"}, svm.Scope{}, fault.NoSuchOwner},
		{"an SVM's caller to the cluster", within, svm.Owner{Name: "lab"}, svm.Scope{}, fault.NoSuchOwner},
		{"to one that is not there", w.admin, svm.Owner{Name: "three"}, svm.Scope{}, fault.NoSuchOwner},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := w.svms.ScopeTo(t.Context(), test.caller, test.given)
			wantCode(t, err, test.code)
			if got.Scope != test.want {
				t.Errorf("got %v, want %v", got.Scope, test.want)
			}
		})
	}
}

func TestTheClusterIsMadeOnce(t *testing.T) {
	w := newWorld(t)
	again, err := w.svms.EnsureCluster(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	if again != w.cluster {
		t.Errorf("got %v, want %v", again, w.cluster)
	}
	_, err = w.svms.EnsureCluster(t.Context(), "9")
	wantCode(t, err, fault.NameCharacters)
}

func TestNothingIsAskedOfAClusterThatIsNotThere(t *testing.T) {
	ledger := audit.NewLedger(memstore.New(svm.Tables()...), audittest.New(t))
	snap, err := ledger.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = svm.NewService(ledger).Resolve(snap, svm.Starter(), svm.Owner{})
	wantCode(t, err, fault.Unavailable)
	for owner := range svm.Owners(snap, "") {
		t.Errorf("got the owner %v", owner)
	}
}

// manyOwners returns a snapshot with n SVMs besides the cluster, and all
// owners in order of UUID.
func manyOwners(tb testing.TB, n int) (store.Snapshot, []svm.Owner) {
	tb.Helper()
	cluster := svm.Cluster{UUID: fmt.Sprintf("%08d-c", n/2), Name: "lab"}
	changes := []store.Change{svm.Clusters.Put("cluster", 0, &cluster)}
	owners := []svm.Owner{cluster.Owner()}
	for i := range n {
		vm := &svm.SVM{UUID: fmt.Sprintf("%08d", i), Name: fmt.Sprintf("svm%d", i)}
		changes = append(changes, svm.SVMs.Put(vm.UUID, 0, vm))
		owners = append(owners, svm.Owner{UUID: vm.UUID, Name: vm.Name})
	}
	slices.SortFunc(owners, func(a, b svm.Owner) int { return strings.Compare(a.UUID, b.UUID) })
	s := memstore.New(svm.Tables()...)
	for chunk := range slices.Chunk(changes, 1000) {
		if _, err := s.Commit(tb.Context(), chunk...); err != nil {
			tb.Fatal(err)
		}
	}
	snap, err := s.Snapshot(tb.Context(), store.Local)
	if err != nil {
		tb.Fatal(err)
	}
	return snap, owners
}

func TestOwnersComeInOrderOfUUIDWithTheClusterAmongThem(t *testing.T) {
	snap, owners := manyOwners(t, 4)
	for i, first := range owners {
		if diff := cmp.Diff(slices.Collect(svm.Owners(snap, first.UUID)), owners[i:]); diff != "" {
			t.Errorf("from %s: got -, want +:\n%s", first.UUID, diff)
		}
	}
	for range svm.Owners(snap, "") {
		break // stopping early is allowed everywhere
	}
}

func TestNamesAreRightInAnyOrderOfQuestions(t *testing.T) {
	snap, owners := manyOwners(t, 3000)
	chance := rand.New(rand.NewPCG(1, 2))
	orders := map[string]func() svm.Owner{}
	next := -1
	orders["ascending"] = func() svm.Owner { next = (next + 1) % len(owners); return owners[next] }
	back := 0
	orders["descending"] = func() svm.Owner { back = (back + len(owners) - 1) % len(owners); return owners[back] }
	orders["random"] = func() svm.Owner { return owners[chance.IntN(len(owners))] }
	sparse := 0
	orders["every hundredth, twice"] = func() svm.Owner { sparse = (sparse + 50) % len(owners); return owners[sparse/100*100] }
	absent := 0
	orders["between the others"] = func() svm.Owner {
		absent = (absent + 1) % len(owners)
		return svm.Owner{UUID: owners[absent].UUID + "x"}
	}
	for name, ask := range orders {
		t.Run(name, func(t *testing.T) {
			join := svm.Names(snap)
			for range 7000 {
				if want := ask(); join.Of(want.UUID) != want.Name {
					t.Fatalf("got %q for %s, want %q", join.Of(want.UUID), want.UUID, want.Name)
				}
			}
		})
	}
}

func BenchmarkNamesOfAHundredThousandOwners(b *testing.B) {
	snap, owners := manyOwners(b, 100_000)
	b.Run("joined", func(b *testing.B) {
		for b.Loop() {
			join := svm.Names(snap)
			for _, owner := range owners {
				if join.Of(owner.UUID) == "" {
					b.Fatal("no name")
				}
			}
		}
	})
	b.Run("looked up one by one", func(b *testing.B) {
		for b.Loop() {
			for _, owner := range owners {
				svm.SVMs.Get(snap, owner.UUID)
			}
		}
	})
}
