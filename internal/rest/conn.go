package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

// A listener hands out TLS connections whose refusals are in ONTAP's form.
type listener struct {
	net.Listener

	tls     *tls.Config
	timeout time.Duration // of the handshake
	log     *slog.Logger

	closing sync.Once
	closed  error
}

// Close implements net.Listener. Both Server and the http.Server inside close
// it, in either order: it is closed once, and all have the same answer.
func (l *listener) Close() error {
	l.closing.Do(func() { l.closed = l.Listener.Close() })
	return l.closed
}

// Accept implements net.Listener. The handshake is left to the connection's
// own goroutine.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: tls.Server(c, l.tls), timeout: l.timeout, log: l.log}, nil
}

// A conn is a TLS connection on which net/http's own answers to requests that
// cannot be parsed, plain text, are replaced by error objects. No handler gets
// to see such requests, so this is the one place to do it.
type conn struct {
	*tls.Conn

	timeout time.Duration
	log     *slog.Logger
}

// ConnectionState makes the handshake, within its time limit: net/http asks
// for the state once, first thing in the connection's own goroutine. A failed
// handshake shows in the first Read.
func (c *conn) ConnectionState() tls.ConnectionState {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	err := c.HandshakeContext(ctx)
	if err != nil {
		c.log.DebugContext(ctx, "TLS handshake failed", slog.String("from", c.RemoteAddr().String()), slog.Any("error", err))
	}
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && isHTTP(plain.RecordHeader) {
		_ = plain.Conn.SetWriteDeadline(time.Now().Add(time.Second))
		// Nothing can be done for a client that does not take the answer.
		_, _ = plain.Conn.Write(bareRefusal(http.StatusBadRequest, fault.BadRequest, "This is a TLS port: the URL must begin with https."))
	}
	return c.Conn.ConnectionState()
}

// isHTTP tells whether the first bytes of a connection are those of a plain
// HTTP request.
func isHTTP(first [5]byte) bool {
	switch string(first[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	}
	return false
}

// refusalHeader follows the status line of every answer that net/http gives on
// its own. No handler here sends text/plain.
var refusalHeader = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Write implements net.Conn. net/http writes each of its own answers at once.
func (c *conn) Write(p []byte) (int, error) {
	status, ok := ownRefusal(p)
	if !ok {
		return c.Conn.Write(p)
	}
	code, msg := fault.BadRequest, "The request is not valid HTTP; a space in the URL is written %20."
	switch status {
	case http.StatusHTTPVersionNotSupported:
		msg = "The version of HTTP is not supported; use HTTP/1.1."
	case http.StatusRequestHeaderFieldsTooLarge:
		code, msg = fault.TooLarge, "The request line and header are larger than the limit of "+strconv.Itoa(maxHeader)+" bytes."
	case http.StatusNotImplemented:
		msg = "The transfer encoding is not supported."
	}
	if _, err := c.Conn.Write(bareRefusal(status, code, msg)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ownRefusal returns the status of an answer that net/http gives on its own.
func ownRefusal(p []byte) (status int, ok bool) {
	const line = "HTTP/1.1 "
	if len(p) < len(line)+3 || p[len(line)] < '4' || string(p[:len(line)]) != line {
		return 0, false
	}
	end := bytes.IndexByte(p, '\r')
	if end < 0 || !bytes.HasPrefix(p[end:], refusalHeader) {
		return 0, false
	}
	status, err := strconv.Atoi(string(p[len(line) : len(line)+3]))
	return status, err == nil
}

// bareRefusal returns a whole response, for where there is no ResponseWriter.
func bareRefusal(status int, code fault.Code, msg string) []byte {
	r := refuse(fault.New(code, "", "%s", msg))
	e := encoder{pretty: true}
	e.open('{')
	e.refusal(r)
	e.close('}')
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	for _, h := range []struct{ name, value string }{
		{"Cache-Control", noStore[0]},
		{"Connection", "close"},
		{"Content-Length", strconv.Itoa(len(e.buf))},
		{"Content-Security-Policy", selfOnly[0]},
		{"Content-Type", contentHAL[0]},
		{"Server", serverName[0]},
		{"X-Content-Type-Options", noSniff[0]},
	} {
		b.WriteString(h.name + ": " + h.value + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(e.buf)
	return b.Bytes()
}
