package duoapi

import (
	"net/http"
)

// Duo's codes that deserve a kind of their own.
const (
	codeUnknownKey   = 40102
	codeBadSignature = 40103
	codeBadDate      = 40105
)

// judge finds what is wrong with a complete reply, nil if it is 2xx and, but
// for an image, an envelope with stat OK.
func (c *Client) judge(r request, res reply) *Error {
	e := &Error{Step: StepReply, HTTP: res.status}
	failed := res.status < 200 || res.status > 299
	if !failed && r.call == CallLogo && isImage(res) {
		return nil
	}
	env, bad := readEnvelope(res.body)
	if bad == nil || failed {
		e.Code = env.code
		e.Message = clean(env.message, r.hidden(c))
		e.MessageDetail = clean(env.detail, r.hidden(c))
	}
	switch {
	case failed:
		e.Kind = statusKind(res.status, env.code)
	case bad != nil:
		e.Kind, e.Detail = KindMalformed, bad.Error()
	case !env.ok:
		e.Kind = KindFail
	default:
		return nil
	}
	if e.Kind == KindRateLimit {
		e.RetryAfter, e.asked = retryAfter(res.header, c.now())
	}
	return e
}

// statusKind is the kind of a reply that is not 2xx.
func statusKind(status, code int) Kind {
	switch {
	case status == http.StatusUnauthorized:
		switch code {
		case codeUnknownKey:
			return KindKey
		case codeBadSignature:
			return KindSignature
		case codeBadDate:
			return KindClock
		}
		return KindUnauthorized
	case status == http.StatusTooManyRequests:
		return KindRateLimit
	case status >= 500 && status <= 599:
		return KindServer
	case status >= 400 && status <= 499:
		return KindRejected
	case status >= 300 && status <= 399:
		return KindRedirect
	}
	return KindMalformed
}

// An envelope is what every JSON reply is wrapped in.
type envelope struct {
	ok              bool
	code            int
	message, detail string
	response        raw
}

// readEnvelope reads as much as it can: of an error reply whatever is there
// is worth having.
func readEnvelope(body []byte) (envelope, error) {
	o, err := readObject(body)
	if err != nil {
		return envelope{}, err
	}
	d := decoder{object: o}
	var env envelope
	// Some of Duo's front ends send "" for code.
	code, _ := looseInt(o["code"])
	if code > 0 && code < 100_000 {
		env.code = int(code)
	}
	env.message, env.detail = looseText(o["message"]), looseText(o["message_detail"])
	switch stat := d.text("stat"); stat {
	case "OK":
		env.ok = true
		env.response = o["response"]
		if env.response.absent() {
			d.fail("response", "is missing")
		}
	case "FAIL":
	default:
		d.fail("stat", "is missing or unknown")
	}
	return env, d.err
}
