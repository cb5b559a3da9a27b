package seal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// Config is what a Ring is made from.
type Config struct {
	// Store holds the secrets. Its tables include Witnesses and Holders.
	Store store.Store
	// Path is the keyset file.
	Path string
	// Tables are all tables of the store but Holders.
	Tables []store.Codec
	// Host names this server to the others of the store, which then know
	// whether it has a key. "" for a store that only this process uses.
	Host string
	// Logger gets what becomes of the file; nil discards it.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Ring is the keyset of a process that works on a store: the keys of the file
// as it is now, and the store's word on which of them seals. Its methods may be
// called concurrently.
type Ring struct {
	cfg      Config
	holder   holder
	rotating chan struct{} // holds something while keys are rotated or dropped

	mu    sync.Mutex // one look at the file at a time; guards stamp
	stamp os.FileInfo
	held  atomic.Pointer[held]
}

// A held is what came of the last look at the file: the keys, and why the file
// that is there now could not be taken, if so. The keys are then those before:
// they still open, so that nobody is locked out by half a copy of the file, but
// nothing is sealed with a key that the file may no longer have.
type held struct {
	keys *Keyset
	bad  error
}

// Prepare returns the Ring of a server at its start. The file is made when
// there is none and the store holds no records either. It is an error when the
// file is missing although there are records, and when it is not the keyset
// that they were written with.
func Prepare(ctx context.Context, cfg Config) (*Ring, error) {
	if _, err := os.Stat(cfg.Path); errors.Is(err, fs.ErrNotExist) {
		if err := createFor(ctx, cfg); err != nil {
			return nil, err
		}
	}
	r, err := load(cfg)
	if err != nil {
		return nil, err
	}
	if err := Check(ctx, cfg.Store, r.keys(), r.cfg.Now(), cfg.Tables...); err != nil {
		return nil, fmt.Errorf("keyset file %s: %w", cfg.Path, err)
	}
	if cfg.Host != "" {
		err = r.announce(ctx)
	}
	return r, err
}

// Attach returns the Ring of a tool that works on a store beside or instead of
// servers. The store must have a witness, and the file must be its keyset.
func Attach(ctx context.Context, cfg Config) (*Ring, error) {
	r, err := load(cfg)
	if err != nil {
		return nil, err
	}
	snap, err := cfg.Store.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return nil, err
	}
	w, _, _, err := sealing(snap)
	if err == nil {
		err = r.keys().Check(w)
	}
	if err != nil {
		return nil, fmt.Errorf("keyset file %s: %w", cfg.Path, err)
	}
	return r, nil
}

func load(cfg Config) (*Ring, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	r := &Ring{cfg: cfg, holder: newHolder(), rotating: make(chan struct{}, 1)}
	var err error
	if r.stamp, err = os.Stat(cfg.Path); err != nil {
		return nil, fmt.Errorf("seal: open keyset file: %w", err)
	}
	keys, err := Open(cfg.Path)
	if err != nil {
		return nil, err
	}
	r.held.Store(&held{keys: keys})
	return r, nil
}

func createFor(ctx context.Context, cfg Config) error {
	snap, err := cfg.Store.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return err
	}
	if !empty(snap, cfg.Tables) {
		if _, err := os.Stat(cfg.Path); err == nil {
			return nil // another server that starts made it meanwhile, and the first records with it
		}
		return fmt.Errorf("keyset file %s is missing, and this data needs it: put the file back; without it the secrets in the data are lost", cfg.Path)
	}
	if _, err = Create(cfg.Path); errors.Is(err, fs.ErrExist) {
		return nil // by another server that starts
	}
	return err
}

func (r *Ring) keys() *Keyset { return r.held.Load().keys }

// Open returns the plain secret. A fresh secret opens to itself, an absent one
// to the absent Text. For a key that is not known, the file is looked at first:
// it may have come this moment.
func (r *Ring) Open(place secret.Place, s secret.Sealed) (secret.Text, error) {
	plain, err := r.keys().Open(place, s)
	if errors.Is(err, ErrForeignKey) && r.look(context.Background()) {
		return r.keys().Open(place, s)
	}
	return plain, err
}

