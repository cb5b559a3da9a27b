package record_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// page runs a query over the records as a service would.
func page(tb testing.TB, records []*profile, list []record.Param, mode record.Mode) record.Page[profile] {
	tb.Helper()
	q, err := profiles.ParseQuery(list, mode)
	if err != nil {
		tb.Fatalf("query %v: %v", list, err)
	}
	p, err := q.Run(tb.Context(), stored(profiles, records, q.From()), ok)
	if err != nil {
		tb.Fatalf("query %v: %v", list, err)
	}
	return p
}

// ok fills every status with the same word.
func ok(_ context.Context, records []*profile) error {
	for _, p := range records {
		p.Status = "Ok"
	}
	return nil
}

func uuids(records []*profile) string {
	var list []string
	for _, p := range records {
		list = append(list, p.UUID)
	}
	return strings.Join(list, " ")
}

func TestRunAnswersOnePage(t *testing.T) {
	tests := []struct{ name, query, want, next string }{
		{"everything in order of key", "", "a1 b2 c3 d4", ""},
		{"cut after one", "max_records=1", "a1", "start.owner.uuid=b2&max_records=1"},
		{"cut where nothing else matches has no next", "max_records=2&fail_mode=safe", "a1 d4", ""},
		{"the next page begins with what matches, in ONTAP's form", "fields=fail_mode&is_enabled=true&max_records=1", "a1", "start.owner.uuid=c3&fields=fail_mode&is_enabled=true&max_records=1"},
		{"from a start that exists", "start.owner.uuid=c3", "c3 d4", ""},
		{"from a start that does not exist any more", "start.owner.uuid=b9&max_records=1", "c3", "start.owner.uuid=d4&max_records=1"},
		{"from behind the end", "start.owner.uuid=z", "", ""},
		{"an offset", "offset=1&max_records=2", "b2 c3", "start.owner.uuid=d4&max_records=2"},
		{"an offset behind the end", "offset=9", "", ""},
		{"one owner", "owner.uuid=b2", "b2", ""},
		{"one owner behind the start", "owner.uuid=b2&start.owner.uuid=c3", "", ""},
		{"ordered by text", "order_by=comment", "b2 c3 a1 d4", ""},
		{"ordered by text, descending", "order_by=comment+desc", "d4 a1 c3 b2", ""},
		{"ordered by number, then by key", "order_by=max_prompts", "a1 b2 d4 c3", ""},
		{"ordered descending, then by key", "order_by=max_prompts%20DESC", "c3 b2 d4 a1", ""},
		{"ordered by several fields", "order_by=is_enabled asc,max_prompts desc,owner.name", "b2 c3 d4 a1", ""},
		{"ordered by time, unset first", "order_by=since", "b2 c3 d4 a1", ""},
		{"ordered by its other name", "$orderBy=max_prompts&max_records=1", "a1", "start.max_prompts=2&start.owner.uuid=b2&$orderBy=max_prompts&max_records=1"},
		{"top of an order", "order_by=comment desc&max_records=2", "d4 a1", "start.comment=a*b&start.owner.uuid=c3&order_by=comment desc&max_records=2"},
		{"an ordered page from what is not set", "order_by=comment&max_records=1&offset=0", "b2", "start.comment=a*b&start.owner.uuid=c3&order_by=comment&max_records=1"},
		{"ordered, from a start", "order_by=max_prompts&start.max_prompts=2&start.owner.uuid=c1", "d4 c3", ""},
		{"ordered, from a start that is not set", "order_by=comment desc&start.owner.uuid=a0", "b2", ""},
		{"ordered with an offset", "order_by=max_prompts&offset=1&max_records=2", "b2 d4", "start.max_prompts=3&start.owner.uuid=c3&order_by=max_prompts&max_records=2"},
		{"ordered by the key", "order_by=owner.uuid desc&max_records=3", "d4 c3 b2", "start.owner.uuid=a1&order_by=owner.uuid desc&max_records=3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := page(t, lab(), params(t, tt.query), record.ListMode)
			if uuids(got.Records) != tt.want || got.Count != len(got.Records) {
				t.Errorf("got %q, count %d, want %q", uuids(got.Records), got.Count, tt.want)
			}
			if next := spell(got.Next); next != tt.next {
				t.Errorf("next is %q, want %q", next, tt.next)
			}
		})
	}
}

func spell(list []record.Param) string {
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = p.Name + "=" + p.Value
	}
	return strings.Join(parts, "&")
}

