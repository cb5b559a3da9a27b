package duoapi_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/duoapi"
)

// pipes is a listener without a network, for a synctest bubble.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inside is what a test has in a bubble: the T of the bubble and a client.
type inside struct {
	*testing.T
	c *duoapi.Client
}

// bubble runs use against a server in a synctest bubble, where time is made
// up and waits cost none. It returns when each request came, from the start.
func bubble(t *testing.T, h http.HandlerFunc, use func(inside)) []time.Duration {
	t.Helper()
	var mu sync.Mutex
	var at []time.Duration
	synctest.Test(t, func(t *testing.T) {
		ca, l, begun := newAuthority(t), newPipes(), time.Now()
		s := &http.Server{
			ErrorLog:          quiet,
			ReadHeaderTimeout: time.Hour,
			TLSConfig:         &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, "duo.example", nil)}},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				at = append(at, time.Since(begun))
				mu.Unlock()
				h(w, r)
			}),
		}
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.ServeTLS(l, "", "") })
		c := client(t, "duo.example", ca, func(cfg *duoapi.Config) { cfg.Dial = l.dial })
		defer wg.Wait()
		defer shut(s)
		defer c.Close()
		use(inside{t, c})
	})
	return at
}

// busy answers 429 with the headers given, times over, then as script.
func busy(times int, headers map[string]string) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		times--
		left := times
		mu.Unlock()
		if left < 0 {
			script(w, r)
			return
		}
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		answer(429, `{"stat":"FAIL","code":42901,"message":"Too Many Requests"}`)(w, r)
	}
}

// spaced checks that the requests came the wanted seconds apart, and up to
// one second later.
func spaced(t *testing.T, at []time.Duration, want ...time.Duration) {
	t.Helper()
	var gaps []time.Duration
	for i := 1; i < len(at); i++ {
		gaps = append(gaps, (at[i] - at[i-1]).Truncate(time.Second))
	}
	for i := range want {
		want[i] *= time.Second
	}
	if !slices.Equal(gaps, want) {
		t.Errorf("waits of %v, want %v", gaps, want)
	}
}

func TestTooManyRequestsAreRepeatedAfterTheTimeAsked(t *testing.T) {
	for _, test := range []struct {
		name    string
		headers map[string]string
		want    time.Duration
	}{
		{"seconds", map[string]string{"Retry-After": "7"}, 7},
		{"nought seconds", map[string]string{"Retry-After": "0"}, 0},
		{"the other header", map[string]string{"X-Retry-After": "5"}, 5},
		{"both headers", map[string]string{"Retry-After": "3", "X-Retry-After": "9"}, 3},
		{"one header that makes no sense", map[string]string{"Retry-After": "soon", "X-Retry-After": "4"}, 4},
		{"a date", map[string]string{"Retry-After": "Sat, 01 Jan 2000 00:00:12 GMT"}, 12},
		{"a date by a clock that is wrong", map[string]string{
			"Date": "Sat, 21 Nov 2026 20:00:00 GMT", "Retry-After": "Sat, 21 Nov 2026 20:00:06 GMT",
		}, 6},
		{"a date that has passed", map[string]string{"Retry-After": "Fri, 31 Dec 1999 23:00:00 GMT"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := bubble(t, busy(1, test.headers), func(in inside) {
				if _, err := in.c.Check(in.Context()); err != nil {
					in.Error(err)
				}
			})
			spaced(t, at, test.want)
		})
	}
}

func TestEveryHarmlessCallIsRepeated(t *testing.T) {
	for name, call := range map[string]func(*duoapi.Client) error{
		"ping":  func(c *duoapi.Client) error { _, err := c.Ping(context.Background()); return err },
		"check": func(c *duoapi.Client) error { _, err := c.Check(context.Background()); return err },
		"preauth": func(c *duoapi.Client) error {
			_, err := c.Preauth(context.Background(), duoapi.PreauthRequest{Username: "alice"})
			return err
		},
		"auth_status": func(c *duoapi.Client) error { _, err := c.AuthStatus(context.Background(), "tx"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			at := bubble(t, busy(1, map[string]string{"Retry-After": "2"}), func(in inside) {
				if err := call(in.c); err != nil {
					in.Error(err)
				}
			})
			spaced(t, at, 2)
		})
	}
}

func TestWithoutRetryAfterTheWaitsDouble(t *testing.T) {
	at := bubble(t, busy(1000, nil), func(in inside) {
		_, err := in.c.Check(in.Context())
		e := failure(in.T, err, duoapi.KindRateLimit, duoapi.StepReply)
		if e.HTTP != 429 || e.Code != 42901 || e.RetryAfter != 0 {
			in.Errorf("got %#v", e)
		}
	})
	spaced(t, at, 1, 2, 4, 8, 16, 32)
}

func TestNoWaitBeginsThatTheDeadlineWouldCut(t *testing.T) {
	at := bubble(t, busy(1000, map[string]string{"Retry-After": "30"}), func(in inside) {
		ctx, cancel := context.WithTimeout(in.Context(), 45*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := in.c.Check(ctx)
		if e := failure(in.T, err, duoapi.KindRateLimit, duoapi.StepReply); e.RetryAfter != 30*time.Second {
			in.Errorf("Retry-After of %v", e.RetryAfter)
		}
		if took := time.Since(begun); took >= 45*time.Second {
			in.Errorf("took %v", took)
		}
	})
	spaced(t, at, 30)
}

func TestALongWaitNeedsACallerWithADeadline(t *testing.T) {
	long := map[string]string{"Retry-After": "60"}
	at := bubble(t, busy(1, long), func(in inside) {
		_, err := in.c.Check(context.Background())
		fails(in.T, err, duoapi.KindRateLimit, duoapi.StepReply)
	})
	spaced(t, at)
	at = bubble(t, busy(1, long), func(in inside) {
		ctx, cancel := context.WithTimeout(in.Context(), 75*time.Second)
		defer cancel()
		if _, err := in.c.Check(ctx); err != nil {
			in.Error(err)
		}
	})
	spaced(t, at, 60)
}

func TestACallerMayGiveUpWaiting(t *testing.T) {
	at := bubble(t, busy(1000, nil), func(in inside) {
		ctx, cancel := context.WithCancel(in.Context())
		time.AfterFunc(4*time.Second, cancel)
		_, err := in.c.Check(ctx)
		fails(in.T, err, duoapi.KindRateLimit, duoapi.StepReply)
		if ctx.Err() == nil {
			in.Error("returned before the caller gave up")
		}
	})
	spaced(t, at[:2], 1)
}
