package sshd

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/enforce"
)

// Accounts proves who somebody is; *account.Service is one.
type Accounts interface {
	Authenticate(ctx context.Context, c account.Credentials) (account.Principal, error)
	AuthorizeKey(ctx context.Context, o account.KeyOffer) (account.Principal, error)
	Renew(ctx context.Context, p account.Principal) (account.Principal, error)
}

// A Terminal is what a Session is made of: who is there, and their connection.
type Terminal struct {
	// Who has proven all that was asked of them. Who.Caller.Request is the
	// connection's id in logs and audit lines.
	Who account.Principal
	// Renew returns Who as they stand by now. Once they are Unauthenticated the
	// session is to end.
	Renew func(ctx context.Context) (account.Principal, error)
	// Term says that there is a terminal of Width columns and Height lines,
	// which may be 0 for unknown.
	Term          bool
	Width, Height int
	// In ends when the session is to end. That of a terminal also has the method
	// Interrupts(f func()) (stop func()), which has f called for Ctrl-C while
	// nobody reads. Out reaches the person; lines end in CR LF.
	In  io.Reader
	Out io.Writer
}

// A Session is one shell. Resize may be called at any time.
type Session interface {
	// Run serves a person until they leave or ctx ends.
	Run(ctx context.Context) error
	// Exec runs one line and returns its exit status.
	Exec(ctx context.Context, line string) int
	Resize(width, height int)
}

// Config is what a Server is built from. All functions may be called
// concurrently.
type Config struct {
	// HostKey is the server's identity. Required, as are Accounts, Decide and
	// NewSession: there is no login without any of them.
	HostKey  ssh.Signer
	Accounts Accounts
	// Decide rules on the second factor; (*enforce.Engine).Decide does.
	Decide     func(ctx context.Context, r enforce.Request, p enforce.Prompter) enforce.Decision
	NewSession func(t Terminal) Session
	// Refused is told of logins that are refused for a fault of ours before a
	// decision could be asked for; (*logins.Table).Refused keeps them. Nil:
	// nobody is told.
	Refused func(ctx context.Context, r enforce.Request, why enforce.Reason)
	// Hostname is what Duo is told of the machine being entered.
	Hostname string
	// Banner returns the text shown before a login through a door, by the name
	// of the SVM the door is bound to, "" for the cluster's. Motd returns the
	// message of the day. Nil, or "": none.
	Banner func(ctx context.Context, vserver string) string
	Motd   func(ctx context.Context, who account.Principal) string
	// Visitors keeps last logins; nil: nobody is told of theirs.
	Visitors *Visitors
	Limits   Limits
	// Logger gets logins at Info and strangers' noise at Debug; nil discards.
	Logger *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Limits bound what clients may take. A zero field has its default, a negative
// PerSecond or Idle means none.
type Limits struct {
	// Sessions is how many logins may be open or deciding at a time: 64.
	Sessions int
	// Channels is how many shells and commands one connection may have at a
	// time: 10.
	Channels int
	// PerSecond is how many new connections an address may make in a second,
	// after as many at once: 10. More are held back up to Hold: 5 s.
	PerSecond float64
	Hold      time.Duration
	// HalfOpen is how many connections may be on their way to a first factor:
	// 256, then the oldest makes room. HalfOpenFrom is the same for one
	// address: 32, then new ones are closed.
	HalfOpen, HalfOpenFrom int
	// KeyExchange is the time for the encryption to stand: 20 s. FirstFactor is
	// that for the first factor: 120 s. SecondFactor is that for what follows:
	// 90 s, a little more than the engine takes.
	KeyExchange, FirstFactor, SecondFactor time.Duration
	// Idle is how long a login may rest: 30 min. KeepAlive is the pause between
	// two looks whether the client and the account are there, and how long the
	// client may take to answer: 1 min.
	Idle, KeepAlive time.Duration
	// Tries is how many first factors may fail on one connection: 6.
	Tries int
}

func (l Limits) withDefaults() Limits {
	l.Sessions = cmp.Or(l.Sessions, 64)
	l.Channels = cmp.Or(l.Channels, 10)
	l.PerSecond = cmp.Or(l.PerSecond, 10)
	l.Hold = cmp.Or(l.Hold, 5*time.Second)
	l.HalfOpen = cmp.Or(l.HalfOpen, 256)
	l.HalfOpenFrom = cmp.Or(l.HalfOpenFrom, 32)
	l.KeyExchange = cmp.Or(l.KeyExchange, 20*time.Second)
	l.FirstFactor = cmp.Or(l.FirstFactor, 2*time.Minute)
	l.SecondFactor = cmp.Or(l.SecondFactor, enforce.Deadline+15*time.Second)
	l.Idle = cmp.Or(l.Idle, 30*time.Minute)
	l.KeepAlive = cmp.Or(l.KeepAlive, time.Minute)
	l.Tries = cmp.Or(l.Tries, 6)
	return l
}

func (c *Config) check() error {
	if c.HostKey == nil || c.Accounts == nil || c.Decide == nil || c.NewSession == nil {
		return errors.New("sshd: a host key, accounts, a decision and sessions are required")
	}
	return nil
}

// sshConfig is what all connections have in common. Only what was found sound
// and is not about to be given up is offered.
func (c *Config) sshConfig() ssh.ServerConfig {
	config := ssh.ServerConfig{
		Config: ssh.Config{
			KeyExchanges: []string{
				ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519,
				ssh.KeyExchangeECDHP256, ssh.KeyExchangeECDHP384, ssh.KeyExchangeECDHP521,
			},
			Ciphers: []string{
				ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherChaCha20Poly1305,
				ssh.CipherAES128CTR, ssh.CipherAES192CTR, ssh.CipherAES256CTR,
			},
			MACs: []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM, ssh.HMACSHA256, ssh.HMACSHA512},
		},
		PublicKeyAuthAlgorithms: []string{
			ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
			ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512,
		},
		MaxAuthTries:  c.Limits.Tries,
		ServerVersion: "SSH-2.0-Duoplane",
	}
	config.AddHostKey(c.HostKey)
	return config
}
