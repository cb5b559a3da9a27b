package seal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// A Witness is the record by which a store knows the keyset it was written
// with: a known text, sealed. A server that holds another keyset must not
// start, or it would write secrets that the others cannot open.
type Witness struct {
	Known secret.Sealed `json:"known"`
}

// Witnesses is the witness's table; every store that holds sealed secrets
// declares it.
var Witnesses = &store.Table[Witness]{Name: "meta", DocVersion: 1}

const (
	witnessKey  = "keyset"
	witnessText = "duoplane"
)

// Prepare returns the keyset of a store, at the start of a server. The file is
// made when there is none and the store holds no records either. It is an
// error when the file is missing although there are records, and when it is
// not the keyset that they were written with. tables are all tables of the
// store.
func Prepare(ctx context.Context, s store.Store, path string, tables ...store.Codec) (*Keyset, error) {
	k, err := Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		k, err = createFor(ctx, s, path, tables)
	}
	if err != nil {
		return nil, err
	}
	if err := Check(ctx, s, k, tables...); err != nil {
		return nil, fmt.Errorf("keyset file %s: %w", path, err)
	}
	return k, nil
}

func createFor(ctx context.Context, s store.Store, path string, tables []store.Codec) (*Keyset, error) {
	snap, err := s.Snapshot(ctx, store.Linearizable)
	if err != nil {
		return nil, err
	}
	if !empty(snap, tables) {
		return nil, fmt.Errorf("keyset file %s is missing, and this data needs it: put the file back; without it the secrets in the data are lost", path)
	}
	return Create(path)
}

// Check reports whether a keyset is the one that the store was written with.
// The witness is made when it is absent and the store holds no records.
func Check(ctx context.Context, s store.Store, k *Keyset, tables ...store.Codec) error {
	for {
		snap, err := s.Snapshot(ctx, store.Linearizable)
		if err != nil {
			return err
		}
		if w, _ := Witnesses.Get(snap, witnessKey); w != nil {
			return k.check(w)
		}
		if !empty(snap, tables) {
			return errors.New("the data holds records but no trace of the keyset it was written with: restore the data from a backup")
		}
		known, err := k.Seal(witnessPlace(), secret.Fresh(secret.NewText(witnessText)))
		if err != nil {
			return err
		}
		_, err = s.Commit(ctx, Witnesses.Put(witnessKey, 0, &Witness{Known: known}))
		if !fault.Is(err, fault.Raced) { // else another server was first: see whose keyset it has
			return err
		}
	}
}

func (k *Keyset) check(w *Witness) error {
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

func empty(snap store.Snapshot, tables []store.Codec) bool {
	for _, t := range tables {
		if snap.Len(t.TableName()) > 0 {
			return false
		}
	}
	return true
}

func witnessPlace() secret.Place {
	return secret.Place{Table: Witnesses.Name, Owner: witnessKey, Field: "known"}
}
