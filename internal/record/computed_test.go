package record_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/record"
)

// A probe fills a status by the owner and remembers whom it was asked about.
type probe struct{ asked []string }

func (p *probe) fill(_ context.Context, records []*profile) error {
	for _, r := range records {
		p.asked = append(p.asked, r.UUID)
		r.Status = "Ok"
		if r.UUID == "b2" || r.UUID == "d4" {
			r.Status = "no answer from " + r.Host
		}
	}
	return nil
}

func TestComputedFieldsAreFoundOutOnlyWhereNeeded(t *testing.T) {
	tests := []struct {
		name, query, want string
		asked             []string
		needs             []string
	}{
		{"not for a list of identities", "", "a1 b2 c3 d4", nil, nil},
		{"not for other fields", "fields=comment&order_by=comment", "b2 c3 a1 d4", nil, nil},
		{"for the records of the page", "fields=status&max_records=2", "a1 b2", []string{"a1", "b2"}, []string{"status"}},
		{"for the records of the page by a star", "fields=*&max_records=1", "a1", []string{"a1"}, []string{"status"}},
		{"for the records of an ordered page", "fields=status&order_by=comment desc&max_records=1", "d4", []string{"d4"}, []string{"status"}},
		{"for what passes the other filters", "status=Ok&fail_mode=secure", "c3", []string{"b2", "c3"}, []string{"status"}},
		{"for no more than a page by filter", "status=Ok&max_records=1", "a1", []string{"a1", "b2", "c3", "d4"}, []string{"status"}},
		{"for all that is ordered by it", "order_by=status", "a1 c3 d4 b2", []string{"a1", "b2", "c3", "d4"}, []string{"status"}},
		{"for a word in it by name", "query=no*&query_fields=status", "b2 d4", []string{"a1", "b2", "c3", "d4"}, []string{"status"}},
		{"not for words in everything", "query=Ok&query_fields=*", "", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := parse(t, profiles, tt.query, record.ListMode)
			var duo probe
			got, err := q.Run(t.Context(), stored(profiles, lab(), nil), duo.fill)
			if err != nil {
				t.Fatal(err)
			}
			if uuids(got.Records) != tt.want {
				t.Errorf("got %q, want %q", uuids(got.Records), tt.want)
			}
			if diff := cmp.Diff(tt.asked, duo.asked); diff != "" {
				t.Errorf("asked about (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.needs, q.NeedsComputed()); diff != "" {
				t.Errorf("needs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestComputedFiltersPage(t *testing.T) {
	var records []*profile
	for i := range 700 { // several batches
		records = append(records, &profile{UUID: fmt.Sprintf("k%03d", i), Prompts: int64(i % 2)})
	}
	odd := func(_ context.Context, records []*profile) error {
		for _, p := range records {
			p.Status = fmt.Sprint(p.Prompts)
		}
		return nil
	}
	seen := make(map[string]bool)
	for next := params(t, "status=1&max_records=100"); next != nil; {
		q, err := profiles.ParseQuery(next, record.ListMode)
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.Run(t.Context(), stored(profiles, records, q.From()), odd)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range got.Records {
			seen[p.UUID] = true
		}
		next = got.Next
	}
	if len(seen) != 350 {
		t.Errorf("listed %d records, want 350", len(seen))
	}
}

func TestFillingMayFail(t *testing.T) {
	broken := errors.New("broken")
	fail := func(context.Context, []*profile) error { return broken }
	for _, query := range []string{"fields=status", "status=Ok", "order_by=status"} {
		if _, err := parse(t, profiles, query, record.ListMode).Run(t.Context(), stored(profiles, lab(), nil), fail); !errors.Is(err, broken) {
			t.Errorf("%q: got %v", query, err)
		}
	}
	if _, err := parse(t, profiles, "fields=status", record.ListMode).Run(t.Context(), stored(profiles, lab(), nil), nil); err == nil {
		t.Error("without a way to fill them, Computed fields are left out silently")
	}
}

func TestFillingADeadlineEndsAPage(t *testing.T) {
	calls := 0
	slow := func(ctx context.Context, records []*profile) error {
		if calls++; calls > 1 {
			return context.DeadlineExceeded
		}
		return ok(ctx, records)
	}
	var records []*profile
	for i := range 600 {
		records = append(records, &profile{UUID: fmt.Sprintf("k%03d", i)})
	}
	got, err := parse(t, profiles, "status=Ok", record.ListMode).Run(t.Context(), stored(profiles, records, nil), slow)
	if err != nil {
		t.Fatal(err)
	}
	if got.Count != 256 || spell(got.Next) != "start.owner.uuid=k256&status=Ok" {
		t.Errorf("got %d records and then %s", got.Count, spell(got.Next))
	}
}
