package duoapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// classify turns an error of net/http into an Error. It needs to know how far
// the call came: many errors of net/http are plain text that does not tell.
func classify(err error, w *watch) *Error {
	step, answered := w.end()
	e := &Error{Step: step, Err: err}
	switch step {
	case StepReply:
		if e.Kind = replyKind(err, answered); quotes(err) {
			e.Err = nil
		}
		return e
	case StepTLS:
		e.Kind = tlsKind(err)
	default:
		e.Kind = dialKind(err, step, w.proxy != "")
	}
	switch refusal, refused := errors.AsType[*proxyRefusal](err); {
	case refused:
		e.HTTP, e.Detail = refusal.status, "proxy "+w.proxy
	case step == StepProxy:
		e.Detail = "proxy " + w.proxy
		if quotes(err) {
			e.Err = nil
		}
	case !errors.Is(err, context.Canceled) && err != context.DeadlineExceeded: //nolint:errorlint // only the bare one says nothing more
		e.Detail = clean(err.Error(), nil)
	}
	return e
}

// waitKind tells the two ends a context has, and a time-out, from all else.
func waitKind(err error) (Kind, bool) {
	if errors.Is(err, context.Canceled) {
		return KindCancelled, true
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return KindTimeout, true
	}
	return "", false
}

// dialKind is for everything before TLS.
func dialKind(err error, step Step, viaProxy bool) Kind {
	if kind, ok := waitKind(err); ok {
		return kind
	}
	refusal, refused := errors.AsType[*proxyRefusal](err)
	switch {
	case refused && refusal.status == http.StatusProxyAuthRequired:
		return KindProxyAuth
	case viaProxy:
		return KindProxy
	case step == StepLookup, is[*net.DNSError](err):
		return KindLookup
	}
	return KindConnect
}

// tlsKind is for the handshake.
func tlsKind(err error) Kind {
	if kind, ok := waitKind(err); ok {
		return kind
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return KindTLSExpired
	}
	switch {
	case is[x509.UnknownAuthorityError](err), is[x509.SystemRootsError](err):
		return KindTLSAuthority
	case is[x509.HostnameError](err):
		return KindTLSName
	case is[tls.RecordHeaderError](err):
		return KindNotTLS
	}
	return KindTLS
}

// replyKind is for everything after the handshake.
func replyKind(err error, answered bool) Kind {
	if kind, ok := waitKind(err); ok {
		return kind
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return KindTLS // in TLS 1.3 the server's refusal comes after our half of the handshake
	}
	if answered && !lost(err) {
		return KindMalformed
	}
	return KindCutShort
}

// lost reports whether the connection ended.
func lost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// quotes reports whether the text of an error of net/http may hold bytes that
// the other side sent, and with them whatever it was sent before.
func quotes(err error) bool {
	_, waited := waitKind(err)
	return !waited && !lost(err) && !is[*net.OpError](err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
