package owned_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// TestAQuestionAboutOneOwnerReadsItsRecordsAlone compares what is read for a
// question, and that nothing is missing in what matches.
func TestAQuestionAboutOneOwnerReadsItsRecordsAlone(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"name":"a"}`, `{"name":"b"}`, `{"name":"a","owner.name":"svm1"}`, `{"name":"c","owner.name":"svm1"}`} {
		if _, err := w.groups.Create(t.Context(), w.admin, w.input(body, record.Create)); err != nil {
			t.Fatal(err)
		}
	}
	cluster, svm1 := []string{"lab/a", "lab/b"}, []string{"svm1/a", "svm1/c"}
	all := w.names(w.admin)
	for _, test := range []struct {
		name   string
		caller svm.Caller
		query  []record.Param
		want   []string
	}{
		{"an SVM by name", w.admin, []record.Param{{Name: "owner.name", Value: "svm1"}}, svm1},
		{"an SVM by a quoted name", w.admin, []record.Param{{Name: "owner.name", Value: `"svm1"`}}, svm1},
		{"an SVM by UUID", w.admin, []record.Param{{Name: "owner.uuid", Value: w.svm1.UUID}}, svm1},
		{"an SVM by UUID in capitals", w.admin, []record.Param{{Name: "owner.uuid", Value: strings.ToUpper(w.svm1.UUID)}}, svm1},
		{"the cluster by name", w.admin, []record.Param{{Name: "owner.name", Value: "lab"}}, cluster},
		{"the cluster by UUID", w.admin, []record.Param{{Name: "owner.uuid", Value: w.cluster.UUID}}, cluster},
		{"an SVM, and a group of it", w.admin, []record.Param{{Name: "owner.name", Value: "svm1"}, {Name: "name", Value: "c"}}, svm1},
		{"UUID and name of different owners", w.admin, []record.Param{{Name: "owner.uuid", Value: w.svm1.UUID}, {Name: "owner.name", Value: "lab"}}, svm1},
		{"nobody", w.admin, []record.Param{{Name: "owner.name", Value: "svm2"}}, nil},
		{"a name in other letters", w.admin, []record.Param{{Name: "owner.name", Value: "SVM1"}}, nil},
		{"two owners", w.admin, []record.Param{{Name: "owner.name", Value: "lab|svm1"}}, all},
		{"all but one", w.admin, []record.Param{{Name: "owner.name", Value: "!svm1"}}, all},
		{"a pattern", w.admin, []record.Param{{Name: "owner.name", Value: "svm*"}}, all},
		{"a range", w.admin, []record.Param{{Name: "owner.name", Value: "a..t"}}, all},
		{"a group by name", w.admin, []record.Param{{Name: "name", Value: "svm1"}}, all},
		{"another owner than the caller's", svm.Caller{Scope: svm.Within(w.svm1.UUID)}, []record.Param{{Name: "owner.name", Value: "lab"}}, svm1},
		{"an owner, by one who sees none", svm.Caller{}, []record.Param{{Name: "owner.name", Value: "lab"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			q, err := w.groups.Schema().ParseQuery(test.query, record.ListMode)
			if err != nil {
				t.Fatal(err)
			}
			asking := test.caller.Asking(q)
			if diff := cmp.Diff(test.want, w.names(asking)); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(w.matching(test.caller, q), w.matching(asking, q)); diff != "" {
				t.Errorf("matching, of all and of what is read:\n%s", diff)
			}
		})
	}
}
