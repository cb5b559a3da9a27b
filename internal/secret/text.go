// Package secret holds the types a secret travels in. Text is plain text that
// refuses to be printed, logged or marshalled; Sealed is the same secret at
// rest, ciphertext that only package seal can open.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// errMarshal is why a Text in a marshalled struct is an error, not a mask: a
// masked secret written to disk would be a lost secret.
var errMarshal = errors.New("secret: a plain secret cannot be marshalled")

// Text is a secret in plain text. Only a pointer inside keeps it from fmt,
// slog and encoding/json when it sits in an unexported field, where none of
// its methods are called. The zero Text is the absent secret. A Text is
// immutable and may be shared.
type Text struct{ p *string }

// NewText returns s as a secret; "" gives the absent secret.
func NewText(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{&s}
}

// Reveal returns the plain text, "" when absent. It is called where a secret
// is put to its use (sealing, signing, hashing) and nowhere else.
func (t Text) Reveal() string {
	if t.p == nil {
		return ""
	}
	return *t.p
}

// IsZero reports whether there is no secret.
func (t Text) IsZero() bool { return t.p == nil }

// Len returns the length of the secret in bytes.
func (t Text) Len() int { return len(t.Reveal()) }

// PrintableASCII reports whether the secret is made of visible ASCII without
// spaces, as every key Duo hands out is. The absent secret is.
func (t Text) PrintableASCII() bool {
	for _, c := range []byte(t.Reveal()) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// Between returns a longer secret, this one between two texts: a password in
// its URL.
func (t Text) Between(before, after string) Text {
	return NewText(before + t.Reveal() + after)
}

// Equal compares in a time that depends on the lengths only.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// Fingerprint returns the SHA-256 of the secret's bytes as 64 lower-case hex
// digits: what may be shown of a secret key. "" when absent.
func (t Text) Fingerprint() string {
	if t.p == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(*t.p))
	return hex.EncodeToString(sum[:])
}

// Format writes a fixed word under every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue gives slog the fixed word.
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON always fails.
func (t Text) MarshalJSON() ([]byte, error) { return nil, errMarshal }

// MarshalText always fails.
func (t Text) MarshalText() ([]byte, error) { return nil, errMarshal }
