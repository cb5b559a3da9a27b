package duo_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store/storetest"
	"github.com/duoplane/duoplane/internal/svm"
)

// addGroup creates a group from a body.
func (w *world) addGroup(t *testing.T, body string) {
	t.Helper()
	in, err := w.groups.Schema().ReadBody([]byte(body), record.Create)
	if err == nil {
		_, err = w.groups.Create(t.Context(), w.admin, in)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestThePolicyRulesByWhatIsStored(t *testing.T) {
	w := newWorld(t)
	policy := duo.NewPolicy(audit.NewLedger(w.data, w.log))
	rule := func(owner svm.Owner, user string, groups ...string) duo.Ruling {
		t.Helper()
		r, err := policy.Rule(t.Context(), duo.Login{Owner: owner, User: user, Groups: groups})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	vs1, vs2 := svm.Owner{UUID: w.vs1.UUID}, svm.Owner{UUID: w.vs2.UUID}
	if r := rule(vs1, "alice"); r.Asked || r.Reason != duo.NoProfile {
		t.Errorf("without profiles: %+v", r)
	}

	for _, owner := range []string{"lab-a", "vs1"} {
		if _, err := w.addProfile(t, w.admin, `"owner.name":"`+owner+`",`); err != nil {
			t.Fatal(err)
		}
	}
	if r := rule(vs1, "alice"); r.Profile.Owner != (svm.Owner{UUID: w.vs1.UUID, Name: "vs1"}) || r.Reason != duo.Everybody {
		t.Errorf("an SVM with a profile: %+v", r)
	}
	if r := rule(vs2, "alice"); r.Profile.Owner != (svm.Owner{UUID: w.cluster.UUID, Name: "lab-a"}) {
		t.Errorf("an SVM without one: %+v", r)
	}

	w.addGroup(t, `{"name":"admins","owner.name":"vs2"}`)
	if r := rule(vs2, "alice"); r.Reason != duo.Everybody {
		t.Errorf("a group of the SVM's limits the cluster's profile: %+v", r)
	}
	w.addGroup(t, `{"name":"admins","excluded_users":["root"]}`)
	w.addGroup(t, `{"name":"operators"}`)
	for _, tt := range []struct {
		user, group string
		want        duo.RulingReason
	}{{"alice", "Operators", duo.Member}, {"alice", "staff", duo.NotMember}, {"root", "admins", duo.Excluded}} {
		if r := rule(vs2, tt.user, tt.group); r.Reason != tt.want {
			t.Errorf("%s of %s: got %s, want %s", tt.user, tt.group, r.Reason, tt.want)
		}
	}
}

func TestThePolicyRefusesAnOwnerThatIsGone(t *testing.T) {
	w := newWorld(t)
	policy := duo.NewPolicy(audit.NewLedger(w.data, w.log))
	if err := w.svms.Delete(t.Context(), w.admin, []string{w.vs1.UUID}); err != nil {
		t.Fatal(err)
	}
	_, err := policy.Rule(t.Context(), duo.Login{Owner: svm.Owner{UUID: w.vs1.UUID}, User: "alice"})
	if !fault.Is(err, fault.NoSuchOwner) {
		t.Errorf("got %v", err)
	}
}

func TestThePolicyGoesOnForAWhileWithoutTheStore(t *testing.T) {
	w := newWorld(t)
	unsteady := storetest.NewUnsteady(w.data)
	policy := duo.NewPolicy(audit.NewLedger(unsteady, w.log))
	login := duo.Login{Owner: svm.Owner{UUID: w.vs1.UUID}, User: "alice"}
	unsteady.Set(storetest.Away)
	if r, err := policy.Rule(t.Context(), login); err != nil || r.Reason != duo.NoProfile {
		t.Errorf("away: %+v, %v", r, err)
	}
	unsteady.Set(storetest.TooLong)
	if _, err := policy.Rule(t.Context(), login); !fault.Is(err, fault.Outdated) {
		t.Errorf("away for too long: %v", err)
	}
}
