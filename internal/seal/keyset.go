// Package seal keeps secrets unreadable at rest. A Keyset, held in a file of
// its own beside or apart from the data, turns a plain secret into ciphertext
// that opens only with that keyset and only in the place it was sealed for.
//
// The keyset file is a Tink keyset in JSON, mode 0600. Its keys are in the
// order in which they were made, and all of them open what they sealed; all are
// AES-256-GCM with Tink's key prefix. Which one seals is said by the store, in
// its Witness, so that all servers of a store agree at any moment; the file's
// primary key is the one for a store that has no witness yet. Whoever has the
// file and the data can read every secret; whoever loses the file loses them
// all.
//
// A Keyset is what a file held; a Ring is the keyset of a running server.
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/duoplane/duoplane/internal/durable"
)

// A KeyID names one key of a keyset; it is no secret. In text and JSON it is
// eight lower-case hex digits.
type KeyID uint32

// String returns the digits.
func (id KeyID) String() string { return fmt.Sprintf("%08x", uint32(id)) }

// MarshalText implements encoding.TextMarshaler.
func (id KeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *KeyID) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 16, 32)
	if err != nil || len(text) != 8 {
		return fmt.Errorf("seal: %q is not the ID of a key", text)
	}
	*id = KeyID(n)
	return nil
}

// A Keyset seals and opens. It is immutable and may be shared.
type Keyset struct {
	handle  *keyset.Handle
	aead    tink.AEAD
	primary KeyID
	enabled []KeyID
}

// Create makes a keyset of one fresh key and writes it to a new file;
// fs.ErrExist when there is one, since overwriting it would lose every secret
// sealed with it.
func Create(path string) (*Keyset, error) {
	k, err := InMemory()
	if err != nil {
		return nil, err
	}
	file, err := k.encode()
	if err != nil {
		return nil, err
	}
	if err := durable.Create(path, file, fileMode); err != nil {
		return nil, fmt.Errorf("seal: create keyset file: %w", err)
	}
	return k, nil
}

// Open reads a keyset file; fs.ErrNotExist when there is none. A file that
// others than its owner may use is refused.
func Open(path string) (*Keyset, error) {
	data, err := durable.ReadPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("seal: open keyset file: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil { // tink's own words could quote the file
		return nil, fmt.Errorf("seal: %s is not a keyset file", path)
	}
	k, err := fromHandle(handle)
	if err != nil {
		return nil, fmt.Errorf("seal: keyset file %s: %w", path, err)
	}
	return k, nil
}

// InMemory makes a keyset of one fresh key that is kept nowhere.
func InMemory() (*Keyset, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("seal: make a key: %w", err)
	}
	return fromHandle(handle)
}

// fromHandle accepts only keys whose ciphertext begins with their ID: without
// it nobody could tell a wrong keyset from a damaged value.
func fromHandle(handle *keyset.Handle) (*Keyset, error) {
	k := &Keyset{handle: handle}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, err
		}
		key, ok := entry.Key().(*aesgcm.Key)
		if !ok {
			return nil, fmt.Errorf("key %s is not an AES-GCM key", KeyID(entry.KeyID()))
		}
		params := key.Parameters().(*aesgcm.Parameters) //nolint:forcetypeassert // an AES-GCM key has no others
		if params.KeySizeInBytes() != 32 || params.Variant() != aesgcm.VariantTink {
			return nil, fmt.Errorf("key %s is not an AES-256-GCM key with Tink's prefix", KeyID(entry.KeyID()))
		}
		if entry.KeyStatus() == keyset.Enabled {
			k.enabled = append(k.enabled, KeyID(entry.KeyID()))
		}
	}
	primary, err := handle.Primary()
	if err != nil {
		return nil, errors.New("no primary key")
	}
	k.primary = KeyID(primary.KeyID())
	if k.aead, err = aead.New(handle); err != nil {
		return nil, errors.New("no usable primary key")
	}
	return k, nil
}

// Primary returns the key that seals.
func (k *Keyset) Primary() KeyID { return k.primary }

// Keys returns the keys that open, in the order of the file; the primary is
// among them.
func (k *Keyset) Keys() []KeyID { return slices.Clone(k.enabled) }

// Has reports whether the keyset opens what a key sealed.
func (k *Keyset) Has(id KeyID) bool { return slices.Contains(k.enabled, id) }

// SealingWith returns the same keys with another one as the primary; false when
// it is not among them.
func (k *Keyset) SealingWith(id KeyID) (*Keyset, bool) {
	if id == k.primary {
		return k, true
	}
	if !k.Has(id) {
		return nil, false
	}
	next, err := k.change(func(m *keyset.Manager) error { return m.SetPrimary(uint32(id)) })
	return next, err == nil
}
