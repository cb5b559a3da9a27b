package logins_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
)

var (
	svm1     = svm.Owner{UUID: "u1", Name: "svm1"}
	svm2     = svm.Owner{UUID: "u2", Name: "svm2"}
	everyone = svm.Caller{Scope: svm.Everything()}
)

func newTable(t *testing.T) (*logins.Table, *audit.Log, *bytes.Buffer) {
	t.Helper()
	log := audittest.New(t)
	var warnings bytes.Buffer
	return logins.New(audit.NewLedger(memstore.New(), log), slog.New(slog.NewTextHandler(&warnings, nil))), log, &warnings
}

func all(t *testing.T, table *logins.Table) []*logins.Login {
	t.Helper()
	var rows []*logins.Login
	for l, err := range table.Rows(t.Context(), everyone, nil) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, l)
	}
	return rows
}

func users(t *testing.T, table *logins.Table, caller svm.Caller, from []string) []string {
	t.Helper()
	var names []string
	for l, err := range table.Rows(t.Context(), caller, from) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, l.User)
	}
	return names
}

func TestADecisionLeavesARowALineAndACount(t *testing.T) {
	table, log, _ := newTable(t)
	request := enforce.Request{Owner: svm1, User: "alice", From: "192.0.2.10", Service: "ssh", ID: "r-9"}
	decision := enforce.Decision{
		Allow: true, Reason: enforce.Approved, Factor: "push", Status: "allow", Message: "Success. Logging you in...", Tries: 1,
		Ruling: duo.Ruling{Asked: true, Reason: duo.Member, Group: "admins", Profile: &duo.Profile{Owner: svm1}},
		Began:  time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), Took: 1500 * time.Millisecond,
	}
	if err := table.Record(t.Context(), request, decision); err != nil {
		t.Fatal(err)
	}
	for _, l := range all(t, table) {
		got := table.Schema().Project(l, table.Schema().All()).String()
		for _, want := range []string{"alice", "192.0.2.10", "approved", "member", "admins", "push", "1500", "2026-11-21T20:00:00"} {
			if !strings.Contains(got, want) {
				t.Errorf("the row lacks %q: %s", want, got)
			}
		}
		if found, err := table.Find(t.Context(), everyone, []string{l.ID}); err != nil || found != l {
			t.Errorf("found %v, %v by its id", found, err)
		}
	}
	lines := audittest.Lines(t, log)
	if len(lines) != 1 {
		t.Fatalf("%d audit lines, want 1", len(lines))
	}
	want := map[string]string{
		"time": "2026-11-21T20:00:00Z", "decision": "allow", "fail_open": "false", "profile.name": "svm1", "rule": "member",
		"group": "admins", "factor": "push", "status": "allow", "tries": "1", "duration_ms": "1500",
	}
	if diff := cmp.Diff(want, lines[0].Fields); diff != "" {
		t.Errorf("audit line (-want +got):\n%s", diff)
	}
	if lines[0].Outcome != audit.Done || lines[0].Reason != "approved" || lines[0].Key != "svm1/alice" || lines[0].Request != "r-9" {
		t.Errorf("audit line %+v", lines[0])
	}
	if got := table.Counts()[logins.Outcome{Decision: "allow", Reason: "approved"}]; got != 1 {
		t.Errorf("counted %d", got)
	}
}

func TestALoginThatFailedOpenIsAWarning(t *testing.T) {
	table, _, warnings := newTable(t)
	d := enforce.Decision{Allow: true, FailOpen: true, Reason: "connect"}
	if err := table.Record(t.Context(), enforce.Request{Owner: svm1, User: "alice"}, d); err != nil {
		t.Fatal(err)
	}
	if got := warnings.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "reason=connect") {
		t.Errorf("logged %q", got)
	}
}

