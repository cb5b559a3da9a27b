package duosim

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
)

const (
	maxUsers        = 100_000
	maxIntegrations = 1_000
)

// A Config is what a simulator is made with. The zero Config is usable.
type Config struct {
	// Seed is what it knows at the start; see ParseSeed. When its Settings are
	// all zero, DefaultSettings are meant.
	Seed Seed
	// AutoApprove and Strict switch on the settings of the same names.
	AutoApprove, Strict bool
	// PortalURL is the address of the control handler as a browser reaches it,
	// such as http://127.0.0.1:8445: enrolment links begin with it. Empty: they
	// begin with the host the client called, where the API handler serves them
	// as well.
	PortalURL string
	// Hosts are the names, without port, under which a browser may call the
	// control handler besides those of the loopback.
	Hosts []string
	// JournalSize is the number of requests the journal keeps. Default 1000.
	JournalSize int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Random is where keys, ids and codes come from; nil means crypto/rand.
	Random io.Reader
	// Logger gets what an operator may want to know; nil discards it.
	Logger *slog.Logger
}

// A Sim is one simulated Duo service. Its methods may be called concurrently.
type Sim struct {
	config   Config
	closed   chan struct{}
	close    sync.Once
	inFlight atomic.Int64 // requests to the API
	streams  atomic.Int64 // live pages

	// mu guards everything below, and the users, transactions and faults in it.
	mu           sync.Mutex
	settings     Settings
	integrations map[string]*Integration // by integration key
	users        map[string]*user        // by lower-case name
	userIDs      map[string]*user
	transactions map[string]*transaction // by txid, ended ones for a while
	live         map[string]*transaction // those that wait for a person
	order        []string                // the txids, the oldest first, perhaps with some forgotten
	offers       map[string]*offer       // verified pushes offered by preauth, by txid
	enrolments   map[string]*enrolment   // by activation code
	faults       []*Fault
	lastFault    int
	lastSweep    time.Time
	journal      journal
	changed      chan struct{} // closed and replaced at every change
}

