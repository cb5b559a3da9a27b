package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// A sealed secret, as the store holds it:
//
//	offset  length
//	0       1       format: 0x01
//	1       8       first bytes of SHA-256(place), to tell a moved value from a damaged one
//	9       1       Tink's prefix: 0x01
//	10      4       ID of the key, big-endian
//	14      12      nonce
//	26      n       AES-256-GCM ciphertext
//	26+n    16      tag
//
// The associated data is the format byte followed by the place; the place is
// "duoplane sealed secret", table, owner and field, each behind its length as
// four bytes, big-endian.
const (
	format     = 1
	keyIDAt    = 10
	nonceAt    = 14
	overhead   = nonceAt + 12 + 16
	tagLength  = 8
	headLength = 1 + tagLength
)

// What keeps a sealed secret from opening. They come wrapped with the place;
// neither holds a byte of the value.
var (
	// ErrMalformed: it is too short or of an unknown format.
	ErrMalformed = errors.New("not a sealed secret of a known format")
	// ErrMoved: it was sealed for another place.
	ErrMoved = errors.New("sealed for another place")
	// ErrForeignKey: it was sealed with a key that is not in the keyset.
	ErrForeignKey = errors.New("sealed with a key that is not in the keyset")
	// ErrAltered: it was changed since it was sealed, or its key was.
	ErrAltered = errors.New("altered since it was sealed")
)

// Seal seals a fresh secret for its place with the primary key. Absent and
// already sealed secrets are returned as they are.
func (k *Keyset) Seal(place secret.Place, s secret.Sealed) (secret.Sealed, error) {
	plain, fresh := s.Fresh()
	if !fresh {
		return s, nil
	}
	at := encodePlace(place)
	sealed, err := k.aead.Encrypt([]byte(plain.Reveal()), associated(at))
	if err != nil {
		return secret.Sealed{}, fmt.Errorf("seal %s: %w", describe(place), err)
	}
	return secret.FromCipher(slices.Concat([]byte{format}, placeTag(at), sealed)), nil
}

// Open returns the plain secret. A fresh secret opens to itself, an absent one
// to the absent Text.
func (k *Keyset) Open(place secret.Place, s secret.Sealed) (secret.Text, error) {
	if plain, fresh := s.Fresh(); fresh || s.IsZero() {
		return plain, nil
	}
	plain, err := k.open(encodePlace(place), s.Cipher())
	if err != nil {
		return secret.Text{}, fmt.Errorf("open sealed %s: %w", describe(place), err)
	}
	return secret.NewText(string(plain)), nil
}

func (k *Keyset) open(at, sealed []byte) ([]byte, error) {
	id, err := keyOf(sealed)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(sealed[1:headLength], placeTag(at)) {
		return nil, ErrMoved
	}
	if !slices.Contains(k.enabled, id) {
		return nil, fmt.Errorf("%w: it needs key %s", ErrForeignKey, id)
	}
	plain, err := k.aead.Decrypt(sealed[headLength:], associated(at))
	if err != nil {
		return nil, ErrAltered // tink's own error says no more
	}
	return plain, nil
}

// SealFor seals what is fresh in the slots, in place, and seals anew what
// another key than the primary sealed. What does not open is left as it is.
// It is for a store in which the key that seals never changes, and so returns
// no changes; where it may change, use a Ring.
func (k *Keyset) SealFor(_ store.Snapshot, slots ...secret.Slot) ([]store.Change, error) {
	for _, slot := range slots {
		s := *slot.Secret
		if k.Stale(s) {
			plain, err := k.Open(slot.Place, s)
			if err != nil {
				continue
			}
			s = secret.Fresh(plain)
		}
		var err error
		if *slot.Secret, err = k.Seal(slot.Place, s); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Stale reports whether a sealed secret is to be sealed again after a
// rotation, since another key than the primary sealed it.
func (k *Keyset) Stale(s secret.Sealed) bool {
	id, err := keyOf(s.Cipher())
	return err == nil && id != k.primary
}

// keyOf returns the key that a value says it was sealed with.
func keyOf(sealed []byte) (KeyID, error) {
	if len(sealed) < overhead || sealed[0] != format || sealed[headLength] != 1 {
		return 0, ErrMalformed
	}
	return KeyID(binary.BigEndian.Uint32(sealed[keyIDAt:nonceAt])), nil
}

func encodePlace(p secret.Place) []byte {
	var at []byte
	for _, part := range []string{"duoplane sealed secret", p.Table, p.Owner, p.Field} {
		at = binary.BigEndian.AppendUint32(at, uint32(len(part))) //nolint:gosec // G115: names, not gigabytes
		at = append(at, part...)
	}
	return at
}

func associated(at []byte) []byte { return append([]byte{format}, at...) }

func placeTag(at []byte) []byte {
	sum := sha256.Sum256(at)
	return sum[:tagLength]
}

func describe(p secret.Place) string { return p.Field + " of " + p.Table + "/" + p.Owner }