func TestALoginWithoutItsAuditLineIsKeptAsRefused(t *testing.T) {
	table, log, _ := newTable(t)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	err := table.Record(t.Context(), enforce.Request{Owner: svm1, User: "alice"}, enforce.Decision{Allow: true, Reason: enforce.Approved})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	for _, l := range all(t, table) {
		if l.Decision != logins.Deny || l.Reason != string(enforce.NotRecorded) {
			t.Errorf("kept as %s, %s", l.Decision, l.Reason)
		}
	}
}

// silent takes audit lines and keeps none.
type silent struct{}

func (silent) Note(audit.Actor, audit.Entry, audit.Outcome, string) error { return nil }

func TestTheTableKeepsTheLatestInOrder(t *testing.T) {
	table := logins.New(silent{}, slog.New(slog.DiscardHandler))
	const more = 3
	for i := range logins.Size + more {
		r := enforce.Request{Owner: svm1, User: fmt.Sprint(i)}
		if err := table.Record(t.Context(), r, enforce.Decision{Reason: enforce.DuoDenied}); err != nil {
			t.Fatal(err)
		}
	}
	got := users(t, table, everyone, nil)
	if len(got) != logins.Size || got[0] != fmt.Sprint(more) || got[len(got)-1] != fmt.Sprint(logins.Size+more-1) {
		t.Errorf("%d rows from %s to %s", len(got), got[0], got[len(got)-1])
	}
}

func TestALoginIsSeenInItsScopeAlone(t *testing.T) {
	table, _, _ := newTable(t)
	for _, r := range []enforce.Request{{Owner: svm1, User: "alice"}, {Owner: svm2, User: "bob"}} {
		if err := table.Record(t.Context(), r, enforce.Decision{Reason: enforce.DuoDenied}); err != nil {
			t.Fatal(err)
		}
	}
	within := svm.Caller{Scope: svm.Within(svm2.UUID)}
	if diff := cmp.Diff([]string{"bob"}, users(t, table, within, nil)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	var alice string
	for _, l := range all(t, table) {
		if l.User == "alice" {
			alice = l.ID
		}
	}
	_, err := table.Find(t.Context(), within, []string{alice})
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != fault.NotFound {
		t.Errorf("another SVM's login gave %v", err)
	}
}

func TestLoginsAreQueriedLikeAnyRecord(t *testing.T) {
	table, _, _ := newTable(t)
	for i, name := range []string{"alice", "bob", "carol"} {
		d := enforce.Decision{Allow: i == 1, Reason: enforce.Reason(name), Tries: i}
		if err := table.Record(t.Context(), enforce.Request{Owner: svm1, User: name}, d); err != nil {
			t.Fatal(err)
		}
	}
	q, err := table.Schema().ParseQuery([]record.Param{{Name: "decision", Value: "deny"}, {Name: "order_by", Value: "tries desc"}}, record.ListMode)
	if err != nil {
		t.Fatal(err)
	}
	page, err := q.Run(t.Context(), table.Rows(t.Context(), everyone, nil), table.Fill)
	if err != nil || page.Count != 2 || page.Records[0].User != "carol" || page.Records[1].User != "alice" {
		t.Errorf("got %+v, %v", page, err)
	}
}

func TestRefusalsOfStrangersAreCountedAndKeptInBounds(t *testing.T) {
	table, log, _ := newTable(t)
	const tried = 150
	for i := range tried {
		table.Refused(t.Context(), enforce.Request{User: fmt.Sprint("user", i), From: "192.0.2.7", Service: "ssh"}, enforce.PolicyOutdated)
	}
	rows := all(t, table)
	if len(rows) < 100 || len(rows) == tried || len(audittest.Lines(t, log)) != len(rows) {
		t.Errorf("%d rows and %d lines of %d", len(rows), len(audittest.Lines(t, log)), tried)
	}
	want := logins.Outcome{Decision: logins.Deny, Reason: "policy_outdated"}
	if got := table.Counts()[want]; got != tried {
		t.Errorf("%d counted of %d", got, tried)
	}
	if l := rows[0]; l.User != "user0" || l.Decision != logins.Deny || l.Reason != "policy_outdated" || l.Time.IsZero() {
		t.Errorf("%+v", l)
	}
}