// New makes a simulator and starts nothing.
func New(c Config) (*Sim, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Random = &lockedReader{r: c.Random}
	c.PortalURL = strings.TrimSuffix(c.PortalURL, "/")
	s := &Sim{config: c, closed: make(chan struct{}), changed: make(chan struct{})}
	if err := s.Reset(); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends every wait in progress, so that a server can shut down: polls
// answer with what they know, pages stop being live.
func (s *Sim) Close() { s.close.Do(func() { close(s.closed) }) }

// Reset forgets everything and begins again with the seed. Keys that the seed
// does not name are made up anew.
func (s *Sim) Reset() error {
	seed := s.config.Seed
	if seed.Settings == (Settings{}) {
		seed.Settings = DefaultSettings()
	}
	seed.Settings.AutoApprove = seed.Settings.AutoApprove || s.config.AutoApprove
	seed.Settings.Strict = seed.Settings.Strict || s.config.Strict
	if err := seed.Settings.check(); err != nil {
		return err
	}
	s.mu.Lock()
	for _, tx := range s.transactions {
		tx.finish(s.now(), stateCancelled())
	}
	s.settings = seed.Settings
	s.integrations = map[string]*Integration{}
	s.users, s.userIDs = map[string]*user{}, map[string]*user{}
	s.transactions, s.live = map[string]*transaction{}, map[string]*transaction{}
	s.order = nil
	s.offers, s.enrolments = map[string]*offer{}, map[string]*enrolment{}
	s.faults = nil
	s.journal = journal{limit: cmp.Or(s.config.JournalSize, 1000), next: s.journal.next}
	s.touch()
	s.mu.Unlock()
	var errs []error
	for i, in := range seed.Integrations {
		if _, err := s.AddIntegration(in); err != nil {
			errs = append(errs, fmt.Errorf("integrations[%d]: %w", i, err))
		}
	}
	for i, in := range seed.Users {
		if err := s.AddUser(in); err != nil {
			errs = append(errs, fmt.Errorf("users[%d] %q: %w", i, in.Name, err))
		}
	}
	for i, in := range seed.Faults {
		if _, err := s.AddFault(in); err != nil {
			errs = append(errs, fmt.Errorf("faults[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

// touch tells everybody who waits that something changed. The caller holds the
// mutex.
func (s *Sim) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Sim) now() time.Time { return s.config.Now() }

// clock is the time the service believes it is. The caller holds the mutex.
func (s *Sim) clock() time.Time { return s.now().Add(time.Duration(s.settings.ClockShift)) }

// Settings returns the settings in force.
func (s *Sim) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// Configure changes the settings: change gets those in force, and its own
// error, or a value that cannot be, leaves them as they are.
func (s *Sim) Configure(change func(*Settings) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.settings
	if err := change(&next); err != nil {
		return err
	}
	if err := next.check(); err != nil {
		return err
	}
	s.settings = next
	s.touch()
	return nil
}

// AddIntegration registers an application, makes up the keys that are not
// given, and returns it with both.
func (s *Sim) AddIntegration(in Integration) (Integration, error) {
	ikey, skey, err := GenerateKeys(s.config.Random)
	if err != nil {
		return Integration{}, err
	}
	in.IKey = cmp.Or(in.IKey, ikey)
	in.Kind = cmp.Or(in.Kind, KindAuth)
	in.Name = cmp.Or(in.Name, string(in.Kind))
	if in.SKey.IsZero() {
		in.SKey.Text = skey
	}
	key := in.SKey.Reveal()
	switch {
	case !hasForm(in.IKey, ikeyPrefix, ikeyLength, upperAlnum):
		return Integration{}, badValue("integration_key", "an integration key is DI and 18 letters A-Z or digits")
	case !hasForm(key, "", skeyLength, allAlnum):
		return Integration{}, badValue("secret_key", "a secret key is 40 letters or digits")
	case in.Kind != KindAuth && in.Kind != KindOther:
		return Integration{}, badValue("kind", "kind %q must be auth or other", in.Kind)
	}
	if err := checkName("name", in.Name); err != nil {
		return Integration{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.integrations[in.IKey] != nil {
		return Integration{}, fault.New(fault.Exists, "integration_key", "there is an integration %s already", in.IKey)
	}
	if len(s.integrations) >= maxIntegrations {
		return Integration{}, fault.New(fault.TooMany, "", "there are %d integrations already", maxIntegrations)
	}
	s.integrations[in.IKey] = &in
	s.touch()
	return in, nil
}

// SecretKey returns the secret key of an application, for whoever runs the
// simulator to print.
func (s *Sim) SecretKey(ikey string) (secret.Text, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in := s.integrations[ikey]; in != nil {
		return in.SKey.Text, nil
	}
	return secret.Text{}, fault.New(fault.NotFound, "", "there is no integration %q", ikey)
}

// SwitchIntegration switches a key off or on again.
func (s *Sim) SwitchIntegration(ikey string, off bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.integrations[ikey]
	if in == nil {
		return fault.New(fault.NotFound, "", "there is no integration %q", ikey)
	}
	in.Off = off
	s.touch()
	return nil
}

// AddUser makes a user known.
func (s *Sim) AddUser(in User) error {
	u, err := newUser(s.config.Random, in)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.insertUser(u)
}

func (s *Sim) insertUser(u *user) error {
	switch {
	case s.users[foldName(u.name)] != nil:
		return fault.New(fault.Exists, "name", "there is a user %q already", u.name)
	case s.userIDs[u.id] != nil:
		return fault.New(fault.Exists, "user_id", "there is a user with the id %s already", u.id)
	case len(s.users) >= maxUsers:
		return fault.New(fault.TooMany, "", "there are %d users already", maxUsers)
	}
	s.users[foldName(u.name)] = u
	s.userIDs[u.id] = u
	s.touch()
	return nil
}

// RemoveUser forgets a user; what they were asked is refused.
func (s *Sim) RemoveUser(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(name)
	if err != nil {
		return err
	}
	delete(s.users, foldName(u.name))
	delete(s.userIDs, u.id)
	for id, tx := range s.live {
		if tx.user == u {
			tx.finish(s.now(), stateCancelled())
			delete(s.live, id)
		}
	}
	s.touch()
	return nil
}

// SetUserState puts a user into another state. Out of the lock-out the count of
// failures begins anew.
func (s *Sim) SetUserState(name string, state State) error {
	switch state {
	case Active, Bypass, LockedOut, Disabled, Unenrolled:
	default:
		return badState(state)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(name)
	if err != nil {
		return err
	}
	u.state = state
	if state != LockedOut {
		u.failures = 0
	}
	s.touch()
	return nil
}

// find looks a user up by name. The caller holds the mutex.
func (s *Sim) find(name string) (*user, error) {
	if u := s.users[foldName(name)]; u != nil {
		return u, nil
	}
	return nil, fault.New(fault.NotFound, "", "there is no user %q", name)
}

func foldName(name string) string { return strings.ToLower(name) }

// sortedUsers returns the users by name. The caller holds the mutex.
func (s *Sim) sortedUsers() []*user {
	out := make([]*user, 0, len(s.users))
	for _, u := range s.users {
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b *user) int { return strings.Compare(foldName(a.name), foldName(b.name)) })
	return out
}
