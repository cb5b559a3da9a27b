package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// This is the only file of the package that takes a password out of its
// secret.Text: to judge it, to hash it, to recognise it again.

const (
	hashAlgorithm            = "argon2id"
	minPassword, maxPassword = 8, 128 // characters
	saltSize, keySize        = 16, 32
)

// A Hash is a password as it is kept: the PHC string
// "$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<key>", salt and key in
// unpadded base64. The zero Hash is that of no password; nothing matches it.
type Hash struct{ phc string }

// IsZero reports whether there is no password.
func (h Hash) IsZero() bool { return h.phc == "" }

// MarshalText returns the PHC string, for the store.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.phc), nil }

// UnmarshalText is MarshalText's inverse.
func (h *Hash) UnmarshalText(b []byte) error {
	h.phc = string(b)
	return nil
}

// Format writes a fixed word under every verb.
func (h Hash) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[password hash]") }

// travels returns the hash dressed as a secret, for the way of a password
// through a record.Input; hashIn undresses it.
func (h Hash) travels() secret.Text { return secret.NewText(h.phc) }

func hashIn(t secret.Text) Hash { return Hash{t.Reveal()} }

// cost is what one hash costs: these are OWASP's figures for argon2id with
// little memory, some 30 ms on one core of 2024.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// maxWaiting is how many may queue for a hash. Beyond, a flood of logins gets
// Busy instead of making everybody wait for ever.
const maxWaiting = 128

// A hasher hashes as many passwords at a time as there are slots, so that a
// flood of logins costs neither all memory (19 MiB each) nor all processors.
type hasher struct {
	cost    cost
	slots   *semaphore.Weighted
	waiting atomic.Int64
	dummy   Hash // matches no password, and takes as long as one that could
}

func newHasher(slots int64, c cost) *hasher {
	h := &hasher{cost: c, slots: semaphore.NewWeighted(slots)}
	h.dummy = format(c, random(saltSize), random(keySize))
	return h
}

// take waits for a slot: Busy when too many wait, Timeout when ctx ends.
func (h *hasher) take(ctx context.Context) error {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > maxWaiting {
		return fault.New(fault.Busy, "", "Too many logins are waiting to be checked; try again in a moment.")
	}
	if err := h.slots.Acquire(ctx, 1); err != nil {
		return fault.Wrap(err, fault.Timeout, "", "The request ended before its password could be checked.")
	}
	return nil
}

// hash returns the hash of a password under a new salt.
func (h *hasher) hash(ctx context.Context, password secret.Text) (Hash, error) {
	if err := h.take(ctx); err != nil {
		return Hash{}, err
	}
	defer h.slots.Release(1)
	salt := random(saltSize)
	return format(h.cost, salt, h.cost.key(password, salt, keySize)), nil
}

// matches reports whether a password has the hash. It takes as long for a Hash
// that is absent or damaged, and says no.
func (h *hasher) matches(ctx context.Context, hash Hash, password secret.Text) (bool, error) {
	if err := h.take(ctx); err != nil {
		return false, err
	}
	defer h.slots.Release(1)
	c, salt, want, ok := hash.parse()
	if !ok {
		c, salt, want, _ = h.dummy.parse()
	}
	got := c.key(password, salt, len(want))
	return subtle.ConstantTimeCompare(got, want) == 1 && ok, nil
}

func (c cost) key(password secret.Text, salt []byte, size int) []byte {
	return argon2.IDKey([]byte(password.Reveal()), salt, c.passes, c.memory, c.lanes, uint32(size)) //nolint:gosec // 32, or what parse let through
}

func format(c cost, salt, key []byte) Hash {
	b64 := base64.RawStdEncoding.EncodeToString
	return Hash{fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, c.lanes, b64(salt), b64(key))}
}

// parse reads the PHC string. What a damaged store could ask of the machine is
// bounded.
func (h Hash) parse() (c cost, salt, key []byte, ok bool) {
	parts := strings.Split(h.phc, "$")
	if len(parts) != 6 || parts[1] != hashAlgorithm || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.lanes); err != nil {
		return c, nil, nil, false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	ok = saltErr == nil && keyErr == nil && len(key) >= 16 && len(key) <= 64 &&
		c.memory >= 8 && c.memory <= 1<<18 && c.passes >= 1 && c.passes <= 16 && c.lanes >= 1 && c.lanes <= 16
	return c, salt, key, ok
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return b
}

// NewPassword returns a random password that keeps the rules for accounts of
// these names.
func NewPassword(names ...string) secret.Text {
	for {
		t := secret.NewText(rand.Text())
		unfit := func(name string) bool { return checkPasswordFor(name, t) != nil }
		if checkPassword(t) == nil && !slices.ContainsFunc(names, unfit) {
			return t
		}
	}
}

// CheckAdminPassword tells whether the administrator of a new cluster may have
// the password: PasswordLength, PasswordContent.
func CheckAdminPassword(t secret.Text) error {
	if err := checkPassword(t); err != nil {
		return err
	}
	return checkPasswordFor(AdminName, t)
}

// checkPassword applies the rules on a password alone: PasswordLength,
// PasswordContent.
func checkPassword(t secret.Text) error {
	password := t.Reveal()
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return fault.New(fault.PasswordLength, "password", "The password has %d characters; %d to %d are allowed.", n, minPassword, maxPassword)
	}
	if strings.ContainsFunc(password, unicode.IsControl) {
		return fault.New(fault.PasswordContent, "password", "The password must not hold a control character.")
	}
	if !strings.ContainsFunc(password, unicode.IsLetter) || !strings.ContainsFunc(password, unicode.IsDigit) {
		return fault.New(fault.PasswordContent, "password", "The password must hold both letters and digits.")
	}
	return nil
}

// checkPasswordFor applies the rule on a password and its account's name.
func checkPasswordFor(name string, t secret.Text) error {
	if name != "" && strings.Contains(strings.ToLower(t.Reveal()), strings.ToLower(name)) {
		return fault.New(fault.PasswordContent, "password", "The password must not contain the name of the account.")
	}
	return nil
}

// A tag stands for an account as of one version together with its password.
type tag [sha256.Size]byte

// A stamp makes tags, one at a time.
type stamp struct {
	mac hash.Hash
	buf []byte
}

// tag makes a tag under a key that only this process knows, so that what is
// kept of a password in memory cannot be used to guess it.
func (m *memory) tag(account string, version store.Version, password secret.Text) tag {
	s := m.stamps.Get().(*stamp) //nolint:forcetypeassert // nothing else is in there
	defer m.stamps.Put(s)
	b := binary.BigEndian.AppendUint64(s.buf[:0], uint64(version)) //nolint:gosec // versions are positive
	b = binary.BigEndian.AppendUint64(b, uint64(len(account)))
	b = append(b, account...)
	b = append(b, password.Reveal()...)
	s.mac.Reset()
	s.mac.Write(b)
	clear(b)
	s.buf = s.mac.Sum(b[:0])
	return tag(s.buf)
}
