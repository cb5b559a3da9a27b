package duoapi_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duoapi"
)

// quiet takes the complaints of the servers about what the tests do to them.
var quiet = log.New(io.Discard, "", 0)

// fails checks the error of a call.
func fails(t *testing.T, err error, kind duoapi.Kind, step duoapi.Step) {
	t.Helper()
	_ = failure(t, err, kind, step)
}

// failure is fails for who wants to see more of the error.
func failure(t *testing.T, err error, kind duoapi.Kind, step duoapi.Step) *duoapi.Error {
	t.Helper()
	e, ok := errors.AsType[*duoapi.Error](err)
	if !ok {
		t.Fatalf("got %v (%T), want a *duoapi.Error", err, err)
	}
	if e.Kind != kind || e.Step != step {
		t.Fatalf("got kind %q at step %q (%v), want %q at %q", e.Kind, e.Step, e, kind, step)
	}
	if e.Call == "" || e.Kind.Reason() == "" || e.Kind.Advice() == "" {
		t.Errorf("no call, reason or advice: %#v", e)
	}
	return e
}

func TestKindsOfReplies(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		kind    duoapi.Kind
		http    int
		code    int
	}{
		{"an unknown integration key", answer(401, `{"stat":"FAIL","code":40102,"message":"Invalid integration key in request credentials"}`), duoapi.KindKey, 401, 40102},
		{"a signature that does not fit", answer(401, `{"stat":"FAIL","code":40103,"message":"Invalid signature in request credentials"}`), duoapi.KindSignature, 401, 40103},
		{"a date too far off", answer(401, `{"stat":"FAIL","code":40105,"message":"Bad request timestamp"}`), duoapi.KindClock, 401, 40105},
		{"a 401 with another code", answer(401, `{"stat":"FAIL","code":40101}`), duoapi.KindUnauthorized, 401, 40101},
		{"a 401 with a page", answer(401, `<html>`), duoapi.KindUnauthorized, 401, 0},
		{"a 400", answer(400, `{"stat":"FAIL","code":40002,"message":"Invalid request parameters","message_detail":"username"}`), duoapi.KindRejected, 400, 40002},
		{"a 403", answer(403, `{"stat":"FAIL","code":40301}`), duoapi.KindRejected, 403, 40301},
		{"a 404 with a page", answer(404, "not here"), duoapi.KindRejected, 404, 0},
		{"a 407, which is for proxies", answer(407, ""), duoapi.KindRejected, 407, 0},
		{"a code that is an empty text", answer(400, `{"stat":"FAIL","code":"","message":"x"}`), duoapi.KindRejected, 400, 0},
		{"a code that is a text", answer(400, `{"stat":"FAIL","code":"40002","message":"x"}`), duoapi.KindRejected, 400, 40002},
		{"a code beyond all codes", answer(400, `{"stat":"FAIL","code":9223372036854775807}`), duoapi.KindRejected, 400, 0},
		{"a 500", answer(500, `{"stat":"FAIL","code":50001}`), duoapi.KindServer, 500, 50001},
		{"a 502 with a page", answer(502, "<html>bad gateway"), duoapi.KindServer, 502, 0},
		{"a 500 that says OK", answer(500, okPing), duoapi.KindServer, 500, 0},
		{"FAIL in a 200", answer(200, `{"stat":"FAIL","code":40002,"message":"Invalid request parameters"}`), duoapi.KindFail, 200, 40002},
		{"an empty body", answer(200, ""), duoapi.KindMalformed, 200, 0},
		{"a 204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, duoapi.KindMalformed, 204, 0},
		{"blanks only", answer(200, " \n"), duoapi.KindMalformed, 200, 0},
		{"a page", answer(200, "<html>sign in to the hotel's network"), duoapi.KindMalformed, 200, 0},
		{"JSON cut in two", answer(200, okPing[:20]), duoapi.KindMalformed, 200, 0},
		{"JSON with something after it", answer(200, okPing+"{}"), duoapi.KindMalformed, 200, 0},
		{"an array", answer(200, `[1]`), duoapi.KindMalformed, 200, 0},
		{"bytes that are not UTF-8", answer(200, strings.Replace(okPing, "{", "{\"x\":\"\xff\",", 1)), duoapi.KindMalformed, 200, 0},
		{"no stat", answer(200, `{"response":{"time":1}}`), duoapi.KindMalformed, 200, 0},
		{"an unknown stat", answer(200, `{"stat":"ok","response":{"time":1}}`), duoapi.KindMalformed, 200, 0},
		{"stat in other letters", answer(200, `{"STAT":"OK","response":{"time":1}}`), duoapi.KindMalformed, 200, 0},
		{"stat twice", answer(200, `{"stat":"OK","stat":"OK","response":{"time":1}}`), duoapi.KindMalformed, 200, 0},
		{"no response", answer(200, `{"stat":"OK"}`), duoapi.KindMalformed, 200, 0},
		{"a response that is null", answer(200, `{"stat":"OK","response":null}`), duoapi.KindMalformed, 200, 0},
		{"a response that is a text", answer(200, `{"stat":"OK","response":"pong"}`), duoapi.KindMalformed, 200, 0},
		{"no time", answer(200, `{"stat":"OK","response":{}}`), duoapi.KindMalformed, 200, 0},
		{"a time of nought", answer(200, `{"stat":"OK","response":{"time":0}}`), duoapi.KindMalformed, 200, 0},
		{"a time that is a word", answer(200, `{"stat":"OK","response":{"time":"now"}}`), duoapi.KindMalformed, 200, 0},
		{"a time beyond all calendars", answer(200, `{"stat":"OK","response":{"time":9223372036854775807}}`), duoapi.KindMalformed, 200, 0},
		{"a body of one byte too many", answer(200, strings.Repeat(" ", 1<<20-len(okPing)+1)+okPing), duoapi.KindTooLarge, 200, 0},
		{"an error with a body without end", endless(500), duoapi.KindTooLarge, 500, 0},
		{"half a body over HTTP/2", halfway, duoapi.KindCutShort, 200, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := serve(t, test.handler).client(t).Check(t.Context())
			e := failure(t, err, test.kind, duoapi.StepReply)
			if e.HTTP != test.http || e.Code != test.code {
				t.Errorf("got HTTP %d, code %d; want %d, %d", e.HTTP, e.Code, test.http, test.code)
			}
		})
	}
}

