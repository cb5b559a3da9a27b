package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/store"
)

// A Check says what a file is checked against.
type Check struct {
	Tables []store.Codec
	Vaults []seal.Vault
	Keys   *seal.Keyset
	// Report is told of the records read, now and then.
	Report func(done, total int)
}

// A Verified is a file that can be restored.
type Verified struct {
	Header Header
	// Digest tells this file from every other.
	Digest string
	// Witness is the record by which the store knows its keyset.
	Witness store.Document
}

// Verify reads a whole file and finds whatever would keep it from being
// restored: damage, another keyset, a key that is missing in the keyset, records
// of a newer program. What is wrong with the header is found before the rest is
// read.
func (c *Check) Verify(r io.Reader) (*Verified, error) {
	b, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	if !c.Keys.Has(b.header.Key) {
		return nil, foreignKeyset(&b.header, c.Keys)
	}
	tables, err := store.NewTables(c.Tables...)
	if err != nil {
		return nil, err
	}
	vaults := map[string]seal.Vault{}
	for _, v := range c.Vaults {
		vaults[v.TableName()] = v
	}
	v := &Verified{Header: b.header}
	n := 0
	var bad error // told once the file is known to be whole
	for d, err := range b.Documents() {
		if err != nil {
			return nil, err
		}
		if bad == nil {
			bad = c.record(d, tables, vaults)
		}
		if d.Table == seal.Witnesses.Name && d.Key == seal.WitnessKey {
			v.Witness = store.Document{Table: d.Table, Key: d.Key, Doc: bytes.Clone(d.Doc)}
		}
		if n++; n%reportEvery == 0 {
			c.Report(n, b.header.Records)
		}
	}
	if err := b.authentic(c.Keys); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	if _, err := witnessed(v.Witness.Doc, c.Keys); err != nil {
		return nil, err
	}
	v.Digest = b.Digest()
	return v, nil
}

// record checks that a record can be served.
func (c *Check) record(d store.Document, tables store.Tables, vaults map[string]seal.Vault) error {
	codec, known := tables[d.Table]
	if !known {
		return fmt.Errorf("it holds records of the kind %q, which this program does not know: %w", d.Table, ErrNewer)
	}
	value, err := codec.Decode(d.Doc)
	if err != nil {
		return fmt.Errorf("its record %s/%s cannot be read: %w", d.Table, d.Key, err)
	}
	if v, sealed := vaults[d.Table]; sealed {
		for _, id := range v.Keys(value) {
			if !c.Keys.Has(id) {
				return fmt.Errorf("its record %s/%s needs key %s, which the keyset file lacks; its keys are %s: "+
					"take the keyset file that was in use when the backup was made", d.Table, d.Key, id, c.Keys.Keys())
			}
		}
	}
	return nil
}

func foreignKeyset(h *Header, keys *seal.Keyset) error {
	return fmt.Errorf("it needs the keyset with key %s, and the keys of this one are %s: it is of another cluster, or of before a key was dropped: %w",
		h.Key, keys.Keys(), seal.ErrForeignKey)
}

// A Filling takes the records into an empty store that nobody opens before End.
type Filling interface {
	Add(d store.Document) error
	End(ctx context.Context) error
	Stop()
}

// Restore puts the records of a verified file, read from its beginning once
// more, into a store. After an error the store stays closed, to be restored
// into again.
func Restore(ctx context.Context, r io.Reader, v *Verified, into Filling, report func(done, total int)) error {
	err := fill(r, v, into, report)
	if err != nil {
		into.Stop()
		return err
	}
	return into.End(ctx)
}

func fill(r io.Reader, v *Verified, into Filling, report func(done, total int)) error {
	b, err := NewReader(r)
	if err != nil {
		return err
	}
	n := 0
	for d, err := range b.Documents() {
		if err != nil {
			return err
		}
		if err := into.Add(store.Document{Table: d.Table, Key: d.Key, Doc: bytes.Clone(d.Doc)}); err != nil {
			return err
		}
		if n++; n%reportEvery == 0 {
			report(n, v.Header.Records)
		}
	}
	if b.Digest() != v.Digest {
		return errors.New("the file was replaced by another while it was being restored")
	}
	return nil
}
