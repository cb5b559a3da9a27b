package account_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// admins counts the accounts that can administer the cluster.
func (w *world) admins() (n int) {
	w.Helper()
	for a, err := range w.accounts.Rows(w.Context(), w.admin, nil) {
		if err != nil {
			w.Fatal(err)
		}
		if a.Administers() {
			n++
		}
	}
	return n
}

// takeAways are all the ways to make an account useless to the cluster.
var takeAways = map[string]string{
	"locking":                     `{"locked":true}`,
	"demoting":                    `{"role":"readonly"}`,
	"leaving no application":      `{"applications":[{"application":"console","authentication_methods":["password"]}]}`,
	"leaving no served method":    `{"applications":[{"application":"ssh","authentication_methods":["publickey"]}]}`,
	"leaving ssh alone":           `{"applications":[{"application":"ssh","authentication_methods":["password"]}]}`,
	"asking for a second method":  `{"applications":[{"application":"ssh","authentication_methods":["password"],"second_authentication_method":"totp"}]}`,
	"locking, with another field": `{"comment":"x","locked":true,"password":"a new word 1"}`,
}

func TestTheLastAdministratorStays(t *testing.T) {
	for name, body := range takeAways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			// None of these could administer the cluster in admin's place.
			w.mustCreate(`{"name":"reader","role":"readonly","password":"a good word 1",` + overHTTP + `}`)
			w.mustCreate(`{"name":"locked","locked":true,"password":"a good word 1",` + overHTTP + `}`)
			w.mustCreate(`{"name":"nopassword",` + overHTTP + `}`)
			w.mustCreate(`{"name":"vsadmin","owner.name":"svm1","password":"a good word 1",` + overHTTP + `}`)
			wantCode(t, w.modify("admin", body), fault.LastAdmin)
			wantCode(t, w.accounts.Delete(t.Context(), w.admin, []string{w.cluster.UUID, "admin"}), fault.LastAdmin)
			wantCode(t, w.modify("admin", `{"comment":"allowed"}`), "")
			w.mustCreate(`{"name":"second","password":"a good word 1",` + overHTTP + `}`)
			wantCode(t, w.modify("admin", body), "")
			wantCode(t, w.modify("second", body), fault.LastAdmin)
		})
	}
}

func TestUndoingAModificationKeepsAnAdministrator(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"second","locked":true,"password":"a good word 1",` + overHTTP + `}`)
	in := w.input(`{"locked":false}`, record.Modify)
	undo, err := w.accounts.Modify(t.Context(), w.admin, []string{w.cluster.UUID, "second"}, in)
	wantCode(t, err, "")
	wantCode(t, w.accounts.Restore(t.Context(), w.admin, undo), "")
	undo, err = w.accounts.Modify(t.Context(), w.admin, []string{w.cluster.UUID, "second"}, in)
	wantCode(t, err, "")
	wantCode(t, w.modify("admin", `{"locked":true}`), "")
	wantCode(t, w.accounts.Restore(t.Context(), w.admin, undo), fault.LastAdmin)
	wantCode(t, w.accounts.Restore(t.Context(), svm.Caller{Scope: svm.Within(w.svm1.UUID)}, undo), fault.NotFound)
	if n := w.admins(); n != 1 {
		t.Errorf("got %d administrators, want 1", n)
	}
}

// Whatever many callers do at once, in any order, somebody is left to
// administer the cluster, at every moment.
func TestSomebodyAlwaysRemains(t *testing.T) {
	w := newWorld(t)
	const accounts = 4
	for i := range accounts {
		w.mustCreate(fmt.Sprintf(`{"name":"adm%d","password":"a good word 1",%s}`, i, overHTTP))
	}
	changes := []string{`{"locked":false,"role":"admin",` + overHTTP + `}`}
	for _, body := range takeAways {
		changes = append(changes, strings.Replace(body, `,"password":"a new word 1"`, "", 1))
	}
	act := func(chance *rand.Rand) error {
		name := fmt.Sprintf("adm%d", chance.IntN(accounts))
		if chance.IntN(accounts) == 0 {
			name = account.AdminName
		}
		switch n := chance.IntN(len(changes) + 3); n {
		case len(changes):
			return w.accounts.Delete(t.Context(), w.admin, []string{w.cluster.UUID, name})
		case len(changes) + 1:
			return w.create(`{"name":"` + name + `","password":"a good word 1",` + overHTTP + `}`)
		case len(changes) + 2:
			in := w.input(changes[chance.IntN(len(changes))], record.Modify)
			undo, err := w.accounts.Modify(t.Context(), w.admin, []string{w.cluster.UUID, name}, in)
			if err != nil {
				return err
			}
			return w.accounts.Restore(t.Context(), w.admin, undo)
		default:
			return w.modify(name, changes[n])
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for worker := range 6 {
		wg.Go(func() {
			chance := rand.New(rand.NewPCG(7, uint64(worker)))
			for range 150 {
				code := fault.CodeOf(act(chance))
				if w.admins() == 0 {
					t.Error("nobody is left")
				}
				mu.Lock()
				codes[code]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for code, n := range codes {
		switch code {
		case "", fault.LastAdmin, fault.NotFound, fault.Exists, fault.Raced:
		default:
			t.Errorf("%d times %q", n, code)
		}
	}
	if codes[fault.LastAdmin] == 0 || codes[""] == 0 {
		t.Errorf("the test did not come to the point: %v", codes)
	}
}
