package duosim

import (
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

// The key and the codes are those of RFC 4226, appendix D, and RFC 6238,
// appendix B.
const rfcKey = "12345678901234567890"

func TestCodesAreThoseOfTheStandards(t *testing.T) {
	hotp := otpKey{secret: secret.NewText(rfcKey), digits: 6}
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp.code(uint64(i)); got != want {
			t.Errorf("counter %d: got %s want %s", i, got, want)
		}
	}
	totp := otpKey{secret: secret.NewText(rfcKey), digits: 8, timed: true}
	for at, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130"} {
		if got := totp.current(time.Unix(at, 0)); got != want {
			t.Errorf("time %d: got %s want %s", at, got, want)
		}
	}
}

func TestACounterCodeIsGoodOnceAndMayRunAhead(t *testing.T) {
	k := otpKey{secret: secret.NewText(rfcKey), digits: 6}
	now := time.Unix(0, 0)
	for _, tc := range []struct {
		code string
		want verdict
	}{
		{"287082", rightCode}, // counter 1, one ahead
		{"287082", usedCode},
		{"755224", usedCode},  // counter 0, passed over
		{"520489", rightCode}, // counter 9
		{"000000", wrongCode},
		{"", wrongCode},
	} {
		if got := k.try(now, tc.code); got != tc.want {
			t.Errorf("%q: got %d want %d", tc.code, got, tc.want)
		}
	}
	if far := k.code(k.counter + hotpWindow); k.try(now, far) != wrongCode {
		t.Error("a code beyond the window was taken")
	}
}

func TestATimedCodeIsGoodOnceAndForItsNeighbours(t *testing.T) {
	k := otpKey{secret: secret.NewText(rfcKey), digits: 6, timed: true}
	now := time.Unix(1_000_000_000, 0)
	early, late := k.current(now.Add(-otpPeriod)), k.current(now.Add(otpPeriod))
	if got := k.try(now, k.current(now.Add(3*otpPeriod))); got != wrongCode {
		t.Errorf("a code of the far future: %d", got)
	}
	if got := k.try(now, early); got != rightCode {
		t.Errorf("the code before: %d", got)
	}
	if got := k.try(now, early); got != usedCode {
		t.Errorf("the same code again: %d", got)
	}
	if got := k.try(now, late); got != rightCode {
		t.Errorf("the code after: %d", got)
	}
	if got := k.try(now, k.current(now)); got != usedCode {
		t.Errorf("a code older than the last one taken: %d", got)
	}
}

func TestOTPSecretsAreBase32(t *testing.T) {
	got, err := parseOTPSecret("gezd gnbv-gy3t qojq gezdgnbvgy3tqojq====")
	if err != nil || got.Reveal() != rfcKey {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "1", "§", "===="} {
		if _, err := parseOTPSecret(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
