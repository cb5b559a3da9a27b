package logins_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestTheClustersGroupsAreNotShownToAnSVM(t *testing.T) {
	table, _, _ := newTable(t)
	cluster := svm.Owner{UUID: "c", Name: "lab-a"}
	d := enforce.Decision{Allow: true, Reason: enforce.Approved, Ruling: duo.Ruling{
		Asked: true, Reason: duo.Member, Group: "storage-admins", Profile: &duo.Profile{Owner: cluster},
	}}
	if err := table.Record(t.Context(), enforce.Request{Owner: svm1, User: "alice"}, d); err != nil {
		t.Fatal(err)
	}
	for l, err := range table.Rows(t.Context(), svm.Caller{Scope: svm.Within(svm1.UUID)}, nil) {
		if err != nil || l.Group != "" || l.Profile != cluster || l.Rule != "member" {
			t.Errorf("the SVM's account sees %+v, %v", l, err)
		}
	}
	for _, l := range all(t, table) {
		if l.Group != "storage-admins" {
			t.Errorf("the cluster's account sees %+v", l)
		}
	}
}
