package trail_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/svm"
	"github.com/duoplane/duoplane/internal/trail"
)

var everyone = svm.Caller{Scope: svm.Everything()}

// world is a cluster "lab" with the SVM svm1, and an audit log in which a
// minute passes from line to line. The first two lines make these two.
type world struct {
	testing.TB

	dir     string
	log     *audit.Log
	store   store.Store
	trail   *trail.Service
	svms    *svm.Service
	cluster svm.Owner
	svm1    svm.Owner
}

var began = time.Date(2026, 8, 4, 9, 0, 0, 0, time.UTC)

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{TB: tb, dir: tb.TempDir(), store: memstore.New(svm.Tables()...)}
	now := began
	var err error
	w.log, err = audit.Open(audit.Config{Dir: w.dir, MaxBytes: 2000, Keep: 100, Now: func() time.Time {
		now = now.Add(time.Minute)
		return now
	}})
	w.must(err)
	tb.Cleanup(func() { _ = w.log.Close() })
	ledger := audit.NewLedger(w.store, w.log)
	w.svms, w.trail = svm.NewService(ledger), trail.NewService(ledger)
	cluster, err := w.svms.EnsureCluster(tb.Context(), "lab")
	w.must(err)
	w.cluster = cluster.Owner()
	in, err := w.svms.Schema().ReadFlags([]record.Param{{Name: "name", Value: "svm1"}}, record.Create)
	w.must(err)
	vm, err := w.svms.Create(tb.Context(), svm.Caller{Name: "admin", Owner: w.cluster, Scope: svm.Everything(), Via: "rest", From: "192.0.2.10", Request: "r-1"}, in)
	w.must(err)
	w.svm1 = svm.Owner{UUID: vm.Record.UUID, Name: vm.Record.Name}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refuse writes the line of a refused login.
func (w *world) refuse(owner svm.Owner, user string) {
	w.Helper()
	who := audit.Who{Name: user, From: "192.0.2.66", Via: "ssh", Request: "r-2"}
	e := audit.Entry{Event: "login", Resource: "account", Key: user, Owner: owner.UUID, Fields: []audit.Field{{Path: "why", Value: "wrong password"}}}
	w.must(w.log.Write(who, e, audit.Refused, "unauthenticated"))
}

// list answers a query with the values of a field.
func (w *world) list(caller svm.Caller, field, query string) []string {
	w.Helper()
	var params []record.Param
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			params = append(params, record.Param{Name: name, Value: value})
		}
	}
	schema := trail.LogSchema()
	row, _ := schema.Field(field)
	var values []string
	for params := params; ; {
		q, err := schema.ParseQuery(params, record.ListMode)
		w.must(err)
		page, err := q.Run(w.Context(), w.trail.Rows(w.Context(), caller, q.From()), nil)
		w.must(err)
		for _, m := range page.Records {
			values = append(values, row.Get(m).String())
		}
		if page.Next == nil {
			return values
		}
		params = page.Next
	}
}

func TestALineIsAMessage(t *testing.T) {
	w := newWorld(t)
	w.refuse(w.svm1, "eve")
	for _, test := range []struct{ query, field, want string }{
		{"user=eve", "timestamp", "2026-08-04T09:03:00Z"},
		{"user=eve", "application", "ssh"},
		{"user=eve", "location", "192.0.2.66"},
		{"user=eve", "svm.name", "svm1"},
		{"user=eve", "scope", "svm"},
		{"user=eve", "session_id", "r-2"},
		{"user=eve", "input", `login account eve why="wrong password"`},
		{"user=eve", "state", "error"},
		{"user=eve", "message", "refused: unauthenticated"},
		{"user=eve", "entry", `ssh :: 192.0.2.66 :: eve :: login account eve why="wrong password" :: error: refused: unauthenticated`},
		{"user=eve", "node.name", "lab-01"},
		{"user=admin", "application", "http"},
		{"user=admin", "state", "success"},
		{"user=admin", "message", ""},
		{"user=admin", "entry", "http :: 192.0.2.10 :: admin :: create svm svm1 name=svm1 :: success"},
		{"input=create cluster*", "scope", "cluster"},
		{"input=create cluster*", "svm.name", ""},
		{"input=create cluster*", "application", "internal"},
		{"input=create cluster*", "entry", "internal :: - :: duoplane :: create cluster lab :: success"},
	} {
		if got := w.list(everyone, test.field, test.query); !cmp.Equal(got, []string{test.want}) {
			t.Errorf("%s of %s: got %q, want %q", test.field, test.query, got, test.want)
		}
	}
}

func TestAChangeUnderWayIsPending(t *testing.T) {
	w := newWorld(t)
	line, err := w.log.Begin(audit.Who{Name: "admin"}, audit.Entry{Event: "modify", Resource: "svm", Key: "svm1"})
	w.must(err)
	if got := w.list(everyone, "entry", "state=pending"); !cmp.Equal(got, []string{"internal :: - :: admin :: modify svm svm1 :: pending"}) {
		t.Errorf("begun: %q", got)
	}
	line.End(fault.New(fault.Unavailable, "", "away"))
	if got := w.list(everyone, "message", "state=error"); !cmp.Equal(got, []string{"unknown: unavailable"}) {
		t.Errorf("ended: %q", got)
	}
}

