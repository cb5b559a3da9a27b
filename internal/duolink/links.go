// Package duolink keeps one client of Duo's Auth API for every profile in
// use, made from the profile's sealed secrets and dropped when the profile
// changes, and knows whether Duo answers each of them.
package duolink

import (
	"container/list"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
)

// maxLinks bounds the clients kept, and with them the idle connections; the
// least recently used goes first.
const maxLinks = 4096

// An Opener opens sealed secrets; *seal.Keyset is one.
type Opener interface {
	Open(place secret.Place, s secret.Sealed) (secret.Text, error)
}

// Config is what Links are made from.
type Config struct {
	// Secrets opens the profiles' secrets. Required.
	Secrets Opener
	// RootCAs are trusted for Duo's certificate; nil: the system's.
	RootCAs *x509.CertPool
	// UserAgent is sent to Duo.
	UserAgent string
	// Timeouts bound the parts of every call; zero fields have duoapi's defaults.
	Timeouts duoapi.Timeouts
	// Logger gets profiles that cannot be used; nil: nothing is logged.
	Logger *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Links hold the clients. Their methods may be called concurrently.
type Links struct {
	cfg    Config
	ctx    context.Context // ends the probes under way on Close
	cancel context.CancelFunc
	probes sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	byOwner map[string]*link // by owner's UUID; guarded by mu, like what follows
	recent  *list.List       // of *link, most recently used first
}

// A link is the client of one profile as it stood when the link was made.
type link struct {
	owner, identity string
	client          *duoapi.Client
	place           *list.Element

	mu    sync.Mutex
	state health // guarded by mu
}

// New returns Links without any client yet.
func New(cfg Config) *Links {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Links{cfg: cfg, ctx: ctx, cancel: cancel, byOwner: make(map[string]*link), recent: list.New()}
}

// Close ends the probes under way, waits for them and drops all clients.
func (l *Links) Close() {
	l.cancel()
	l.mu.Lock()
	l.closed = true
	for _, k := range l.byOwner {
		k.client.Close()
	}
	clear(l.byOwner)
	l.recent.Init()
	l.mu.Unlock()
	l.probes.Wait()
}

// Client returns the client of a profile. All calls for one state of a
// profile share it and its connections. It must not be closed.
func (l *Links) Client(p *duo.Profile) (*duoapi.Client, error) {
	k, err := l.link(p)
	if err != nil {
		return nil, err
	}
	return k.client, nil
}

func (l *Links) link(p *duo.Profile) (*link, error) {
	id := identity(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.byOwner[p.Owner.UUID]; k != nil && k.identity == id {
		l.recent.MoveToFront(k.place)
		return k, nil
	}
	client, err := l.Open(p)
	if err != nil {
		return nil, err
	}
	if l.closed { // a straggler gets an answer but leaves nothing behind
		return &link{client: client}, nil
	}
	l.drop(l.byOwner[p.Owner.UUID])
	k := &link{owner: p.Owner.UUID, identity: id, client: client}
	k.place = l.recent.PushFront(k)
	l.byOwner[k.owner] = k
	if len(l.byOwner) > maxLinks {
		l.drop(l.recent.Back().Value.(*link))
	}
	return k, nil
}

// drop forgets a link. Its calls under way end undisturbed.
func (l *Links) drop(k *link) {
	if k == nil {
		return
	}
	k.client.Close()
	l.recent.Remove(k.place)
	delete(l.byOwner, k.owner)
}

// Open returns a new client for a profile that need not be stored, such as a
// change under test. The caller closes it.
func (l *Links) Open(p *duo.Profile) (*duoapi.Client, error) {
	key, err := l.cfg.Secrets.Open(duo.SecretKeyPlace(p), p.SecretKey)
	if err != nil {
		return nil, fmt.Errorf("open the secret key of %s: %w", p.Owner.Name, err)
	}
	password, err := l.cfg.Secrets.Open(duo.ProxyPasswordPlace(p), p.ProxyPassword)
	if err != nil {
		return nil, fmt.Errorf("open the proxy password of %s: %w", p.Owner.Name, err)
	}
	return duoapi.New(duoapi.Config{
		Host: p.APIHost, IntegrationKey: p.IntegrationKey, SecretKey: key,
		Proxy: p.ProxyWith(password), RootCAs: l.cfg.RootCAs, UserAgent: l.cfg.UserAgent,
		Timeouts: l.cfg.Timeouts, Now: l.cfg.Now,
	})
}

// identity is all that a client is made from: two profiles with the same
// identity can share one.
func identity(p *duo.Profile) string {
	return strings.Join([]string{
		p.APIHost, p.IntegrationKey, p.Fingerprint, string(p.SecretKey.Cipher()), p.HTTPProxy, string(p.ProxyPassword.Cipher()),
	}, "\x00")
}
