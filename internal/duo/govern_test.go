package duo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/enumtest"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestRulingReasonsAreAll(t *testing.T) {
	enumtest.Complete(t, "RulingReason", duo.RulingReasons())
}

func TestGovern(t *testing.T) {
	on := func(owner string) *duo.Profile { return &duo.Profile{Owner: svm.Owner{UUID: owner}, Enabled: true} }
	off := func(owner string) *duo.Profile { return &duo.Profile{Owner: svm.Owner{UUID: owner}} }
	admins := &duo.Group{Name: "Storage-Admins"}
	operators := &duo.Group{Name: "operators", ExcludedUsers: []string{"alice"}}

	tests := []struct {
		name         string
		own, cluster *duo.Profile
		groups       map[string][]*duo.Group
		memberships  []string
		want         duo.Ruling
	}{
		{name: "no profile anywhere asks nobody", want: duo.Ruling{Reason: duo.NoProfile}},
		{
			name: "the cluster's profile governs an SVM without one", cluster: on("c"),
			want: duo.Ruling{Asked: true, Reason: duo.Everybody, Profile: on("c")},
		},
		{
			name: "the SVM's own profile governs over the cluster's", own: on("s"), cluster: on("c"),
			want: duo.Ruling{Asked: true, Reason: duo.Everybody, Profile: on("s")},
		},
		{
			name: "a disabled own profile does not fall back to the cluster's", own: off("s"), cluster: on("c"),
			want: duo.Ruling{Reason: duo.Disabled, Profile: off("s")},
		},
		{
			name: "a member is asked, whatever the letter case of the group", own: on("s"),
			groups: map[string][]*duo.Group{"s": {admins}}, memberships: []string{"STORAGE-admins"},
			want: duo.Ruling{Asked: true, Reason: duo.Member, Profile: on("s"), Group: "Storage-Admins"},
		},
		{
			name: "a user outside every group is not asked", own: on("s"),
			groups: map[string][]*duo.Group{"s": {admins}}, memberships: []string{"staff"},
			want: duo.Ruling{Reason: duo.NotMember, Profile: on("s")},
		},
		{
			name: "an excluded user is not asked", own: on("s"),
			groups: map[string][]*duo.Group{"s": {operators}}, memberships: []string{"operators"},
			want: duo.Ruling{Reason: duo.Excluded, Profile: on("s"), Group: "operators"},
		},
		{
			name: "an exclusion in one group does not excuse from another", own: on("s"),
			groups: map[string][]*duo.Group{"s": {operators, admins}}, memberships: []string{"operators", "storage-admins"},
			want: duo.Ruling{Asked: true, Reason: duo.Member, Profile: on("s"), Group: "Storage-Admins"},
		},
		{
			name: "groups of the SVM do not limit the cluster's profile", cluster: on("c"),
			groups: map[string][]*duo.Group{"s": {admins}},
			want:   duo.Ruling{Asked: true, Reason: duo.Everybody, Profile: on("c")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			login := duo.Login{Owner: svm.Owner{UUID: "s"}, User: "alice", Groups: tt.memberships}
			got := duo.Govern(login, tt.own, tt.cluster, func(owner string) []*duo.Group { return tt.groups[owner] })
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(duo.Profile{}, "SecretKey", "ProxyPassword")); diff != "" {
				t.Errorf("ruling (-want +got):\n%s", diff)
			}
		})
	}
}