func TestRunRefusesWhatCannotBeOrderedOrPaged(t *testing.T) {
	tests := []struct {
		name, query string
		code        fault.Code
		target      string
	}{
		{"an order by an unknown field", "order_by=coment", fault.UnknownSelection, "order_by"},
		{"an order by nothing", "order_by=", fault.UnknownSelection, "order_by"},
		{"an order by an array", "order_by=excluded_users", fault.NotSortable, "order_by"},
		{"an order by a secret", "order_by=secret_key", fault.NotSortable, "order_by"},
		{"an order in no direction", "order_by=comment up", fault.BadValue, "order_by"},
		{"an order by a field twice", "order_by=comment,comment desc", fault.TwiceField, "order_by"},
		{"an order under both names", "order_by=comment&$orderBy=comment", fault.TwiceField, "order_by"},
		{"no record a page", "max_records=0", fault.BadValue, "max_records"},
		{"a negative offset", "offset=-1", fault.BadValue, "offset"},
		{"a word for a number", "max_records=all", fault.BadValue, "max_records"},
		{"a word for a truth value", "return_records=maybe", fault.BadValue, "return_records"},
		{"a start by an unknown field", "start.x=1", fault.UnknownField, "start.x"},
		{"a start by a field that does not order", "start.comment=x", fault.UnknownField, "start.comment"},
		{"a start by a secret", "start.secret_key=x", fault.UnknownField, "start.secret_key"},
		{"a start twice", "start.owner.uuid=a&start.owner.uuid=b", fault.TwiceField, "start.owner.uuid"},
		{"a start that is no number", "order_by=max_prompts&start.max_prompts=x", fault.BadValue, "max_prompts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := profiles.ParseQuery(params(t, tt.query), record.ListMode)
			wantFault(t, err, tt.code, tt.target, "")
		})
	}
}

func TestModesTakeTheirOwnParameters(t *testing.T) {
	tests := []struct {
		name, query string
		mode        record.Mode
		code        fault.Code
		target      string
	}{
		{"a filter on one record", "comment=x", record.OneMode, fault.UnknownField, "comment"},
		{"an order of one record", "order_by=comment", record.OneMode, fault.UnknownField, "order_by"},
		{"a secret on one record", "secret_key=x", record.OneMode, fault.SecretInQuery, "secret_key"},
		{"a filter on a creation", "comment=x", record.CreateMode, fault.FilterOnCreate, "comment"},
		{"an unknown parameter on a creation", "x=x", record.CreateMode, fault.UnknownField, "x"},
		{"fields on a creation", "fields=comment", record.CreateMode, fault.UnknownField, "fields"},
		{"a cross-field query on a creation", "query=x", record.CreateMode, fault.QueryNotRead, "query"},
		{"a change of many without a filter", "max_records=5", record.BulkMode, fault.NoFilter, ""},
		{"a change of many by a cross-field query", "query=x&query_fields=*", record.BulkMode, fault.QueryNotRead, "query"},
		{"an order of a change of many", "comment=x&order_by=comment", record.BulkMode, fault.UnknownField, "order_by"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := profiles.ParseQuery(params(t, tt.query), tt.mode)
			wantFault(t, err, tt.code, tt.target, "")
		})
	}
	if q := parse(t, profiles, "return_records=true", record.CreateMode); !q.ReturnRecords() || !q.Selection().Includes("comment") {
		t.Error("a creation cannot have its record returned")
	}
	if q := parse(t, profiles, "", record.OneMode); !q.ReturnRecords() || !q.Selection().Includes("status") {
		t.Error("one record is not returned with everything")
	}
}

func TestAChangeOfManyGetsItsRecords(t *testing.T) {
	got := page(t, lab(), params(t, "fail_mode=secure"), record.BulkMode)
	if uuids(got.Records) != "b2 c3" {
		t.Errorf("got %q", uuids(got.Records))
	}
	q := parse(t, profiles, "fail_mode=secure&max_records=7", record.BulkMode)
	if next := spell(q.NextFrom(got.Records[1])); next != "start.owner.uuid=c3&fail_mode=secure&max_records=7" {
		t.Errorf("it goes on with %s", next)
	}
	if got := page(t, lab(), params(t, "start.owner.uuid=c3&fail_mode=secure"), record.BulkMode); uuids(got.Records) != "c3" {
		t.Errorf("going on gives %q", uuids(got.Records))
	}
}

func TestCounting(t *testing.T) {
	tests := []struct {
		name, query string
		count       int
		next        string
	}{
		{"everything", "", 4, ""},
		{"what matches, in whatever order", "fail_mode=safe&order_by=comment", 2, ""},
		{"behind an offset", "offset=3", 1, ""},
		{"in parts", "max_records=3", 3, "start.owner.uuid=d4&max_records=3&return_records=false"},
		{"from within an order", "order_by=comment desc&start.comment=b&start.owner.uuid=c3", 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := page(t, lab(), params(t, tt.query+"&return_records=false"), record.ListMode)
			if got.Count != tt.count || got.Records != nil || spell(got.Next) != tt.next {
				t.Errorf("counted %d, next %q, want %d, %q", got.Count, spell(got.Next), tt.count, tt.next)
			}
		})
	}
}

