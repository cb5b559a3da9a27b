package account

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// Credentials are what somebody presents to get in.
type Credentials struct {
	// Application is HTTP or SSH.
	Application string
	// User is the name of a cluster's account, or the name of an SVM, a
	// backslash and the name of the SVM's account.
	User     string
	Password secret.Text
	// Proven is the method that was proven before this one, for accounts that
	// ask for two; "" for the first.
	Proven string
	// Partial says that the caller goes on to ask for Principal.Next. Without
	// it, who needs a second method is refused.
	Partial bool
	// From is the address of the connection, Via the edge, Request the id of
	// the request or session.
	From         netip.Addr
	Via, Request string

	own bool // somebody who is logged in: only the password counts
}

// Authenticate returns who presents the credentials. Unauthenticated when they
// are wrong, the account is locked or does not have the application: which, is
// told to the audit log alone. TooMany, without a look at the password, while
// the address is locked out; Busy when too many logins wait; Unavailable when
// the accounts are not known, Outdated when the store has been out of reach for
// too long to go by what is known of them.
//
// It reads the newest state this process has seen, so another process's change
// of a password bites as soon as it has arrived here; one made through this
// process bites at once.
func (s *Service) Authenticate(ctx context.Context, c Credentials) (Principal, error) {
	x, err := s.Begin(ctx, c)
	if err != nil {
		return Principal{}, err
	}
	return x.Principal, nil
}

// admit returns nil when the password is remembered, or is the right one.
func (s *Service) admit(ctx context.Context, c Credentials, found candidate, t tag) error {
	if found.account.usable(c) && s.now().Before(s.memory.until(t)) {
		return nil
	}
	// One look at a password at a time from one address, however many
	// connections it opened at once: the others share its outcome.
	key := fmt.Sprint(string(t[:]), c.Application, "/", c.Proven, "/", c.Partial, "/", c.from())
	for {
		_, err, _ := s.flight.Do(key, func() (any, error) { return nil, s.verify(ctx, c, found, t) })
		if !fault.Is(err, fault.Timeout) || ctx.Err() != nil {
			return err
		} // else it was another one's context that ended
	}
}

// CheckPassword reports whether a password is the one of the account that the
// caller is logged in with, as before it is changed. The refusals are those of
// Authenticate, and a wrong one counts like one at the door.
func (s *Service) CheckPassword(ctx context.Context, caller svm.Caller, password secret.Text) error {
	snap, err := s.ledger.Local(ctx)
	if err != nil {
		return err
	}
	found, ok := at(snap, caller.Owner, caller.Name)
	if !ok {
		return fault.New(fault.Unauthenticated, "", "User is not authorized.")
	}
	from, err := netip.ParseAddr(caller.From)
	if err != nil {
		from = netip.Addr{} // a caller of no connection
	}
	c := Credentials{Application: caller.Via, User: caller.Name, Password: password, From: from, Via: caller.Via, Request: caller.Request, own: true}
	return s.verify(ctx, c, found, s.memory.tag(found.key, found.version, password))
}

// from returns the address as text, "" when there is none.
func (c Credentials) from() string {
	if !c.From.IsValid() {
		return ""
	}
	return c.From.Unmap().String()
}

// maxUser is no shorter than any name that somebody can log in under: an SVM's,
// a backslash and an account's.
const maxUser = 128

// A candidate is the account that a user name stands for, or an empty one.
type candidate struct {
	key     string
	version store.Version
	account *Account
	owner   svm.Owner
	exists  bool
}

