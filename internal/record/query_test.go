package record_test

import (
	"net/url"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

func TestQueriesPrintInCanonicalForm(t *testing.T) {
	tests := []struct {
		name, query string
		mode        record.Mode
		want        string
	}{
		{"nothing is nothing", "", record.ListMode, ""},
		{"defaults go", "offset=0&return_records=true&fields=owner.uuid&ignore_unknown_fields=false", record.ListMode, ""},
		{"everything is a star", "fields=**", record.ListMode, "fields=%2A"},
		{"filters in declared order, by their full names", "max_prompts=02&owner=a", record.ListMode, "owner.name=a&max_prompts=2"},
		{"fields in declared order", "fields=comment,{api_host},nothing&ignore_unknown_fields=true", record.ListMode, "fields=api_host%2Ccomment"},
		{"a field shown for its filter goes", "fields=comment&comment=x", record.ListMode, "comment=x"},
		{"an order", "$orderBy=comment%20ASC,owner%20Desc", record.ListMode, "order_by=comment%2Cowner.name+desc"},
		{"a page", "max_records=7&offset=3&return_records=FALSE", record.ListMode, "offset=3&max_records=7&return_records=false"},
		{"a start", "order_by=comment&start.owner.uuid=u&start.comment=a%26b", record.ListMode, "start.comment=a%26b&start.owner.uuid=u&order_by=comment"},
		{"words", `query=a%20%20"b"|"c%20d"&query_fields=comment,api_host`, record.ListMode, "query=a+b%7C%22c+d%22&query_fields=api_host%2Ccomment"},
		{"one record with everything", "fields=*", record.OneMode, ""},
		{"one record with nothing but its identity", "fields=owner", record.OneMode, "fields=_links"},
		{"one record whose identity is repeated", "owner=vs1&owner.uuid=u", record.OneMode, "owner.uuid=u&owner.name=vs1"},
		{"a change that returns its records", "comment=x&return_records=true", record.BulkMode, "comment=x&return_records=true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := parse(t, profiles, tt.query, tt.mode)
			if q.String() != tt.want {
				t.Errorf("got  %s\nwant %s", q, tt.want)
			}
			if again := parse(t, profiles, q.String(), tt.mode); !again.Equal(q) {
				t.Errorf("reads again as %s", again)
			}
		})
	}
}

func TestQueriesThatDifferAreNotEqual(t *testing.T) {
	a := parse(t, profiles, "comment=a", record.ListMode)
	if a.Equal(parse(t, profiles, "comment=b", record.ListMode)) || a.Equal(parse(t, profiles, "comment=a", record.BulkMode)) {
		t.Error("different queries are equal")
	}
	if !a.Filtered() || parse(t, profiles, "fields=*", record.ListMode).Filtered() {
		t.Error("a query does not know whether it filters")
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	records := lab()
	for _, query := range []string{
		"api_host=api-3f*", "max_prompts=>1&fail_mode=secure|safe", "comment=null", "is_enabled=true", "since=>2020-01-01",
		"query=*2*|x&query_fields=max_prompts,since,comment", "owner.uuid=1|2|3|4|5|6|7|8|9",
	} {
		q := parse(t, profiles, query, record.ListMode)
		if n := testing.AllocsPerRun(100, func() {
			for _, p := range records {
				q.Match(p)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", query, n)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"comment=a*b|!null|<c&max_prompts=1..3", `comment={a"b}"*"&fail_mode=!SAFE`, "fields=*,!owner.name&order_by=comment desc,owner",
		"query=a|b \"c d\"&query_fields=*,!comment", "start.owner.uuid=b2&max_records=5&return_records=false", "is_enabled=TRUE&since=2025-03-01",
		"start.comment=x&start.owner.uuid=u&order_by=comment", "fields=a.{b,c}&ignore_unknown_fields=true", "comment=a...b", "secret_key=x",
		"fields=applications.application,role&applications.second_authentication_method=!*", "applications=*&fields=applications,!applications.application", "$orderBy=max_prompts&offset=2", "excluded_users=bob&owner=svm1&status=Ok", "comment=" + url.QueryEscape(`<"="`),
	} {
		f.Add(seed, uint8(0)) // as a list
	}
	f.Fuzz(func(t *testing.T, query string, mode uint8) {
		given, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		var list []record.Param
		for name, values := range given {
			for _, value := range values {
				list = append(list, record.Param{Name: name, Value: value})
			}
		}
		m := record.Mode(1 << (mode % 4))
		checkPrinting(t, profiles, list, m, lab())
		checkPrinting(t, accounts, list, m, []*account{joe()})
	})
}

// checkPrinting wants a query that can be read to mean the same after it was
// printed and read again.
func checkPrinting[T any](t *testing.T, schema *record.Schema[T], list []record.Param, mode record.Mode, records []*T) {
	t.Helper()
	q, err := schema.ParseQuery(list, mode)
	if err != nil {
		if fault.CodeOf(err) == fault.Internal {
			t.Errorf("an error of our own: %v", err)
		}
		return
	}
	again, err := schema.ParseQuery(params(t, q.String()), mode)
	if err != nil {
		t.Fatalf("%v printed as %s does not read: %v", list, q, err)
	}
	if !again.Equal(q) || again.String() != q.String() {
		t.Errorf("%v printed as %s reads as %s", list, q, again)
	}
	for _, r := range records {
		if q.Match(r) != again.Match(r) {
			t.Errorf("%v matches otherwise when printed as %s: %v", list, q, r)
		}
		if a, b := schema.Project(r, q.Selection()), schema.Project(r, again.Selection()); !a.Equal(b) {
			t.Errorf("%v shows %v, printed as %s it shows %v", list, a, q, b)
		}
	}
}
