package duo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestADraftIsAChangeThatDidNotHappen(t *testing.T) {
	w := newWorld(t)
	if _, err := w.addProfile(t, w.admin, `"owner.name":"vs1","http_proxy":"joe:`+proxyCanary+`@proxy:3128",`); err != nil {
		t.Fatal(err)
	}
	draft := func(caller svm.Caller, owner, body string) (*duo.Profile, error) {
		in, err := w.profiles.Schema().ReadBody([]byte(body), record.Modify)
		if err != nil {
			t.Fatal(err)
		}
		return w.profiles.Draft(t.Context(), caller, owner, in)
	}
	key := []string{w.vs1.UUID}
	stored, err := w.profiles.Find(t.Context(), w.admin, key)
	if err != nil {
		t.Fatal(err)
	}
	p, err := draft(w.admin, w.vs1.UUID, `{"secret_key":"another","api_host":"other.example.org","http_proxy":"joe:********@proxy:3128"}`)
	if err != nil {
		t.Fatal(err)
	}
	fresh, isFresh := p.SecretKey.Fresh()
	if p.APIHost != "other.example.org" || p.IntegrationKey != stored.IntegrationKey || !isFresh || !fresh.Equal(secret.NewText("another")) {
		t.Errorf("the draft is %+v", p)
	}
	if p.ProxyPassword.IsZero() {
		t.Error("the proxy's password is lost, though the proxy is the same")
	}
	if p, err := draft(w.admin, w.vs1.UUID, `{}`); err != nil || p.APIHost != stored.APIHost {
		t.Errorf("without fields: %+v, %v", p, err)
	}
	if p, err := draft(w.admin, w.vs2.UUID, profileBody); err != nil || p.Owner.Name != "vs2" || p.MaxPrompts != 1 || !p.Enabled {
		t.Errorf("for an owner without a profile: %+v, %v", p, err)
	}
	after, err := w.profiles.Find(t.Context(), w.admin, key)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(stored.SecretKey.Cipher(), after.SecretKey.Cipher()) || stored.APIHost != after.APIHost {
		t.Error("the stored profile changed")
	}

	within := svm.Caller{Name: "vsadmin", Scope: svm.Within(w.vs2.UUID)}
	for _, tt := range []struct {
		name, owner, body string
		caller            svm.Caller
		want              fault.Code
	}{
		{"a profile that is not there", w.vs2.UUID, `{}`, w.admin, fault.NotFound},
		{"a new profile without its keys", w.vs2.UUID, `{"api_host":"a.example.org"}`, w.admin, fault.MissingField},
		{"another SVM's profile", w.vs1.UUID, `{}`, within, fault.NotFound},
		{"a new profile for another SVM", w.vs1.UUID, profileBody, within, fault.NoSuchOwner},
		{"a new profile for nobody", "5d0cf2ae-3b70-11f0-9d44-000000000000", profileBody, w.admin, fault.NoSuchOwner},
		{"the stored password for another proxy", w.vs1.UUID, `{"http_proxy":"joe:********@evil:3128"}`, w.admin, fault.BadReason},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if p, err := draft(tt.caller, tt.owner, tt.body); !fault.Is(err, tt.want) {
				t.Errorf("got %+v, %v; want %s", p, err, tt.want)
			}
		})
	}
}