func TestMessagesAreFoundByTimeAndPageByPage(t *testing.T) {
	w := newWorld(t)
	var all []string
	for i := range 30 { // in several files
		all = append(all, fmt.Sprintf("user%02d", i))
		w.refuse(w.cluster, all[i])
	}
	for query, want := range map[string][]string{
		"input=login*&max_records=7":                           all,
		"user=user*&timestamp=>=2026-08-04T09:30:00Z":          all[27:],
		"timestamp=2026-08-04T09:10:00Z..2026-08-04T09:12:00Z": all[7:10],
		"timestamp=<2026-08-04":                                nil,
		"timestamp=>2026-08-05":                                nil,
		"user=user0*|user29&max_records=3":                     append(all[:10:10], "user29"),
		"user=user2*&order_by=timestamp desc&max_records=100":  {"user29", "user28", "user27", "user26", "user25", "user24", "user23", "user22", "user21", "user20"},
		"index=>0&user=user07":                                 {"user07"},
	} {
		if diff := cmp.Diff(want, w.list(everyone, "user", query)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", query, diff)
		}
	}
	last := w.list(everyone, "index", "user=user29")
	if got := w.list(everyone, "user", "index="+last[0]); !cmp.Equal(got, []string{"user29"}) {
		t.Errorf("by its index: %q", got)
	}
	m, err := w.trail.Find(t.Context(), everyone, last)
	w.must(err)
	if strconv.FormatInt(int64(m.Place), 10) != last[0] {
		t.Errorf("found %d, want %s", m.Place, last[0])
	}
	for _, key := range [][]string{{"1"}, {"0"}, {last[0] + "0"}} {
		if _, err := w.trail.Find(t.Context(), everyone, key); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestAnSVMsAccountSeesTheLinesAboutItsSVM(t *testing.T) {
	w := newWorld(t)
	w.refuse(w.svm1, "eve")
	w.refuse(w.cluster, w.svm1.UUID) // who names an SVM's UUID is not of the SVM
	w.refuse(svm.Owner{}, "nobody")
	vsadmin := svm.Caller{Owner: w.svm1, Scope: svm.Within(w.svm1.UUID)}
	if got := w.list(vsadmin, "user", ""); !cmp.Equal(got, []string{"admin", "eve"}) {
		t.Errorf("svm1's sees the lines of %q", got)
	}
	if got := w.list(svm.Caller{Scope: svm.Within("f" + w.svm1.UUID[1:])}, "user", ""); got != nil {
		t.Errorf("another SVM's sees those of %q", got)
	}
	if got := w.list(svm.Caller{}, "user", ""); got != nil {
		t.Errorf("who has no scope sees those of %q", got)
	}
	foreign := w.list(everyone, "index", "user=nobody")
	if _, err := w.trail.Find(t.Context(), vsadmin, foreign); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a line of nobody's: %v", err)
	}
}

func TestTheLinesOfAnSVMThatIsGoneStay(t *testing.T) {
	w := newWorld(t)
	w.must(w.svms.Delete(t.Context(), svm.Caller{Name: "admin", Owner: w.cluster, Scope: svm.Everything()}, []string{w.svm1.UUID}))
	if got := w.list(everyone, "input", "svm.uuid="+w.svm1.UUID); !cmp.Equal(got, []string{"create svm svm1 name=svm1", "delete svm svm1"}) {
		t.Errorf("got %q", got)
	}
	if got := w.list(everyone, "svm.name", "svm.uuid="+w.svm1.UUID); !cmp.Equal(got, []string{"", ""}) {
		t.Errorf("names: %q", got)
	}
}

func TestADamagedLineIsTold(t *testing.T) {
	w := newWorld(t)
	info, err := os.Stat(w.log.Path())
	w.must(err)
	w.refuse(w.svm1, "eve")
	b, err := os.ReadFile(w.log.Path())
	w.must(err)
	copy(b[info.Size()+60:], "\x00\x1b[2J")
	w.must(os.WriteFile(w.log.Path(), b, 0o600))
	w.refuse(w.svm1, "mallory")

	want := fmt.Sprintf("This line of the audit log is damaged (file 1, byte %d).", info.Size())
	if got := w.list(everyone, "message", "state=error"); !cmp.Equal(got, []string{want, "refused: unauthenticated"}) {
		t.Errorf("got %q", got)
	}
	if got := w.list(everyone, "entry", "timestamp=2026-08-04T09:03:00Z"); !cmp.Equal(got, []string{want}) {
		t.Errorf("by its time, which is whole: %q", got)
	}
	if got := w.list(svm.Caller{Scope: svm.Within(w.svm1.UUID)}, "user", ""); !cmp.Equal(got, []string{"admin", "mallory"}) {
		t.Errorf("an SVM's account sees %q", got)
	}
}

// TestWhatStrangersTypeStaysInItsPlace has user names that would like to be
// something else.
func TestWhatStrangersTypeStaysInItsPlace(t *testing.T) {
	w := newWorld(t)
	w.refuse(w.cluster, `eve why="right password" x=`)
	w.refuse(w.cluster, "a\nb\x1b[31m")
	long := audit.Entry{Event: "modify", Resource: "duo_group", Key: strings.Repeat("k", 1<<20)}
	for i := range 64 {
		long.Fields = append(long.Fields, audit.Field{Path: fmt.Sprint("field", i), Value: strings.Repeat("é", 1<<10)})
	}
	w.must(w.log.Write(audit.Who{Via: "ssh"}, long, audit.Done, ""))
	got := w.list(everyone, "input", "application=ssh")
	want := []string{
		`login account "eve why=\"right password\" x=" why="wrong password"`,
		`login account "a\nb\x1b[31m" why="wrong password"`,
	}
	if diff := cmp.Diff(want, got[:2]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := len(got[2]); n < 2000 || n > 2100 || !utf8.ValidString(got[2]) {
		t.Errorf("a request of %d bytes: %q", n, got[2])
	}
}

func TestNothingIsShownWhileTheClusterIsNotKnown(t *testing.T) {
	w := newWorld(t)
	w.must(w.store.Close())
	for _, err := range w.trail.Rows(t.Context(), everyone, nil) {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("got %v", err)
		}
	}
}
