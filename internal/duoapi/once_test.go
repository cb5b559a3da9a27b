package duoapi_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/duoplane/duoplane/internal/duoapi"
)

// Whatever Duo answers, one Auth is one request.
func TestAuthIsSentOnceWhateverTheReply(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		kind   duoapi.Kind
	}{
		{"429 with Retry-After", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0")
			answer(429, "")(w, r)
		}, duoapi.KindRateLimit},
		{"a complaint about the clock", answer(401, `{"stat":"FAIL","code":40105}`), duoapi.KindClock},
		{"a server error", answer(503, ""), duoapi.KindServer},
		{"a redirect that asks for the same again", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusPermanentRedirect)
		}, duoapi.KindRedirect},
		{"rubbish", answer(200, "rubbish"), duoapi.KindMalformed},
		{"a hang-up after reading", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, duoapi.KindCutShort},
	} {
		for _, enroll := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				f := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/auth/v2/ping" {
						script(w, r)
						return
					}
					test.answer(w, r)
				})
				c := f.client(t)
				if _, err := c.Ping(t.Context()); err != nil { // so that the connection is a used one
					t.Fatal(err)
				}
				var err error
				if enroll {
					_, err = c.Enroll(t.Context(), duoapi.EnrollRequest{})
				} else {
					_, err = c.Auth(t.Context(), push(true))
				}
				fails(t, err, test.kind, duoapi.StepReply)
				if got := f.requests(); len(got) != 2 {
					t.Errorf("got %v, want a ping and one more", got)
				}
			})
		}
	}
}

// net/http sends again by itself what it believes to be replayable when a
// used connection breaks. The other calls may profit from that; Auth may not.
func TestAuthIsSentOnceOverHTTP1WhenTheConnectionBreaks(t *testing.T) {
	for name, breakAfter := range map[string]bool{"after reading the request": true, "before reading the request": false} {
		t.Run(name, func(t *testing.T) {
			ca := newAuthority(t)
			var auths atomic.Int32
			addr := listenTLS(t, ca, func(conn net.Conn) {
				in := bufio.NewReader(conn)
				for first := true; ; first = false {
					if !first && !breakAfter {
						return // hangs up on a connection that the client takes for idle
					}
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					if strings.HasSuffix(req.URL.Path, "/auth") {
						auths.Add(1)
						return
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"+okPing+strings.Repeat(" ", 50-len(okPing)))
				}
			})
			c := client(t, addr, ca)
			if _, err := c.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Auth(t.Context(), push(true)); duoapi.KindOf(err) != duoapi.KindCutShort {
				t.Errorf("got %v", err)
			}
			if got := auths.Load(); got > 1 || (breakAfter && got != 1) {
				t.Errorf("sent %d times", got)
			}
		})
	}
}

// HTTP/2 lets a server refuse a request and have it sent anew, on the same
// connection even. Frames are written by hand, for net/http's server cannot.
func TestAuthIsSentOnceOverHTTP2WhenTheStreamIsRefused(t *testing.T) {
	const refusedStream, protocolError = 7, 1
	for name, code := range map[string]uint32{"refused": refusedStream, "reset with a protocol error": protocolError} {
		t.Run(name, func(t *testing.T) {
			ca := newAuthority(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var asked atomic.Int32
			addr := listenTLS(t, ca, func(conn net.Conn) {
				resetStreams(conn, code, func() {
					if asked.Add(1) == 2 {
						cancel()
					}
				})
			}, "h2")
			c := client(t, addr, ca)
			_, err := c.Auth(ctx, push(true))
			fails(t, err, duoapi.KindCutShort, duoapi.StepReply)
			if got := asked.Load(); got != 1 {
				t.Fatalf("auth: sent %d times, want 1", got)
			}
			// That is worth something only where net/http would send again.
			asked.Store(0)
			if _, err = c.Preauth(ctx, duoapi.PreauthRequest{Username: "alice"}); err == nil {
				t.Error("preauth: no error")
			}
			if got := asked.Load(); got < 2 {
				t.Errorf("preauth: sent %d times, want 2", got)
			}
		})
	}
}

// resetStreams is an HTTP/2 server that answers every request with RST_STREAM.
func resetStreams(conn net.Conn, code uint32, asked func()) {
	const typeHeaders, typeReset, typeSettings, flagAck = 1, 3, 4, 1
	in := bufio.NewReader(conn)
	if _, err := in.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
		return
	}
	frame := func(kind, flags byte, stream uint32, payload []byte) {
		head := []byte{0, 0, byte(len(payload)), kind, flags}
		head = binary.BigEndian.AppendUint32(head, stream)
		_, _ = conn.Write(append(head, payload...))
	}
	frame(typeSettings, 0, 0, nil)
	for {
		var head [9]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		if _, err := in.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2])); err != nil {
			return
		}
		switch {
		case head[3] == typeSettings && head[4]&flagAck == 0:
			frame(typeSettings, flagAck, 0, nil)
		case head[3] == typeHeaders:
			asked()
			frame(typeReset, 0, binary.BigEndian.Uint32(head[5:]), binary.BigEndian.AppendUint32(nil, code))
		}
	}
}