func TestPagesNeitherRepeatNorLoseWhenRecordsChange(t *testing.T) {
	for _, query := range []string{"max_records=3", "max_records=3&order_by=comment desc,max_prompts", "max_records=3&order_by=comment"} {
		t.Run(query, func(t *testing.T) {
			var records []*profile
			for i := range 40 {
				records = append(records, &profile{UUID: fmt.Sprintf("k%02d", i), Comment: strings.Repeat("x", i*7%5), Prompts: int64(i % 3)})
			}
			untouched := func(p *profile) bool { return strings.HasPrefix(p.UUID, "k") && p.UUID[2]%3 == 0 }
			seen := make(map[string]int)
			next := params(t, query)
			for turn := 0; next != nil; turn++ {
				got := page(t, records, next, record.ListMode)
				for _, p := range got.Records {
					seen[p.UUID]++
				}
				next = got.Next
				records = shuffle(records, untouched, got.Records, turn)
			}
			for _, p := range records {
				if untouched(p) && seen[p.UUID] != 1 {
					t.Errorf("%s was listed %d times", p.UUID, seen[p.UUID])
				}
			}
		})
	}
}

// shuffle deletes, changes and adds records around those that stay untouched,
// among them the one the next page was to begin with.
func shuffle(records []*profile, untouched func(*profile) bool, listed []*profile, turn int) []*profile {
	var out []*profile
	last := ""
	if len(listed) > 0 {
		last = listed[len(listed)-1].UUID
	}
	for i, p := range records {
		switch {
		case untouched(p):
			out = append(out, p)
		case p.UUID == last, (i+turn)%11 == 0: // deleted
		case (i+turn)%5 == 0:
			changed := *p
			changed.Comment += "y"
			out = append(out, &changed)
		default:
			out = append(out, p)
		}
	}
	out = append(out, &profile{UUID: fmt.Sprintf("new%02d", turn)})
	slices.SortFunc(out, func(a, b *profile) int { return strings.Compare(a.UUID, b.UUID) })
	return out
}

func TestAMissedDeadlineEndsAPage(t *testing.T) {
	var records []*profile
	for i := range 1000 {
		records = append(records, &profile{UUID: fmt.Sprintf("k%04d", i), Fail: "safe"})
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()

	q := parse(t, profiles, "fail_mode=safe&offset=10", record.ListMode)
	got, err := q.Run(late, stored(profiles, records, nil), ok)
	if err != nil {
		t.Fatal(err)
	}
	rest := page(t, records, got.Next, record.ListMode)
	if all := got.Count + rest.Count; got.Count == 0 || all != 990 || rest.Records[0].UUID <= got.Records[got.Count-1].UUID {
		t.Errorf("a cut page of %d goes on with %d as %v", got.Count, rest.Count, got.Next)
	}

	q = parse(t, profiles, "offset=900", record.ListMode)
	if got, err = q.Run(late, stored(profiles, records, nil), ok); err != nil {
		t.Fatal(err)
	}
	if rest := page(t, records, got.Next, record.ListMode); got.Count != 0 || rest.Count != 100 {
		t.Errorf("a page cut within its offset goes on with %d as %v", rest.Count, got.Next)
	}

	q = parse(t, profiles, "order_by=comment", record.ListMode)
	_, err = q.Run(late, stored(profiles, records, nil), ok)
	wantFault(t, err, fault.SlowOrder, "order_by", "")

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = parse(t, profiles, "", record.ListMode).Run(gone, stored(profiles, records, nil), ok); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left gets %v", err)
	}
}

func TestRunEndsWithTheErrorOfItsRows(t *testing.T) {
	broken := errors.New("broken")
	var rows iter.Seq2[*profile, error] = func(yield func(*profile, error) bool) {
		if yield(lab()[0], nil) {
			yield(nil, broken)
		}
	}
	for _, query := range []string{"", "order_by=comment", "status=Ok"} {
		if _, err := parse(t, profiles, query, record.ListMode).Run(t.Context(), rows, ok); !errors.Is(err, broken) {
			t.Errorf("%q: got %v", query, err)
		}
	}
}

func TestKeysOfTwoPartsPage(t *testing.T) {
	var records []*account
	for _, key := range []string{"a/x", "a/y", "b/x", "b/y"} {
		records = append(records, &account{UUID: key[:1], Name: key[2:]})
	}
	next := []record.Param{{Name: "max_records", Value: "1"}}
	var seen []string
	for next != nil {
		q, err := accounts.ParseQuery(next, record.ListMode)
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.Run(t.Context(), stored(accounts, records, q.From()), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range got.Records {
			seen = append(seen, a.UUID+"/"+a.Name)
		}
		next = got.Next
	}
	if diff := cmp.Diff([]string{"a/x", "a/y", "b/x", "b/y"}, seen); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
}
