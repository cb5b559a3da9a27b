package logins

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// Size is how many logins a Table keeps; the oldest goes first.
const Size = 10000

// A Noter writes audit lines of events; *audit.Ledger is one.
type Noter interface {
	Note(a audit.Actor, e audit.Entry, o audit.Outcome, reason string) error
}

// A Table holds the latest logins, in order of time. Its methods may be
// called concurrently. Reading confines itself to the caller's scope.
type Table struct {
	schema *record.Schema[Login]
	notes  Noter
	log    *slog.Logger
	early  *rate.Limiter // of Refused

	mu   sync.Mutex
	ring []*Login // guarded by mu; grows to Size, then next overwrites the oldest
	next int
	seen map[Outcome]int64 // guarded by mu
}

// An Outcome is what logins are counted by. It names no owner and no user.
type Outcome struct {
	Decision, Reason string
	FailOpen         bool
}

// New returns an empty table that also writes to the audit log.
func New(notes Noter, log *slog.Logger) *Table {
	return &Table{schema: Schema(), notes: notes, log: log, early: rate.NewLimiter(1, 100), seen: make(map[Outcome]int64)}
}

// Record keeps one decision: a line of the audit log, a row of the table, a
// count, and a warning for a login that failed open. Unavailable when the
// line cannot be written; the row is there nevertheless, as a refusal.
func (t *Table) Record(ctx context.Context, r enforce.Request, d enforce.Decision) error {
	l := newLogin(r, d)
	outcome := audit.Done
	if !d.Allow {
		outcome = audit.Refused
	}
	who := audit.Who{Name: l.User, Owner: l.Owner.UUID, From: l.From, Via: l.Service, Request: r.ID}
	err := t.notes.Note(who, entry(l), outcome, l.Reason)
	if err != nil && d.Allow {
		l.Decision, l.Reason, l.FailOpen = Deny, string(enforce.NotRecorded), false
	}
	t.add(l)
	if l.FailOpen {
		t.log.WarnContext(ctx, "login let in without Duo",
			slog.String("owner", l.Owner.Name), slog.String("user", l.User), slog.String("reason", l.Reason))
	}
	return err
}

// Refused keeps a login that was refused before a decision could be asked for.
// Whoever tries may be a stranger, so their lines and rows are bounded: one a
// second after a hundred at once, of the others only the count.
func (t *Table) Refused(ctx context.Context, r enforce.Request, why enforce.Reason) {
	if !t.early.Allow() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.seen[Outcome{Deny, string(why), false}]++
		return
	}
	if err := t.Record(ctx, r, enforce.Decision{Reason: why, Began: time.Now()}); err != nil {
		t.log.ErrorContext(ctx, "a refused login has no audit line", slog.Any("error", err))
	}
}

func newLogin(r enforce.Request, d enforce.Decision) *Login {
	l := &Login{
		ID: uuid.Must(uuid.NewV7()).String(), Time: d.Began.UTC(),
		Owner: r.Owner, User: r.User, From: r.From, Service: r.Service, AskedBy: r.AskedBy,
		Decision: Deny, Reason: string(d.Reason), FailOpen: d.FailOpen,
		Rule: string(d.Ruling.Reason), Group: d.Ruling.Group,
		Factor: d.Factor, Status: d.Status, Message: d.Message,
		Tries: d.Tries, Milliseconds: d.Took.Milliseconds(),
	}
	if d.Allow {
		l.Decision = Allow
	}
	if d.Ruling.Profile != nil {
		l.Profile = d.Ruling.Profile.Owner
	}
	return l
}

// entry is the login's audit line. The message is Duo's and adds nothing to
// the status.
func entry(l *Login) audit.Entry {
	e := audit.Entry{Event: "login", Resource: "login", Key: l.Owner.Name + "/" + l.User, Owner: l.Owner.UUID}
	for _, f := range fields {
		switch f.Path {
		case "id", "owner.uuid", "owner.name", "user", "from", "service", "reason", "profile.uuid", "message":
			continue
		}
		if v := f.Get(l); !v.IsZero() {
			e.Fields = append(e.Fields, audit.Field{Path: f.Path, Value: v.String()})
		}
	}
	return e
}

func (t *Table) add(l *Login) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen[Outcome{l.Decision, l.Reason, l.FailOpen}]++
	if len(t.ring) < Size {
		t.ring = append(t.ring, l)
		return
	}
	t.ring[t.next] = l
	t.next = (t.next + 1) % Size
}

// Counts returns how many logins ended how since the start.
func (t *Table) Counts() map[Outcome]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.seen)
}

// Schema returns the declaration of a login.
func (t *Table) Schema() *record.Schema[Login] { return t.schema }

// Rows yields the logins in scope, oldest first, from the first id >= from;
// nil begins with the oldest there is. They are shared and must not be changed.
// Who sees a login but not the profile that governed it, as an SVM's account
// does where the cluster's did, does not see that profile's groups either.
func (t *Table) Rows(_ context.Context, caller svm.Caller, from []string) iter.Seq2[*Login, error] {
	return func(yield func(*Login, error) bool) {
		all := t.inOrder()
		if len(from) > 0 {
			i, _ := slices.BinarySearchFunc(all, from[0], func(l *Login, id string) int { return cmp.Compare(l.ID, id) })
			all = all[i:]
		}
		for _, l := range all {
			if caller.Scope.Sees(l.Owner.UUID) && !yield(l.seenBy(caller), nil) {
				return
			}
		}
	}
}

func (l *Login) seenBy(caller svm.Caller) *Login {
	if l.Group == "" || caller.Scope.Sees(l.Profile.UUID) {
		return l
	}
	seen := *l
	seen.Group = ""
	return &seen
}

// inOrder returns the logins as they stand, oldest first. Those that began at
// the same time may have been recorded in another order than their ids have.
func (t *Table) inOrder() []*Login {
	t.mu.Lock()
	all := slices.Concat(t.ring[t.next:], t.ring[:t.next])
	t.mu.Unlock()
	slices.SortFunc(all, func(a, b *Login) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Find returns one login, which is shared and must not be changed, or NotFound.
func (t *Table) Find(ctx context.Context, caller svm.Caller, key []string) (*Login, error) {
	for l, err := range t.Rows(ctx, caller, key) {
		if err != nil {
			return nil, err
		}
		if l.ID == key[0] {
			return l, nil
		}
		break
	}
	return nil, fault.New(fault.NotFound, "id", "entry doesn't exist")
}

// Fill does nothing: no field of a login is computed.
func (*Table) Fill(context.Context, []*Login) error { return nil }
