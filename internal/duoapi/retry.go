package duoapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxWait is the longest wait after a 429 for a caller without a deadline,
	// and maxTries bounds the requests in all; both as in Duo's own clients.
	maxWait  = 32 * time.Second
	maxTries = 7
)

// patient sends r and, where that is allowed, again after each 429: after as
// long as Duo asks for, else after 1, 2, 4 … 32 seconds, and a random part of
// a second so that waiting logins don't all come back at once. It does not
// begin a wait that the caller's deadline would cut.
func (c *Client) patient(ctx context.Context, r request) (reply, error) {
	for try := 1; ; try++ {
		res, err := c.once(ctx, r)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != KindRateLimit || r.once || try == maxTries {
			return res, err
		}
		wait := time.Second << (try - 1)
		if e.asked {
			wait = e.RetryAfter
		}
		wait += rand.N(time.Second) //nolint:gosec // spreads load, guards nothing
		if wait >= patience(ctx) || !pause(ctx, wait) {
			return res, err
		}
	}
}

// patience is how long a wait may be.
func patience(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return maxWait + time.Second
}

// pause waits and reports whether the context let it.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryAfter reads how long Duo asks to wait, in seconds or as a date, and
// whether it asks at all. A date counts from the reply's own Date if it has
// one: both are then of the same clock.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	for _, name := range []string{"Retry-After", "X-Retry-After"} {
		value := strings.TrimSpace(h.Get(name))
		if n, err := strconv.ParseUint(value, 10, 31); err == nil {
			return time.Duration(n) * time.Second, true
		}
		if at, err := http.ParseTime(value); err == nil {
			return max(0, at.Sub(now)), true
		}
	}
	return 0, false
}
