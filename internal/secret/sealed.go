package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

var errNotSealed = errors.New("secret: not sealed yet, refusing to write it")

// Sealed is a secret as a record keeps it: ciphertext bound to its place. On
// the way in, between the caller's request and the commit, it is fresh and
// holds the plain text instead; a fresh one refuses to be marshalled, so plain
// text cannot reach the store by a forgotten step. The zero Sealed is the
// absent secret. It is immutable.
type Sealed struct {
	fresh  Text
	cipher []byte
}

// Fresh returns a secret that was just given and is still to be sealed. An
// absent Text gives an absent Sealed.
func Fresh(t Text) Sealed { return Sealed{fresh: t} }

// FromCipher returns a sealed secret around ciphertext, which must not be
// changed afterwards.
func FromCipher(cipher []byte) Sealed { return Sealed{cipher: cipher} }

// Fresh returns the plain text and true while the secret is not sealed.
func (s Sealed) Fresh() (Text, bool) { return s.fresh, !s.fresh.IsZero() }

// Cipher returns the ciphertext, nil while fresh or absent. It must not be
// changed.
func (s Sealed) Cipher() []byte { return s.cipher }

// IsZero reports whether there is no secret at all.
func (s Sealed) IsZero() bool { return s.fresh.IsZero() && len(s.cipher) == 0 }

// MarshalJSON writes the ciphertext in base64, null when absent, and fails
// while the secret is fresh.
func (s Sealed) MarshalJSON() ([]byte, error) {
	if !s.fresh.IsZero() {
		return nil, errNotSealed
	}
	return json.Marshal(s.cipher)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Sealed) UnmarshalJSON(b []byte) error {
	s.fresh = Text{}
	if text, ok := plainText(b); ok {
		cipher := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		if n, err := base64.StdEncoding.Decode(cipher, text); err == nil {
			s.cipher = cipher[:n]
			return nil
		}
	}
	return json.Unmarshal(b, &s.cipher)
}

// plainText returns what is between the quotes of a JSON text without escapes,
// as nearly all are.
func plainText(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != '"' || bytes.ContainsAny(b[1:len(b)-1], "\\\"\r\n") {
		return nil, false
	}
	return b[1 : len(b)-1], b[len(b)-1] == '"'
}

// Format writes a fixed word under every verb.
func (s Sealed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue gives slog the fixed word.
func (s Sealed) LogValue() slog.Value { return slog.StringValue(redacted) }

// A Place is where a sealed secret belongs: the table, the owner's UUID (or
// the record's key where nobody owns it) and the field. Sealing binds the
// ciphertext to its place, so one pasted elsewhere does not open.
type Place struct{ Table, Owner, Field string }

// A Slot is one secret of a record and the place it is sealed for.
type Slot struct {
	Place  Place
	Secret *Sealed
}
