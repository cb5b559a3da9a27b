// Package door lets login services on other machines ask for a second factor,
// so that no host but this one holds a secret key. A service opens a
// transaction for a login, then polls for what there is to show to the person,
// sends the person's answers, and learns the decision in the end.
//
// Transactions are kept in memory. They belong to the account that opened
// them, and one that nobody polls any more is ended as a refusal.
package door

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	// Hold is how long a poll waits for news.
	Hold = 25 * time.Second
	// Patience is how long a transaction lives without a poll.
	Patience = 30 * time.Second
)

// Config is what a Door is made from.
type Config struct {
	// Decide takes a login through its second factor; Engine.Decide does.
	Decide func(ctx context.Context, r enforce.Request, p enforce.Prompter) enforce.Decision
	// Refused keeps a login for which no decision could be asked. Nil: nobody
	// does.
	Refused func(ctx context.Context, r enforce.Request, why enforce.Reason)
	Ledger  *audit.Ledger
	SVMs    *svm.Service
	// MaxOpen bounds the logins under way, MaxEach those of one account, so
	// that no login service takes the place of the others. 0: 1024 and 256.
	MaxOpen, MaxEach int
	// Logger gets transactions that nobody waits for any more. Nil discards.
	Logger *slog.Logger
}

// A Door holds the transactions. Its methods may be called concurrently.
type Door struct {
	cfg     Config
	ctx     context.Context // of every decision
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	all    map[string]*transaction // by id; guarded by mu, like what follows
	open   map[string]int          // logins under way, by account
	total  int
}

// New returns a Door without transactions.
func New(cfg Config) *Door {
	if cfg.MaxOpen == 0 {
		cfg.MaxOpen = 1024
	}
	if cfg.MaxEach == 0 {
		cfg.MaxEach = 256
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Refused == nil {
		cfg.Refused = func(context.Context, enforce.Request, enforce.Reason) {}
	}
	d := &Door{cfg: cfg, all: make(map[string]*transaction), open: make(map[string]int)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// Close ends all logins under way as refusals, wakes who polls for them and
// waits for the decisions to be recorded. Nothing is opened afterwards.
func (d *Door) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.cancel()
	d.running.Wait()
}

// Open begins a login's second factor and returns its first news. NoSuchOwner
// for an owner the caller does not see; MissingField; Busy and TooMany when
// too many logins are under way in all or of this account.
func (d *Door) Open(ctx context.Context, caller svm.Caller, _ []string, in record.Input[Visit]) (*Turn, error) {
	visit, err := in.New()
	if err != nil {
		return nil, err
	}
	snap, err := d.cfg.Ledger.Latest(ctx)
	if fault.Is(err, fault.Outdated) {
		d.Outdated(ctx, caller, in)
	}
	if err != nil {
		return nil, err
	}
	if visit.Login.Owner, _, err = d.cfg.SVMs.Resolve(snap, caller, visit.Login.Owner); err != nil {
		return nil, err
	}
	standing := account.StandingOf(snap, visit.Login.Owner, visit.Login.User)
	r := enforce.Request{
		Owner: visit.Login.Owner, User: visit.Login.User, Groups: visit.Login.Groups, KeyOnly: standing.KeyOnly,
		From: visit.From, Hostname: visit.Hostname, Service: visit.Service, Command: visit.Command,
		Interactive: visit.Interactive, AskedBy: caller.Name, ID: caller.Request,
	}
	if standing.Known {
		r.Groups = standing.Groups
	}
	t, err := d.begin(caller, r) //nolint:contextcheck // the decision outlives the request that began it
	if err != nil {
		return nil, err
	}
	return d.next(ctx, t)
}

// Outdated keeps a login that is refused because what is known of accounts and
// profiles is too old, the caller's own account included: the address is the
// caller's, since what it says of others cannot be believed.
func (d *Door) Outdated(ctx context.Context, caller svm.Caller, in record.Input[Visit]) {
	visit, err := in.New()
	if err != nil {
		return
	}
	d.cfg.Refused(ctx, enforce.Request{
		User: visit.Login.User, From: caller.From, Hostname: visit.Hostname, Service: visit.Service,
		Interactive: visit.Interactive, AskedBy: caller.Name,
	}, enforce.PolicyOutdated)
}

// begin makes a transaction and starts its decision.
func (d *Door) begin(caller svm.Caller, r enforce.Request) (*transaction, error) {
	who := accountOf(caller)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return nil, fault.New(fault.Unavailable, "", "The server is about to stop.")
	case d.total >= d.cfg.MaxOpen:
		return nil, fault.New(fault.Busy, "", "Too many logins wait for their second factor.")
	case d.open[who] >= d.cfg.MaxEach:
		return nil, fault.New(fault.TooMany, "", "Too many logins of this account wait for their second factor.")
	}
	ctx, cancel := context.WithCancel(d.ctx)
	t := &transaction{id: uuid.NewString(), account: who, cancel: cancel, state: Running, changed: make(chan struct{})}
	t.idle = time.AfterFunc(Patience, func() { d.abandon(t) })
	d.all[t.id] = t
	d.total++
	d.open[who]++
	d.running.Go(func() {
		defer cancel()
		t.end(d.cfg.Decide(ctx, r, t))
		d.mu.Lock()
		defer d.mu.Unlock()
		d.total--
		if d.open[who]--; d.open[who] == 0 {
			delete(d.open, who)
		}
	})
	return t, nil
}

// Poll returns the next news of a transaction, whose id is the key: at once
// what came since the last call, else as soon as something comes, or the state
// as it is after Hold. NotFound for a transaction that is not the caller's, or
// whose decision was told already.
func (d *Door) Poll(ctx context.Context, caller svm.Caller, key []string, _ record.Input[Nothing]) (*Turn, error) {
	t, err := d.find(caller, key[0])
	if err != nil {
		return nil, err
	}
	return d.next(ctx, t)
}

// Answer gives the person's answer to the question that was asked, and returns
// the next news. NotFound as Poll; Raced when nothing is being asked.
func (d *Door) Answer(ctx context.Context, caller svm.Caller, key []string, in record.Input[Reply]) (*Turn, error) {
	reply, err := in.New()
	if err != nil {
		return nil, err
	}
	t, err := d.find(caller, key[0])
	if err != nil {
		return nil, err
	}
	if !t.answer(reply.Answer) {
		return nil, fault.New(fault.Raced, "answer", "No question waits for an answer.")
	}
	return d.next(ctx, t)
}

func (d *Door) find(caller svm.Caller, id string) (*transaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.all[id]
	if t == nil || t.account != accountOf(caller) {
		return nil, fault.New(fault.NotFound, "uuid",
			"No such login waits here: it was decided and told, it was given up, or another server has it. All calls of one login must reach the same server.")
	}
	return t, nil
}

// next waits for news. Who has got the decision does not come again.
func (d *Door) next(ctx context.Context, t *transaction) (*Turn, error) {
	t.enter()
	defer t.leave()
	turn, err := t.next(ctx)
	if err == nil && turn.State == Done {
		d.forget(t)
	}
	return turn, err
}

// abandon ends a transaction that nobody polls.
func (d *Door) abandon(t *transaction) {
	d.forget(t)
	t.cancel()
	d.cfg.Logger.Info("a login was given up by the service that asked for it", slog.String("transaction", t.id))
}

func (d *Door) forget(t *transaction) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, t.id)
	t.retire()
}

// accountOf identifies the account of a caller.
func accountOf(c svm.Caller) string { return store.JoinKey(c.Owner.UUID, c.Name) }
