package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestStandingTellsWhatTheSecondFactorNeeds(t *testing.T) {
	w := newWorld(t)
	ssh := func(methods, second string) string {
		return `"applications":[{"application":"ssh","authentication_methods":[` + methods + `],"second_authentication_method":"` + second + `"}]`
	}
	w.mustCreate(`{"name":"keys",` + ssh(`"publickey"`, "none") + `,"groups":["storage-admins"]}`)
	w.mustCreate(`{"name":"both",` + ssh(`"publickey"`, "password") + `}`)
	w.mustCreate(`{"name":"either",` + ssh(`"publickey","password"`, "none") + `}`)
	w.mustCreate(`{"name":"web","applications":[{"application":"http","authentication_methods":["password"]}]}`)
	snap, err := w.ledger.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, user string
		owner      svm.Owner
		want       account.Standing
	}{
		{"a user with a key and nothing else", "keys", w.cluster.Owner(), account.Standing{Known: true, KeyOnly: true, Groups: []string{"storage-admins"}}},
		{"a user with a key and then a password", "both", w.cluster.Owner(), account.Standing{Known: true}},
		{"a user with a key or a password", "either", w.cluster.Owner(), account.Standing{Known: true}},
		{"a user who does not log in over SSH", "web", w.cluster.Owner(), account.Standing{Known: true}},
		{"a user nobody knows", "mallory", w.cluster.Owner(), account.Standing{}},
		{"a user of another owner", "keys", svm.Owner{UUID: w.svm1.UUID}, account.Standing{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, account.StandingOf(snap, tt.owner, tt.user)); diff != "" {
				t.Errorf("standing (-want +got):\n%s", diff)
			}
		})
	}
}
