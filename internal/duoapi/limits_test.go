package duoapi_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/duoapi"
)

// mute accepts and never says a word.
func mute(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// halting reads a request, begins a reply and does not end it.
func halting(conn net.Conn) {
	_, _ = http.ReadRequest(bufio.NewReader(conn))
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
	mute(conn)
}

// stuck runs use against a server in a synctest bubble that handles its
// connections in raw form; secure puts a handshake before.
func stuck(t *testing.T, secure bool, handle func(net.Conn), edit func(*duoapi.Config), use func(inside)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ca, l := newAuthority(t), newPipes()
		cfg := &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, "duo.example", nil)}}
		var wg sync.WaitGroup
		var open []net.Conn
		wg.Go(func() {
			for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
				open = append(open, conn)
				if secure {
					conn = tls.Server(conn, cfg)
				}
				wg.Go(func() { handle(conn) })
			}
			for _, conn := range open {
				shut(conn)
			}
		})
		c := client(t, "duo.example", ca, func(cfg *duoapi.Config) { cfg.Dial = l.dial }, edit)
		defer wg.Wait()
		defer shut(l)
		use(inside{t, c})
	})
}

func TestEveryStepHasALimit(t *testing.T) {
	for _, test := range []struct {
		name     string
		secure   bool
		handle   func(net.Conn)
		edit     func(*duoapi.Config)
		deadline time.Duration // of the caller; 0: none
		step     duoapi.Step
		want     time.Duration
	}{
		{"the handshake", false, mute, via(""), 0, duoapi.StepTLS, 5 * time.Second},
		{"the handshake, when the whole call has less", false, mute, func(c *duoapi.Config) { c.Timeouts.Call = time.Second }, 0, duoapi.StepTLS, time.Second},
		{"the reply", true, mute, via(""), 0, duoapi.StepReply, 10 * time.Second},
		{"the rest of a reply", true, halting, via(""), 0, duoapi.StepReply, 10 * time.Second},
		{"everything by the caller's deadline", true, mute, via(""), 3 * time.Second, duoapi.StepReply, 3 * time.Second},
		{"the answer of a proxy", false, mute, via("proxy.example:3128"), 0, duoapi.StepProxy, 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			stuck(t, test.secure, test.handle, test.edit, func(in inside) {
				ctx := in.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				begun := time.Now()
				_, err := in.c.Check(ctx)
				if took := time.Since(begun); took != test.want {
					in.Errorf("took %v, want %v", took, test.want)
				}
				e := failure(in.T, err, duoapi.KindTimeout, test.step)
				if want := "No answer in time (step " + string(test.step); !strings.HasPrefix(e.Reason(), want) {
					in.Errorf("got %q, want %q", e.Reason(), want)
				}
				if wait, ok := errors.AsType[net.Error](err); !ok || !wait.Timeout() {
					in.Errorf("the cause is %v", e.Err)
				}
			})
		})
	}
}

// A call that Duo holds open may outlast the limit of the others, up to its
// own.
func TestHeldCallsHaveTheirOwnLimit(t *testing.T) {
	for _, async := range []bool{true, false} {
		stuck(t, true, mute, via(""), func(in inside) {
			want := 70 * time.Second
			if async {
				want = 10 * time.Second
			}
			begun := time.Now()
			_, err := in.c.Auth(in.Context(), push(async))
			fails(in.T, err, duoapi.KindTimeout, duoapi.StepReply)
			if took := time.Since(begun); took != want {
				in.Errorf("async %v: took %v, want %v", async, took, want)
			}
		})
	}
}

// A poll that Duo holds for a minute is no time-out, one held for ever is.
func TestPollsAreHeldUpToTheirLimit(t *testing.T) {
	for _, test := range []struct {
		hold time.Duration
		kind duoapi.Kind
	}{{69 * time.Second, ""}, {71 * time.Second, duoapi.KindTimeout}} {
		bubble(t, func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(test.hold):
				script(w, r)
			case <-r.Context().Done():
			}
		}, func(in inside) {
			if _, err := in.c.AuthStatus(in.Context(), "tx"); duoapi.KindOf(err) != test.kind {
				in.Errorf("held for %v: %v", test.hold, err)
			}
		})
	}
}

func TestProbeEndsByItsDeadline(t *testing.T) {
	stuck(t, false, mute, via(""), func(in inside) {
		ctx, cancel := context.WithTimeout(in.Context(), 2*time.Second)
		defer cancel()
		steps := in.c.Probe(ctx)
		want := "lookup skipped, connect done, proxy skipped, tls failed timeout, clock skipped, keys skipped"
		if got := strings.Join(outline(steps), ", "); got != want {
			in.Errorf("got %s, want %s", got, want)
		}
		if took := steps[3].Took; took != 2*time.Second {
			in.Errorf("the handshake took %v", took)
		}
	})
}
