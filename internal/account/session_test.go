package account_test

import (
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

func TestASessionStandsUntilAnythingItRestsOnChanges(t *testing.T) {
	for _, test := range []struct {
		name   string
		happen func(w *world) error
		stands bool
	}{
		{"nothing", func(*world) error { return nil }, true},
		{"nearly five minutes", func(w *world) error { w.clock.advance(5*time.Minute - time.Second); return nil }, true},
		{"another account is made", func(w *world) error { return w.create(`{"name":"ann",` + overHTTP + `}`) }, true},
		{"another owner's account of that name", func(w *world) error { return w.create(`{"name":"joe",` + overHTTP + `}`) }, true},

		{"five minutes", func(w *world) error { w.clock.advance(5 * time.Minute); return nil }, false},
		{"a comment", func(w *world) error { return w.modifyAs(w.admin, w.svm1.UUID, "joe", `{"comment":"x"}`) }, false},
		{"another password", func(w *world) error {
			return w.modifyAs(w.admin, w.svm1.UUID, "joe", `{"password":"another word 2"}`)
		}, false},
		{"another role", func(w *world) error {
			return w.modifyAs(w.admin, w.svm1.UUID, "joe", `{"role":"vsadmin-readonly"}`)
		}, false},
		{"a lock", func(w *world) error { return w.modifyAs(w.admin, w.svm1.UUID, "joe", `{"locked":true}`) }, false},
		{"the account is gone", func(w *world) error {
			return w.accounts.Delete(w.Context(), w.admin, []string{w.svm1.UUID, "joe"})
		}, false},
		{"the account was made anew", func(w *world) error {
			if err := w.accounts.Delete(w.Context(), w.admin, []string{w.svm1.UUID, "joe"}); err != nil {
				return err
			}
			return w.create(`{"name":"joe","owner.name":"svm1","password":"a good word 1",` + overHTTP + `}`)
		}, false},
		{"the owner has another name", func(w *world) error { return w.rename("svm2") }, false},
		{"the owner is gone", func(w *world) error { return w.svms.Delete(w.Context(), w.admin, []string{w.svm1.UUID}) }, false},
		{"the name means another account", func(w *world) error { return w.create(`{"name":"svm1\\joe",` + overHTTP + `}`) }, false},
		{"the store is closed", func(w *world) error { return w.store.Close() }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.mustCreate(`{"name":"joe","owner.name":"svm1","password":"a good word 1",` + overHTTP + `}`)
			s, err := w.accounts.Begin(t.Context(), account.Credentials{
				Application: account.HTTP, User: `svm1\joe`, Password: secret.NewText("a good word 1"), From: home,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := test.happen(w); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if got := s.Stands(t.Context()); got != test.stands {
					t.Errorf("stands: %v", got)
				}
			}
		})
	}
}

// A session that begins on what is remembered ends with it.
func TestASessionDoesNotProlongWhatIsRemembered(t *testing.T) {
	w := newWorld(t)
	begin := func() *account.Session {
		s, err := w.accounts.Begin(t.Context(), account.Credentials{
			Application: account.HTTP, User: "admin", Password: secret.NewText(adminPassword), From: home,
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	begin()
	w.clock.advance(4 * time.Minute)
	s := begin()
	w.clock.advance(time.Minute)
	if s.Stands(t.Context()) {
		t.Error("a password counts for longer than five minutes")
	}
}

func (w *world) rename(name string) error {
	in, err := w.svms.Schema().ReadBody([]byte(`{"name":"`+name+`"}`), record.Modify)
	if err == nil {
		_, err = w.svms.Modify(w.Context(), w.admin, []string{w.svm1.UUID}, in)
	}
	return err
}