func halfway(w http.ResponseWriter, r *http.Request) {
	answer(200, okPing[:20])(w, r)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func endless(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		chunk := []byte(strings.Repeat("x", 1<<16))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

func TestAReplyOfExactlyTheLimitIsRead(t *testing.T) {
	body := strings.Repeat(" ", 1<<20-len(okPing)) + okPing
	if _, err := serve(t, answer(200, body)).client(t).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		f := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/auth/v2/ping", status)
		})
		_, err := f.client(t).Check(t.Context())
		fails(t, err, duoapi.KindRedirect, duoapi.StepReply)
		if got := len(f.requests()); got != 1 {
			t.Errorf("HTTP %d: %d requests, want 1", status, got)
		}
	}
}

func TestKindsOfBrokenHTTP(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for _, test := range []struct {
		name, reply string
		kind        duoapi.Kind
	}{
		{"no reply at all", "", duoapi.KindCutShort},
		{"half a header", head, duoapi.KindCutShort},
		{"less than Content-Length says", head + "Content-Length: 100\r\n\r\n" + okPing, duoapi.KindCutShort},
		{"a chunk without its end", head + "Transfer-Encoding: chunked\r\n\r\n50\r\n" + okPing, duoapi.KindCutShort},
		{"chunks that are none", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + okPing, duoapi.KindMalformed},
		{"something that is not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", duoapi.KindMalformed},
		{"two lengths", head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n" + okPing, duoapi.KindMalformed},
		{"a header without end", head + "X: " + strings.Repeat("x", 1<<20), duoapi.KindMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			ca := newAuthority(t)
			_, err := client(t, listenTLS(t, ca, say(test.reply)), ca).Ping(t.Context())
			fails(t, err, test.kind, duoapi.StepReply)
		})
	}
	t.Run("a reply that ends with the connection is read", func(t *testing.T) {
		ca := newAuthority(t)
		if _, err := client(t, listenTLS(t, ca, say("HTTP/1.0 200 OK\r\n\r\n"+okPing)), ca).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestKindsOfTLS(t *testing.T) {
	for _, test := range []struct {
		name string
		kind duoapi.Kind
		addr func(*testing.T, *authority) string
	}{
		{"an unknown authority", duoapi.KindTLSAuthority, func(t *testing.T, _ *authority) string {
			t.Helper()
			return listenTLS(t, newAuthority(t), say(""))
		}},
		{"another name", duoapi.KindTLSName, func(t *testing.T, ca *authority) string {
			t.Helper()
			return listenLeaf(t, ca.leaf(t, "elsewhere.example", nil))
		}},
		{"a certificate out of date", duoapi.KindTLSExpired, func(t *testing.T, ca *authority) string {
			t.Helper()
			return listenLeaf(t, ca.leaf(t, "127.0.0.1", func(c *x509.Certificate) { c.NotAfter = time.Unix(1, 0) }))
		}},
		{"a certificate not for servers", duoapi.KindTLS, func(t *testing.T, ca *authority) string {
			t.Helper()
			return listenLeaf(t, ca.leaf(t, "127.0.0.1", func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
			}))
		}},
		{"plain HTTP", duoapi.KindNotTLS, func(t *testing.T, _ *authority) string {
			t.Helper()
			return listen(t, func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 1))
				_, _ = io.WriteString(conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
				_, _ = io.Copy(io.Discard, conn)
			})
		}},
		{"a server that hangs up", duoapi.KindTLS, func(t *testing.T, _ *authority) string {
			t.Helper()
			return listen(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })
		}},
		{"TLS 1.1 at most", duoapi.KindTLS, func(t *testing.T, ca *authority) string {
			t.Helper()
			cfg := &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, "127.0.0.1", nil)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
			return listen(t, func(conn net.Conn) { _ = tls.Server(conn, cfg).HandshakeContext(context.Background()) })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ca := newAuthority(t)
			_, err := client(t, test.addr(t, ca), ca).Ping(t.Context())
			fails(t, err, test.kind, duoapi.StepTLS)
		})
	}
	t.Run("a server that wants a certificate of ours", func(t *testing.T) {
		ca := newAuthority(t)
		cfg := &tls.Config{
			Certificates: []tls.Certificate{ca.leaf(t, "127.0.0.1", nil)}, ClientAuth: tls.RequireAnyClientCert,
		}
		addr := listen(t, func(conn net.Conn) {
			_ = tls.Server(conn, cfg).HandshakeContext(context.Background())
			_, _ = io.Copy(io.Discard, conn) // lets the alert arrive before the hang-up
		})
		_, err := client(t, addr, ca).Ping(t.Context())
		if duoapi.KindOf(err) != duoapi.KindTLS {
			t.Errorf("got %v", err)
		}
	})
}

// listenLeaf serves TLS handshakes with a certificate and nothing more.
func listenLeaf(t *testing.T, leaf tls.Certificate) string {
	t.Helper()
	cfg := &tls.Config{Certificates: []tls.Certificate{leaf}}
	return listen(t, func(conn net.Conn) { _ = tls.Server(conn, cfg).HandshakeContext(context.Background()) })
}

func TestSystemRootsAreTheDefault(t *testing.T) {
	f := serve(t, answer(200, okPing))
	_, err := f.client(t, func(c *duoapi.Config) { c.RootCAs = nil }).Ping(t.Context())
	fails(t, err, duoapi.KindTLSAuthority, duoapi.StepTLS)
}
