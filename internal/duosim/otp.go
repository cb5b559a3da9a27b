package duosim

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // G505: the algorithm of RFC 4226 and RFC 6238
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

const (
	otpPeriod = 30 * time.Second
	// hotpWindow is how far ahead of the last code a counter may have run, by
	// pressing a token's button without logging in.
	hotpWindow = 10
	// usedWindow is how far back an old code is still recognised as used rather
	// than wrong.
	usedWindow = 10
)

// errOTPSecret shows no value: it would be a secret.
var errOTPSecret = errors.New("the secret of a passcode generator must be base32 text")

// An otpKey makes one-time passcodes.
type otpKey struct {
	secret  secret.Text // the raw key
	digits  int
	counter uint64 // HOTP: the next code to come
	last    int64  // TOTP: the step of the last code taken
	timed   bool
}

// parseOTPSecret reads the base32 form that authenticator apps take.
func parseOTPSecret(text string) (secret.Text, error) {
	clean := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "=", "").Replace(text))
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(clean)
	if err != nil || len(raw) == 0 {
		return secret.Text{}, errOTPSecret
	}
	return secret.NewText(string(raw)), nil
}

// code is the passcode for a counter (RFC 4226).
func (k *otpKey) code(counter uint64) string {
	mac := hmac.New(sha1.New, []byte(k.secret.Reveal())) //nolint:forbidigo // the key is put to its use: making a passcode
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], counter)
	mac.Write(msg[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	text := fmt.Sprintf("%010d", n)
	return text[len(text)-k.digits:]
}

// current is the code a person would read off the device now.
func (k *otpKey) current(now time.Time) string {
	if k.timed {
		return k.code(step(now))
	}
	return k.code(k.counter)
}

// A verdict is what a passcode turned out to be.
type verdict uint8

const (
	wrongCode verdict = iota
	usedCode          // it was right once
	rightCode
)

// try checks a passcode and, when it is right, makes sure that it never is
// again.
func (k *otpKey) try(now time.Time, passcode string) verdict {
	if k.timed {
		return k.tryTimed(now, passcode)
	}
	for ahead := range uint64(hotpWindow) {
		if k.equal(k.counter+ahead, passcode) {
			k.counter += ahead + 1
			return rightCode
		}
	}
	for back := uint64(1); back <= usedWindow && back <= k.counter; back++ {
		if k.equal(k.counter-back, passcode) {
			return usedCode
		}
	}
	return wrongCode
}

// tryTimed takes the code of this step and of the ones beside it, each once.
func (k *otpKey) tryTimed(now time.Time, passcode string) verdict {
	at := int64(step(now)) //nolint:gosec // G115: a step is small for a thousand ages
	for _, s := range []int64{at, at - 1, at + 1} {
		if s < 0 || !k.equal(uint64(s), passcode) {
			continue
		}
		if s <= k.last {
			return usedCode
		}
		k.last = s
		return rightCode
	}
	return wrongCode
}

func (k *otpKey) equal(counter uint64, passcode string) bool {
	return hmac.Equal([]byte(k.code(counter)), []byte(passcode))
}

func step(now time.Time) uint64 {
	return uint64(max(now.Unix(), 0)) / uint64(otpPeriod/time.Second)
}

// newOTP makes a generator as told, or a fresh one.
func newOTP(random io.Reader, in *OTP, of DeviceType) (*otpKey, error) {
	if in == nil {
		in = &OTP{}
	}
	k := &otpKey{digits: in.Digits, counter: in.Counter, timed: in.Kind == "totp" || in.Kind == "" && of == Phone}
	if k.digits == 0 {
		k.digits = 6
	}
	switch {
	case in.Kind != "" && in.Kind != "hotp" && in.Kind != "totp":
		return nil, badValue("otp.kind", "otp.kind %q must be hotp or totp", in.Kind)
	case k.digits < 6 || k.digits > 8:
		return nil, badValue("otp.digits", "otp.digits must be 6, 7 or 8")
	case k.timed && in.Counter != 0:
		return nil, badValue("otp.counter", "otp.counter belongs to hotp")
	case in.Secret.IsZero():
		raw, err := randomText(random, 20, allAlnum)
		k.secret = secret.NewText(raw)
		return k, err
	}
	var err error
	k.secret, err = parseOTPSecret(in.Secret.Reveal())
	return k, err
}