// find looks for a cluster's account of that name, then for an SVM's. A
// cluster's account may have a backslash in its name, as those of a Windows
// domain do; it goes first.
func find(snap store.Snapshot, user string) candidate {
	cluster := svm.ClusterOf(snap).Owner()
	if c, ok := at(snap, cluster, user); ok {
		return c
	}
	if vm, name, ok := strings.Cut(user, `\`); ok {
		if owner, ok := svm.ByName(snap, vm); ok && owner.UUID != cluster.UUID {
			if c, ok := at(snap, owner, name); ok {
				return c
			}
		}
	}
	if len(user) > maxUser {
		user = "" // what is remembered of strangers is bounded in size too
	}
	return candidate{key: user, account: new(Account)}
}

func at(snap store.Snapshot, owner svm.Owner, name string) (candidate, bool) {
	key := store.JoinKey(owner.UUID, name)
	a, version := Accounts.Get(snap, key)
	return candidate{key: key, version: version, account: a, owner: owner, exists: true}, a != nil
}

func (f candidate) principal(c Credentials) Principal {
	next, _ := f.account.opens(c.Application, MethodPassword, c.Proven)
	return f.who(c, next)
}

// who makes the Principal of an account that has proven itself but for next.
func (f candidate) who(c Credentials, next string) Principal {
	scope := svm.Within(f.owner.UUID)
	if f.account.Scope == ClusterScope {
		scope = svm.Everything()
	}
	return Principal{
		Caller: svm.Caller{Name: f.account.Name, Owner: f.owner, Scope: scope, From: c.from(), Via: c.Via, Request: c.Request},
		Role:   f.account.Role, Scope: f.account.Scope, Since: f.account.Since, Groups: f.account.Groups,
		KeyOnly: c.Application == SSH && f.account.keyOnly(), Next: next,
	}
}

// verify looks at the password, whether or not there is an account, and takes
// the same time for every reason to refuse.
func (s *Service) verify(ctx context.Context, c Credentials, f candidate, t tag) error {
	v := visit{account: f.key, from: network(c.From), exists: f.exists}
	attempt, wait := s.throttle.begin(v, s.now())
	if wait > 0 {
		refused := fault.New(fault.TooMany, "", "Too many failed logins; try again in %.0f s.", math.Ceil(wait.Seconds()))
		refused.After = wait
		s.refuse(c, f, fault.TooMany, refused.Msg)
		return refused
	}
	matches, err := s.hasher.matches(ctx, f.account.Password, c.Password)
	if err != nil {
		s.throttle.void(attempt, s.now())
		return err
	}
	if !matches || !f.account.usable(c) {
		s.refuse(c, f, fault.Unauthenticated, f.whyNot(c, matches))
		return fault.New(fault.Unauthenticated, "", "User is not authorized.")
	}
	s.throttle.passed(attempt, s.now())
	s.memory.add(t, s.now())
	return nil
}

// whyNot is for the audit log.
func (f candidate) whyNot(c Credentials, matches bool) string {
	switch {
	case !f.exists:
		return "no such account"
	case f.account.Locked:
		return "account locked"
	case f.account.Password.IsZero():
		return "no password set"
	case !f.account.takesPassword(c):
		return "application not allowed with a password"
	case !matches:
		return "wrong password"
	}
	return "unknown"
}

// refusals bounds how fast refused credentials fill the audit log: a guesser
// must not push the lines of changes out of it. A line tells how many before
// it were left out.
type refusals struct {
	lines   *rate.Limiter
	leftOut atomic.Int64
}

func newRefusals() *refusals { return &refusals{lines: rate.NewLimiter(1, 100)} }

func (s *Service) refuse(c Credentials, f candidate, code fault.Code, why string) {
	if !s.refusals.lines.AllowN(s.now(), 1) {
		s.refusals.leftOut.Add(1)
		return
	}
	e := audit.Entry{
		Event: "login", Resource: "account", Key: c.User, Owner: f.owner.UUID,
		Fields: []audit.Field{{Path: "application", Value: c.Application}, {Path: "why", Value: why}},
	}
	if n := s.refusals.leftOut.Swap(0); n > 0 {
		e.Fields = append(e.Fields, audit.Field{Path: "left_out", Value: strconv.FormatInt(n, 10)})
	}
	who := audit.Who{Name: c.User, From: c.from(), Via: c.Via, Request: c.Request}
	if err := s.ledger.Note(who, e, audit.Refused, string(code)); err != nil {
		s.logger.Error("a refused login has no audit line", slog.String("from", who.From), slog.Any("error", err))
	}
}