// SealFor seals what is fresh in the slots, in place, and seals anew what
// another key sealed than the one a state of the store says. What does not open
// is left as it is. The changes it returns belong into the same commit: it then
// happens only while that key still is the one. Unavailable when the file
// cannot be used or lacks the key.
func (r *Ring) SealFor(snap store.Snapshot, slots ...secret.Slot) ([]store.Change, error) {
	_, id, version, err := sealing(snap)
	if err != nil {
		return nil, fmt.Errorf("seal secrets: %w", err)
	}
	if !needs(id, slots) {
		return nil, nil
	}
	h := r.held.Load()
	if h.bad != nil || !h.keys.Has(id) {
		r.look(context.Background())
		h = r.held.Load()
	}
	keys, ok := h.keys.SealingWith(id)
	switch {
	case h.bad != nil:
		return nil, fault.Wrap(h.bad, fault.Unavailable, "", "The keyset file cannot be used at the moment, so no secret can be stored; the administrator must repair it.")
	case !ok:
		return nil, fault.Wrap(fmt.Errorf("%w: it needs key %s", ErrForeignKey, id), fault.Unavailable, "",
			"The keyset file of this server lacks key %s, so no secret can be stored; the administrator must copy the file from another server.", id)
	}
	if _, err := keys.SealFor(snap, slots...); err != nil {
		return nil, err
	}
	return []store.Change{Witnesses.Require(WitnessKey, version)}, nil
}

// needs reports whether any of the slots is to be sealed with a key.
func needs(id KeyID, slots []secret.Slot) bool {
	for _, slot := range slots {
		_, fresh := slot.Secret.Fresh()
		if by, err := keyOf(slot.Secret.Cipher()); fresh || err == nil && by != id {
			return true
		}
	}
	return false
}

// Err returns why the keyset file cannot be used, or nil. While it cannot, what
// is sealed still opens and nothing new is sealed.
func (r *Ring) Err() error { return r.held.Load().bad }

// Reload reads the file, whether or not it seems to have changed.
func (r *Ring) Reload(ctx context.Context) error {
	r.mu.Lock()
	r.stamp = nil
	r.mu.Unlock()
	r.look(ctx)
	return r.Err()
}

// look reads the file if it has changed since the last look, judges by the
// store whether it will do, and reports whether the keys are others now.
func (r *Ring) look(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.held.Load()
	keys, err := r.read(before.keys)
	if err == nil {
		err = r.fits(ctx, keys)
	}
	if ctx.Err() != nil {
		return false // which says nothing about the file
	}
	if err != nil {
		r.stamp = nil
		r.held.Store(&held{before.keys, err})
		if before.bad == nil || before.bad.Error() != err.Error() {
			r.cfg.Logger.ErrorContext(ctx, "the keyset file cannot be used; no secret is stored until it can", slog.Any("error", err))
		}
		return false
	}
	if before.bad == nil && keys == before.keys {
		return false
	}
	r.held.Store(&held{keys: keys})
	if before.bad != nil || !slices.Equal(before.keys.enabled, keys.enabled) {
		r.cfg.Logger.InfoContext(ctx, "the keyset file was read", slog.Any("keys", keys.enabled))
	}
	return true
}

// read returns what is in the file, which is known already if the file has not
// changed since the last look.
func (r *Ring) read(known *Keyset) (*Keyset, error) {
	stamp, err := os.Stat(r.cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("seal: open keyset file: %w", err)
	}
	if r.stamp != nil && os.SameFile(stamp, r.stamp) && stamp.ModTime().Equal(r.stamp.ModTime()) && stamp.Size() == r.stamp.Size() {
		return known, nil
	}
	keys, err := Open(r.cfg.Path)
	if err != nil {
		return nil, err
	}
	r.stamp = stamp // of before the reading: a change meanwhile shows at the next look
	return keys, nil
}

// fits refuses keys without the one that seals.
func (r *Ring) fits(ctx context.Context, keys *Keyset) error {
	snap, err := r.cfg.Store.Snapshot(ctx, store.Local) // which never waits
	if err != nil {
		return fmt.Errorf("keyset file %s cannot be compared with the data: %w", r.cfg.Path, err)
	}
	w, _, _, err := sealing(snap)
	if err == nil {
		err = keys.Check(w)
	}
	if err != nil {
		return fmt.Errorf("keyset file %s: %w", r.cfg.Path, err)
	}
	return nil
}

// Keyset returns the keys as they are now, or why the file cannot be used.
func (r *Ring) Keyset() (*Keyset, error) {
	h := r.held.Load()
	return h.keys, h.bad
}
