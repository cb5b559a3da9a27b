package account

import (
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

func versionOf(n uint32) store.Version { return store.Version(n) }

// The vector is the reference implementation's (phc-winner-argon2, argon2id,
// version 19): echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1.
func TestHashesAreThoseOfEverybodyElse(t *testing.T) {
	h := Hash{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"}
	hasher := newHasher(1, cost{8, 1, 1})
	for password, want := range map[string]bool{"password": true, "Password": false, "": false} {
		got, err := hasher.matches(t.Context(), h, secret.NewText(password))
		if err != nil || got != want {
			t.Errorf("got %v, %v for %q, want %v", got, err, password, want)
		}
	}
}

func TestOnlyTheRightPasswordMatches(t *testing.T) {
	hasher := newHasher(1, cost{8, 1, 1})
	one, err := hasher.hash(t.Context(), secret.NewText("pässword 1"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := hasher.hash(t.Context(), secret.NewText("pässword 1"))
	if err != nil || one == two {
		t.Errorf("the same password has the same hash twice (%v)", err)
	}
	for _, hash := range []Hash{one, two} {
		if ok, err := hasher.matches(t.Context(), hash, secret.NewText("pässword 1")); !ok || err != nil {
			t.Errorf("got %v, %v", ok, err)
		}
		if ok, err := hasher.matches(t.Context(), hash, secret.NewText("pässword 2")); ok || err != nil {
			t.Errorf("got %v, %v for another password", ok, err)
		}
	}
}

func TestNothingMatchesADamagedHash(t *testing.T) {
	hasher := newHasher(1, cost{8, 1, 1})
	good, err := hasher.hash(t.Context(), secret.NewText("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, phc := range []string{
		"", "x", "$$$$$", "$argon2id$", strings.Replace(good.phc, "argon2id", "argon2i", 1),
		strings.Replace(good.phc, "v=19", "v=16", 1), strings.Replace(good.phc, "m=8", "m=99999999", 1),
		strings.Replace(good.phc, "t=1", "t=0", 1), strings.Replace(good.phc, "p=1", "p=0", 1),
		strings.Replace(good.phc, "m=8", "m=-8", 1), good.phc[:len(good.phc)-30], good.phc + "!", good.phc + "$x",
	} {
		for _, password := range []string{"x", ""} {
			if ok, err := hasher.matches(t.Context(), Hash{phc}, secret.NewText(password)); ok || err != nil {
				t.Errorf("got %v, %v for %q", ok, err, phc)
			}
		}
	}
}

func FuzzHashParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, phc string) {
		c, salt, key, ok := Hash{phc}.parse()
		if !ok {
			return
		}
		if c.memory > 1<<18 || c.passes > 16 || c.lanes > 16 || len(key) > 64 {
			t.Fatalf("%q would cost too much: %+v", phc, c)
		}
		again, salt2, key2, ok := format(c, salt, key).parse()
		if !ok || again != c || string(salt) != string(salt2) || string(key) != string(key2) {
			t.Fatalf("%q does not print to itself", phc)
		}
	})
}

// The same work is done for somebody and for nobody: one hash of the same cost.
func TestTheDummyCostsWhatAHashCosts(t *testing.T) {
	hasher := newHasher(1, cost{19 << 10, 2, 1})
	hash, err := hasher.hash(t.Context(), secret.NewText("x"))
	if err != nil {
		t.Fatal(err)
	}
	real, _, realKey, _ := hash.parse()
	dummy, _, dummyKey, ok := hasher.dummy.parse()
	if !ok || real != dummy || len(realKey) != len(dummyKey) {
		t.Errorf("got %+v and %d bytes, want %+v and %d", dummy, len(dummyKey), real, len(realKey))
	}
}

func TestRefusedCredentialsFillTheAuditLogSlowly(t *testing.T) {
	r, now := newRefusals(), start
	lines := 0
	for range 100_000 {
		now = now.Add(10 * time.Millisecond)
		if r.lines.AllowN(now, 1) {
			lines++
		}
	}
	if lines < 1000 || lines > 1101 {
		t.Errorf("got %d lines in 1000 s, want the burst and one a second", lines)
	}
}

func TestCodesOfThePasswordRules(t *testing.T) {
	for password, want := range map[string]fault.Code{
		"abcdefg1": "", "abcdefg": fault.PasswordLength, "äöüäöüä1": "", strings.Repeat("ä", 128): fault.PasswordContent,
		strings.Repeat("a1", 64): "", strings.Repeat("a1", 64) + "x": fault.PasswordLength, "": fault.PasswordLength,
	} {
		if got := fault.CodeOf(checkPassword(secret.NewText(password))); got != want {
			t.Errorf("got %q for %q, want %q", got, password, want)
		}
	}
}

func BenchmarkOneHash(b *testing.B) {
	hasher := newHasher(1, cost{19 << 10, 2, 1})
	for b.Loop() {
		if _, err := hasher.hash(b.Context(), secret.NewText("x")); err != nil {
			b.Fatal(err)
		}
	}
}
