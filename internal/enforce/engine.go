// Package enforce decides whether a login that has passed its first factor
// may go on: it takes the person through Duo as the governing profile says,
// answers allow or deny with the reason, and leaves a trace of every decision.
//
// The rules are functions without I/O (see table.go); around them is a small
// driver that talks to Duo through a Client and to the person through a
// Prompter.
package enforce

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// Deadline is how long a login may take in all by default: less than the 120
// seconds after which sshd gives up, so that the reason still reaches the
// person.
const Deadline = 75 * time.Second

// A Request is a login that has passed its first factor.
type Request struct {
	// Owner is the cluster or the SVM the login is for, User the account's
	// name, Groups the account's groups.
	Owner  svm.Owner
	User   string
	Groups []string
	// From is the client's address, "" when not known. Only a well-formed
	// address is told to Duo.
	From string
	// Hostname is the machine being entered, for Duo; may be "".
	Hostname string
	// Service and Command say what the login is for, for the push.
	Service, Command string
	// AskedBy is the account of the login service that asks, "" when it is
	// this program's own.
	AskedBy string
	// Interactive is whether Prompter.Ask can be answered. Without it the
	// automatic factor is taken whatever auto_push says, once.
	Interactive bool
	// ID is the request's in logs and audit lines; may be "".
	ID string
	// KeyOnly marks a user whose one first factor is a public key: they have
	// one try, as ONTAP documents it.
	KeyOnly bool
}

// A Decision is the end of a login's second factor.
type Decision struct {
	Allow  bool
	Reason Reason
	// FailOpen is set when the login is let in only because Duo could not be
	// asked.
	FailOpen bool
	// Ruling is the profile and group rule that governed.
	Ruling duo.Ruling
	// Factor is the last factor tried, Status Duo's last word for it ("push",
	// "fraud"), Message Duo's last text, safe to print; "" where there was none.
	Factor, Status, Message string
	// Tries is how many second factors were tried.
	Tries int
	// Began is when the decision was asked for, Took how long it took.
	Began time.Time
	Took  time.Duration
}

// A Prompter is the person at the other end. Texts given to it are safe to
// print and end without a line break, but for prompts.
type Prompter interface {
	// Tell shows a text that wants no answer, at once.
	Tell(ctx context.Context, text string) error
	// Ask shows a prompt and reads one line, without its end. The answer may
	// be a passcode; the absent Text is an empty line.
	Ask(ctx context.Context, prompt string) (secret.Text, error)
}

// A Client is one profile's connection to Duo; *duoapi.Client is one.
type Client interface {
	Ping(ctx context.Context) (duoapi.Clock, error)
	Preauth(ctx context.Context, in duoapi.PreauthRequest) (duoapi.PreauthReply, error)
	Auth(ctx context.Context, in duoapi.AuthRequest) (duoapi.AuthReply, error)
	AuthStatus(ctx context.Context, txid string) (duoapi.State, error)
}

// Config is what an Engine works with. All functions may be called
// concurrently.
type Config struct {
	// Rule finds what governs a login. An error refuses the login.
	Rule func(ctx context.Context, login duo.Login) (duo.Ruling, error)
	// Connect returns the client of a profile. An error refuses the login.
	Connect func(p *duo.Profile) (Client, error)
	// Reached is told after every ping and preauth whether Duo answered, and
	// whether a login was let in without an answer. Nil: nobody is told.
	Reached func(p *duo.Profile, err error, failOpen bool)
	// Recent says whether Duo answered this profile a moment ago, so that no
	// ping is needed to learn its clock. Nil: never.
	Recent func(p *duo.Profile) bool
	// Record leaves the trace of a decision. Its error refuses a login that
	// was to be let in: a login nobody can find out about is not let in.
	Record func(ctx context.Context, r Request, d Decision) error
	// Deadline bounds a login; 0: Deadline.
	Deadline time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// An Engine decides logins. Its methods may be called concurrently.
type Engine struct {
	cfg      Config
	deciding atomic.Int64
}

// New returns an Engine.
func New(cfg Config) *Engine {
	if cfg.Reached == nil {
		cfg.Reached = func(*duo.Profile, error, bool) {}
	}
	if cfg.Recent == nil {
		cfg.Recent = func(*duo.Profile) bool { return false }
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = Deadline
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Engine{cfg: cfg}
}

// Decide takes a login through its second factor. It always decides, at the
// latest when the deadline passes or ctx ends, and the decision is recorded
// when it returns.
func (e *Engine) Decide(ctx context.Context, r Request, p Prompter) Decision {
	e.deciding.Add(1)
	defer e.deciding.Add(-1)
	began := e.cfg.Now()
	within, cancel := context.WithTimeout(ctx, e.cfg.Deadline)
	defer cancel()
	d := e.decide(within, r, p)
	d.Began, d.Took = began, e.cfg.Now().Sub(began)
	if err := e.cfg.Record(context.WithoutCancel(ctx), r, d); err != nil && d.Allow {
		d.Allow, d.FailOpen, d.Reason = false, false, NotRecorded
	}
	return d
}

// Deciding returns how many logins are on their way through Decide.
func (e *Engine) Deciding() int64 { return e.deciding.Load() }

func (e *Engine) decide(ctx context.Context, r Request, p Prompter) Decision {
	ruling, err := e.cfg.Rule(ctx, duo.Login{Owner: r.Owner, User: r.User, Groups: r.Groups})
	if err != nil {
		return Decision{Reason: unruled(err)}
	}
	if !ruling.Asked {
		return Decision{Allow: true, Reason: Reason(ruling.Reason), Ruling: ruling}
	}
	client, err := e.cfg.Connect(ruling.Profile)
	if err != nil {
		return Decision{Reason: ProfileUnfit, Ruling: ruling}
	}
	c := conversation{engine: e, request: r, prompter: p, client: client, profile: ruling.Profile}
	v := c.run(ctx)
	if !v.allow && expired(ctx) {
		v.reason = DeadlinePassed
	}
	return Decision{
		Allow: v.allow, Reason: v.reason, FailOpen: v.failOpen, Ruling: ruling,
		Factor: string(c.factor), Status: c.status, Message: c.message, Tries: c.tries,
	}
}
