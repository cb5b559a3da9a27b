package duoapi

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// A Clock is Duo's clock beside ours.
type Clock struct {
	// Time is what Duo answered, in whole seconds.
	Time time.Time
	// Ahead is by how much Duo's clock is ahead of Config.Now, counted from
	// the middle between question and answer; negative when it is behind.
	Ahead time.Duration
}

// Ping asks whether the service is there, without proving who asks, and dates
// later requests by the clock it learns. Repeated after 429.
func (c *Client) Ping(ctx context.Context) (Clock, error) {
	clock, err := c.clock(ctx, request{call: CallPing, method: http.MethodGet, bare: true})
	if err == nil {
		c.offset.Store(int64(clock.Ahead))
	}
	return clock, err
}

// Check asks whether the keys fit. Repeated after 429, and once after
// KindClock with the clock set by a Ping.
func (c *Client) Check(ctx context.Context) (Clock, error) {
	return c.clock(ctx, request{call: CallCheck, method: http.MethodGet})
}

func (c *Client) clock(ctx context.Context, r request) (Clock, error) {
	res, err := c.do(ctx, r)
	if err != nil {
		return Clock{}, err
	}
	d := decode(response(res), "response")
	seconds := d.number("time")
	if seconds <= 0 || seconds > maxUnix {
		d.fail("time", "is missing or is no time")
	}
	if d.err != nil {
		return Clock{}, malformed(r, res, d.err)
	}
	at := time.Unix(seconds, 0)
	middle := res.sent.Add(res.received.Sub(res.sent) / 2)
	return Clock{Time: at, Ahead: at.Sub(middle)}, nil
}

// maxUnix is the last second of the year 9999, the last a date can be written in.
const maxUnix = 253402300799

// A Logo is the picture an administrator gave the application.
type Logo struct {
	ContentType string // image/…
	Data        []byte // up to 1 MiB
}

// Logo fetches the picture. Without one Duo answers with an error, usually
// KindRejected. Repeated as Check is.
func (c *Client) Logo(ctx context.Context) (Logo, error) {
	r := request{call: CallLogo, method: http.MethodGet}
	res, err := c.do(ctx, r)
	if err != nil {
		return Logo{}, err
	}
	if !isImage(res) {
		return Logo{}, malformed(r, res, errNoImage)
	}
	return Logo{ContentType: res.header.Get("Content-Type"), Data: res.body}, nil
}

func isImage(res reply) bool {
	return len(res.body) > 0 && strings.HasPrefix(strings.ToLower(res.header.Get("Content-Type")), "image/")
}
