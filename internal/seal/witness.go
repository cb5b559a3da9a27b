package seal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// A Witness is the record by which a store knows its keyset: a known text,
// sealed. A server that cannot open it must not start, or it would write
// secrets that the others cannot open. The key that sealed it is the one that
// seals everything, on every server: sealing it anew with another key is the
// moment in which a rotation happens.
type Witness struct {
	Known secret.Sealed `json:"known"`
	// Keys tells when the store first heard of each key.
	Keys []Heard `json:"keys,omitempty"`
	// Unfinished is whether a rotation to the key that seals has not come to
	// its end.
	Unfinished bool `json:"unfinished,omitempty"`
}

// A Heard is a key and when the store first heard of it.
type Heard struct {
	Key  KeyID     `json:"key"`
	Made time.Time `json:"made,omitzero"`
}

// Witnesses is the witness's table; every store that holds sealed secrets
// declares it.
var Witnesses = &store.Table[Witness]{Name: "meta", DocVersion: 1}

// WitnessKey is the key of the one Witness.
const WitnessKey = "keyset"

const witnessText = "duoplane"

// Check reports whether a keyset is the one that the store was written with.
// The witness is made when it is absent and the store holds no records: no
// others than the tables named may be declared beside it.
func Check(ctx context.Context, s store.Store, k *Keyset, now time.Time, tables ...store.Codec) error {
	for {
		snap, err := s.Snapshot(ctx, store.Linearizable)
		if err != nil {
			return err
		}
		if w, _ := Witnesses.Get(snap, WitnessKey); w != nil {
			return k.Check(w)
		}
		if !empty(snap, tables) {
			return errors.New("the data holds records but no trace of the keyset it was written with: restore the data from a backup")
		}
		w := &Witness{}
		for _, id := range k.enabled {
			w.Keys = append(w.Keys, Heard{id, now.UTC()})
		}
		if w.Known, err = k.testify(); err != nil {
			return err
		}
		_, err = s.Commit(ctx, Witnesses.Put(WitnessKey, 0, w))
		if !fault.Is(err, fault.Raced) { // else another server was first: see whose keyset it has
			return err
		}
	}
}

// testify returns the known text sealed with the primary key.
func (k *Keyset) testify() (secret.Sealed, error) {
	return k.Seal(witnessPlace(), secret.Fresh(secret.NewText(witnessText)))
}

// Check reports whether the keyset is that of a witness: it opens what is
// sealed now.
func (k *Keyset) Check(w *Witness) error {
	known, err := k.Open(witnessPlace(), w.Known)
	switch {
	case errors.Is(err, ErrForeignKey) || errors.Is(err, ErrAltered):
		return fmt.Errorf("it is not the keyset this data was written with, or a key is missing in it; its keys are %s: put the right file back: %w", k.enabled, err)
	case err != nil:
		return err
	case !known.Equal(secret.NewText(witnessText)):
		return errors.New("the data's witness of its keyset holds another text than it should")
	}
	return nil
}

// Key returns the key that seals everything.
func (w *Witness) Key() (KeyID, error) { return keyOf(w.Known.Cipher()) }

// made returns when the store first heard of a key; zero where it did not.
func (w *Witness) made(id KeyID) time.Time {
	for _, h := range w.Keys {
		if h.Key == id {
			return h.Made
		}
	}
	return time.Time{}
}

// sealing returns the witness in a state of the store, with the key that seals
// and the witness's version.
func sealing(snap store.Snapshot) (*Witness, KeyID, store.Version, error) {
	w, version := Witnesses.Get(snap, WitnessKey)
	if w == nil {
		return nil, 0, 0, errors.New("the data holds no trace of the keyset it was written with: restore the data from a backup")
	}
	id, err := w.Key()
	return w, id, version, err
}

func empty(snap store.Snapshot, tables []store.Codec) bool {
	for _, t := range tables {
		if snap.Len(t.TableName()) > 0 {
			return false
		}
	}
	return true
}

func witnessPlace() secret.Place {
	return secret.Place{Table: Witnesses.Name, Owner: WitnessKey, Field: "known"}
}
