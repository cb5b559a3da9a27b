package rest

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// Header values that every response shares. net/http only reads them.
var (
	contentHAL  = []string{"application/hal+json"}
	contentJSON = []string{"application/json"}
	serverName  = []string{"Duoplane"}
	noSniff     = []string{"nosniff"}
	noStore     = []string{"no-cache,no-store,must-revalidate"}
	selfOnly    = []string{"default-src 'self'"}
	varyAccept  = []string{"Accept, Accept-Encoding"}
	challenge   = []string{`Basic realm="Duoplane"`}
)

// wantsHAL tells whether "_links" are wanted: always, unless every media type
// the client accepts is application/json.
func wantsHAL(accept []string) bool {
	if len(accept) == 1 && accept[0] == "application/json" {
		return false
	}
	plain := false
	for _, line := range accept {
		for item := range strings.SplitSeq(line, ",") {
			item, _, _ = strings.Cut(item, ";")
			if !strings.EqualFold(strings.TrimSpace(item), "application/json") {
				return true
			}
			plain = true
		}
	}
	return !plain
}

// encoder returns an empty encoder over the exchange's buffer; reply takes it
// back.
func (x *exchange) encoder() encoder {
	return encoder{buf: x.buf[:0], pretty: x.opts.pretty}
}

// reply sends what the encoder holds.
func (x *exchange) reply(status int, e *encoder) {
	x.buf = e.buf
	h := x.w.Header()
	if x.hal {
		h["Content-Type"] = contentHAL
	} else {
		h["Content-Type"] = contentJSON
	}
	if x.r.Method == http.MethodGet || x.r.Method == http.MethodHead {
		h["Vary"] = varyAccept
	}
	x.send(status, x.buf)
}

// send writes a whole response. Headers that concern its content are set.
func (x *exchange) send(status int, body []byte) {
	h := x.w.Header()
	h["Server"] = serverName
	h["X-Content-Type-Options"] = noSniff
	h["Cache-Control"] = noStore
	if h["Content-Security-Policy"] == nil {
		h["Content-Security-Policy"] = selfOnly
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.status = status
	x.w.WriteHeader(status)
	if x.r.Method == http.MethodHead {
		return
	}
	if _, err := x.w.Write(body); err != nil {
		x.api.log.DebugContext(x.ctx, "response not delivered", slog.String("request", x.id), slog.Any("error", err))
	}
}

// replyEmpty sends an empty object: ONTAP documents it for every change.
func (x *exchange) replyEmpty(status int) {
	e := x.encoder()
	e.open('{')
	e.close('}')
	x.reply(status, &e)
}

// fail answers with an error. What is a fault of ours is kept for the log.
func (x *exchange) fail(err error) {
	r := x.refused(err)
	e := x.encoder()
	e.open('{')
	x.refusal(&e, r)
	e.close('}')
	x.reply(r.status, &e)
}

// refused makes an error ready for the wire, with the header that goes with
// it.
func (x *exchange) refused(err error) refusal {
	r := refuse(err)
	if r.status >= http.StatusInternalServerError {
		x.err = err
	}
	h := x.w.Header()
	if s := r.retryAfter(); s != "" {
		h["Retry-After"] = []string{s}
	}
	switch {
	case r.status == http.StatusUnauthorized:
		h["Www-Authenticate"] = challenge
	case r.status >= http.StatusInternalServerError:
		h["X-Request-Id"] = []string{x.id}
	}
	return r
}

// refusal writes the "error" member and notes its code.
func (x *exchange) refusal(e *encoder, r refusal) {
	x.code = r.code
	e.refusal(r)
}

// refusal writes the "error" member.
func (e *encoder) refusal(r refusal) {
	e.name("error")
	e.open('{')
	e.name("message")
	e.text(r.message)
	e.name("code")
	e.text(r.number)
	if r.target != "" {
		e.name("target")
		e.text(r.target)
	}
	e.close('}')
}

func tooLarge(what string, limit int) error {
	return fault.New(fault.TooLarge, "", "The %s is larger than the limit of %d bytes.", what, limit)
}

// bodyError tells why a body could not be read.
func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge("body", maxBody)
	}
	if t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && t.Timeout() {
		return &statusError{fault.Wrap(err, fault.BadRequest, "", "The body did not arrive in time."), http.StatusRequestTimeout}
	}
	return fault.Wrap(err, fault.BadRequest, "", "The body could not be read.")
}

// appendQuery appends "?" and the parameters in encoded form.
func appendQuery(b []byte, params []record.Param) []byte {
	for i, p := range params {
		if i == 0 {
			b = append(b, '?')
		} else {
			b = append(b, '&')
		}
		b = appendEscaped(b, p.Name)
		b = append(b, '=')
		b = appendEscaped(b, p.Value)
	}
	return b
}
