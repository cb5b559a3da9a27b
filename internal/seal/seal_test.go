package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/duoplane/duoplane/internal/secret"
)

const canary = "canary-0123456789"

func inMemory(tb testing.TB) *Keyset {
	tb.Helper()
	k, err := InMemory()
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// rotated returns a keyset with one more key, which is the primary.
func rotated(t *testing.T, k *Keyset) *Keyset {
	t.Helper()
	m := keyset.NewManagerFromHandle(k.handle)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetPrimary(id); err != nil {
		t.Fatal(err)
	}
	handle, err := m.Handle()
	if err != nil {
		t.Fatal(err)
	}
	next, err := fromHandle(handle)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func sealed(tb testing.TB, k *Keyset, at secret.Place) secret.Sealed {
	tb.Helper()
	s, err := k.Seal(at, secret.Fresh(secret.NewText(canary)))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

var here = secret.Place{Table: "duo_profile", Owner: "0a1b", Field: "secret_key"}

func TestASecretOpensWhereItWasSealed(t *testing.T) {
	k := inMemory(t)
	for _, plain := range []string{"x", canary, strings.Repeat("é", 2000), "\x00\xff"} {
		s, err := k.Seal(here, secret.Fresh(secret.NewText(plain)))
		if err != nil {
			t.Fatal(err)
		}
		if _, fresh := s.Fresh(); fresh || bytes.Contains(s.Cipher(), []byte(plain)) && len(plain) > 2 {
			t.Errorf("%q is still there in plain", plain)
		}
		if got, err := k.Open(here, s); err != nil || got.Reveal() != plain {
			t.Errorf("opened %q, %v; want %q", got.Reveal(), err, plain)
		}
	}
}

func TestSealingTwiceGivesDifferentBytes(t *testing.T) {
	k := inMemory(t)
	if bytes.Equal(sealed(t, k, here).Cipher(), sealed(t, k, here).Cipher()) {
		t.Error("the same secret sealed twice is recognisable")
	}
}

func TestAbsentAndSealedSecretsStayAsTheyAre(t *testing.T) {
	k := inMemory(t)
	if s, err := k.Seal(here, secret.Sealed{}); err != nil || !s.IsZero() {
		t.Errorf("sealing an absent secret: %v, %v", s.Cipher(), err)
	}
	if got, err := k.Open(here, secret.Sealed{}); err != nil || !got.IsZero() {
		t.Errorf("opening an absent secret: %v", err)
	}
	s := sealed(t, k, here)
	if again, err := k.Seal(here, s); err != nil || !bytes.Equal(again.Cipher(), s.Cipher()) {
		t.Errorf("sealing a sealed secret changed it, %v", err)
	}
	if got, err := k.Open(here, secret.Fresh(secret.NewText(canary))); err != nil || got.Reveal() != canary {
		t.Errorf("opening a fresh secret: %v", err)
	}
}

func TestASecretStaysClosed(t *testing.T) {
	k := inMemory(t)
	s := sealed(t, k, here)
	change := func(at int) secret.Sealed {
		b := bytes.Clone(s.Cipher())
		b[at] ^= 1
		return secret.FromCipher(b)
	}
	tests := []struct {
		name  string
		k     *Keyset
		place secret.Place
		s     secret.Sealed
		want  error
	}{
		{"in another field", k, secret.Place{Table: here.Table, Owner: here.Owner, Field: "proxy_password"}, s, ErrMoved},
		{"of another owner", k, secret.Place{Table: here.Table, Owner: "0a1c", Field: here.Field}, s, ErrMoved},
		{"in another table", k, secret.Place{Table: "x", Owner: here.Owner, Field: here.Field}, s, ErrMoved},
		{"where names only join to the same", k, secret.Place{Table: "duo_profile0", Owner: "a1b", Field: here.Field}, s, ErrMoved},
		{"with another keyset", inMemory(t), here, s, ErrForeignKey},
		{"with a changed format", k, here, change(0), ErrMalformed},
		{"with a changed place", k, here, change(1), ErrMoved},
		{"with a changed key prefix", k, here, change(headLength), ErrMalformed},
		{"with a changed key ID", k, here, change(keyIDAt), ErrForeignKey},
		{"with a changed nonce", k, here, change(nonceAt), ErrAltered},
		{"with a changed text", k, here, change(nonceAt + 12), ErrAltered},
		{"with a changed tag", k, here, change(len(s.Cipher()) - 1), ErrAltered},
		{"cut short", k, here, secret.FromCipher(s.Cipher()[:len(s.Cipher())-1]), ErrAltered},
		{"cut to a stub", k, here, secret.FromCipher(s.Cipher()[:overhead-1]), ErrMalformed},
		{"when it never was sealed", k, here, secret.FromCipher([]byte(canary)), ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.k.Open(tt.place, tt.s)
			if !errors.Is(err, tt.want) || !got.IsZero() {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if msg := err.Error(); !strings.Contains(msg, describe(tt.place)) || strings.Contains(msg, canary) ||
				strings.Contains(msg, string(tt.s.Cipher())) || strings.Contains(msg, fmt.Sprintf("%x", tt.s.Cipher())) {
				t.Errorf("the message should name the place and no bytes: %s", msg)
			}
		})
	}
}

func TestAfterARotationOldSecretsOpenAndAreStale(t *testing.T) {
	k := inMemory(t)
	old := sealed(t, k, here)
	next := rotated(t, k)
	if got, err := next.Open(here, old); err != nil || got.Reveal() != canary {
		t.Errorf("opening an older secret: %v", err)
	}
	again := sealed(t, next, here)
	if !next.Stale(old) || next.Stale(again) || k.Stale(old) || next.Stale(secret.Sealed{}) {
		t.Error("Stale is wrong")
	}
	if _, err := k.Open(here, again); !errors.Is(err, ErrForeignKey) {
		t.Errorf("opening a newer secret with the older keyset: %v", err)
	}
	if len(next.Keys()) != 2 || next.Keys()[0] != k.Primary() || next.Keys()[1] != next.Primary() {
		t.Errorf("keys %v after %v", next.Keys(), k.Keys())
	}
}

func FuzzOpen(f *testing.F) {
	k := inMemory(f)
	whole := sealed(f, k, here).Cipher()
	for _, seed := range [][]byte{whole, whole[:overhead], {}, {format}, bytes.Repeat([]byte{1}, 64), append([]byte{2}, whole...)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := secret.FromCipher(b)
		k.Stale(s)
		got, err := k.Open(here, s)
		switch {
		case len(b) == 0 || bytes.Equal(b, whole):
			if err != nil {
				t.Errorf("a good value was refused: %v", err)
			}
		case err == nil || !got.IsZero():
			t.Errorf("%x opened", b)
		case !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrMoved) && !errors.Is(err, ErrForeignKey) && !errors.Is(err, ErrAltered):
			t.Errorf("%x: error %v", b, err)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	k := inMemory(b)
	s := sealed(b, k, here)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Open(here, s); err != nil {
			b.Fatal(err)
		}
	}
}
