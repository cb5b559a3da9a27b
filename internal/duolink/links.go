// Package duolink keeps one client of Duo's Auth API for every profile in
// use, made from the profile's sealed secrets and dropped when the profile
// changes, and knows whether Duo answers each of them.
package duolink

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
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
	// Observe is told how every request to Duo ended, as duoapi.Config says.
	Observe func(call duoapi.Call, kind duoapi.Kind, took time.Duration)
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

	clock atomic.Int64 // counts uses, to know the least recent

	mu      sync.RWMutex
	closed  bool             // guarded by mu, like what follows
	byOwner map[string]*link // by owner's UUID
}

// A link is the client of one profile as it stood when the link was made.
type link struct {
	owner  string
	of     identity
	client *duoapi.Client
	used   atomic.Int64 // Links.clock at the last use

	mu    sync.Mutex
	state health // guarded by mu
}

// identity is all that a client is made from: two profiles with the same
// identity can share one.
type identity struct {
	host, integrationKey, fingerprint, proxy string
	key, password                            []byte // ciphertext
}

func identityOf(p *duo.Profile) identity {
	return identity{
		host: p.APIHost, integrationKey: p.IntegrationKey, fingerprint: p.Fingerprint, proxy: p.HTTPProxy,
		key: p.SecretKey.Cipher(), password: p.ProxyPassword.Cipher(),
	}
}

func (a identity) equal(b identity) bool {
	return a.host == b.host && a.integrationKey == b.integrationKey && a.fingerprint == b.fingerprint && a.proxy == b.proxy &&
		bytes.Equal(a.key, b.key) && bytes.Equal(a.password, b.password)
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
	return &Links{cfg: cfg, ctx: ctx, cancel: cancel, byOwner: make(map[string]*link)}
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
	id := identityOf(p)
	l.mu.RLock()
	k := l.byOwner[p.Owner.UUID]
	l.mu.RUnlock()
	if k == nil || !k.of.equal(id) {
		var err error
		if k, err = l.connect(p, id); err != nil {
			return nil, err
		}
	}
	k.used.Store(l.clock.Add(1))
	return k, nil
}

// connect makes a link and forgets the one that the profile had before.
func (l *Links) connect(p *duo.Profile, id identity) (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.byOwner[p.Owner.UUID]
	if before != nil && before.of.equal(id) {
		return before, nil // somebody else was faster
	}
	client, err := l.Open(p)
	if err != nil {
		return nil, err
	}
	k := &link{owner: p.Owner.UUID, of: id, client: client}
	if l.closed { // a straggler gets an answer but leaves nothing behind
		return k, nil
	}
	if before != nil {
		before.client.Close() // calls under way end undisturbed
	} else if len(l.byOwner) == maxLinks {
		l.dropLeastRecent()
	}
	l.byOwner[k.owner] = k
	return k, nil
}

func (l *Links) dropLeastRecent() {
	var least *link
	for _, k := range l.byOwner {
		if least == nil || k.used.Load() < least.used.Load() {
			least = k
		}
	}
	least.client.Close()
	delete(l.byOwner, least.owner)
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
		Timeouts: l.cfg.Timeouts, Now: l.cfg.Now, Observe: l.cfg.Observe,
	})
}
