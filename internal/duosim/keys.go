package duosim

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"

	"github.com/duoplane/duoplane/internal/secret"
)

const (
	digits     = "0123456789"
	upperAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits
	allAlnum   = upperAlnum + "abcdefghijklmnopqrstuvwxyz"

	ikeyPrefix = "DI"
	ikeyLength = 20
	skeyLength = 40
)

// GenerateKeys returns a fresh integration key (20 characters: DI and 18 of A-Z
// and 0-9) and secret key (40 characters of A-Z, a-z and 0-9), the forms that
// Duo's own keys have. A nil reader means crypto/rand.
func GenerateKeys(r io.Reader) (ikey string, skey secret.Text, err error) {
	if r == nil {
		r = rand.Reader
	}
	tail, err := randomText(r, ikeyLength-len(ikeyPrefix), upperAlnum)
	if err != nil {
		return "", secret.Text{}, err
	}
	key, err := randomText(r, skeyLength, allAlnum)
	if err != nil {
		return "", secret.Text{}, err
	}
	return ikeyPrefix + tail, secret.NewText(key), nil
}

// randomText draws n characters of the alphabet, each as likely as the next.
func randomText(r io.Reader, n int, alphabet string) (string, error) {
	limit := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	buf := make([]byte, n)
	for len(out) < n {
		if _, err := io.ReadFull(r, buf); err != nil {
			return "", fmt.Errorf("read random bytes: %w", err)
		}
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

// A lockedReader lets an injected source of randomness be used by all.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader // guarded by mu
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}
