package duoapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

// A Call is the stable word of one method of the API.
type Call string

// The calls.
const (
	CallPing         Call = "ping"
	CallCheck        Call = "check"
	CallLogo         Call = "logo"
	CallEnroll       Call = "enroll"
	CallEnrollStatus Call = "enroll_status"
	CallPreauth      Call = "preauth"
	CallAuth         Call = "auth"
	CallAuthStatus   Call = "auth_status"
)

// Calls returns all calls.
func Calls() []Call {
	return []Call{CallPing, CallCheck, CallLogo, CallEnroll, CallEnrollStatus, CallPreauth, CallAuth, CallAuthStatus}
}

// maxReply bounds the body of a reply.
const maxReply = 1 << 20

// A request is one call with its parameters.
type request struct {
	call    Call
	method  string
	params  params
	secrets []secret.Text // among the values of params
	bare    bool          // goes without signature
	held    bool          // Duo may hold the reply back
	once    bool          // never sent twice
}

func (r request) path() string { return "/auth/v2/" + string(r.call) }

// hidden are the secrets the other side learns and must not get into an Error.
func (r request) hidden(c *Client) []string {
	texts := []string{c.cfg.SecretKey.Reveal()}
	for _, s := range r.secrets {
		texts = append(texts, s.Reveal())
	}
	return texts
}

// reply is a complete HTTP reply.
type reply struct {
	status         int
	header         http.Header
	body           []byte
	sent, received time.Time // by Config.Now
}

// do sends r, repeats what may be repeated, and returns a reply of status 2xx.
// Every error is an *Error that names the call.
func (c *Client) do(ctx context.Context, r request) (reply, error) {
	res, err := c.patient(ctx, r)
	if KindOf(err) != KindClock || r.once || r.bare {
		return res, err
	}
	if _, pingErr := c.Ping(ctx); pingErr != nil {
		return res, err // the first error tells more
	}
	return c.patient(ctx, r)
}

// once sends r one time.
func (c *Client) once(ctx context.Context, r request) (reply, error) {
	limit := c.cfg.Timeouts.Call
	if r.held {
		limit = c.cfg.Timeouts.Poll
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	res, e := c.exchange(ctx, r)
	took := time.Since(began)
	if e == nil {
		e = c.judge(r, res)
	}
	if e != nil {
		e.Call = r.call
		c.cfg.Observe(r.call, e.Kind, took)
		return reply{}, e
	}
	c.cfg.Observe(r.call, "", took)
	return res, nil
}

func (c *Client) exchange(ctx context.Context, r request) (reply, *Error) {
	w := newWatch(c.proxy)
	req, err := c.build(httptrace.WithClientTrace(ctx, w.trace()), r)
	if err != nil {
		return reply{}, &Error{Kind: KindInvalid, Err: err}
	}
	out := reply{sent: c.cfg.Now()}
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		return reply{}, classify(err, w)
	}
	defer func() { _ = res.Body.Close() }()
	out.status, out.header = res.StatusCode, res.Header
	if out.body, err = io.ReadAll(io.LimitReader(res.Body, maxReply+1)); err != nil {
		e := classify(err, w)
		e.HTTP = res.StatusCode
		if e.Kind == KindMalformed && res.ProtoMajor > 1 {
			e.Kind = KindCutShort // a body in frames has no form of its own to break
		}
		return reply{}, e
	}
	out.received = c.cfg.Now()
	if len(out.body) > maxReply {
		return reply{}, &Error{Step: StepReply, Kind: KindTooLarge, HTTP: res.StatusCode}
	}
	return out, nil
}

// build writes and signs the HTTP request.
func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	s := signable{method: r.method, host: c.host.name, path: r.path()}
	target := "https://" + c.host.address + s.path
	var body io.Reader
	var contentType string
	switch {
	case r.method == http.MethodGet:
		if s.query = r.params.canonical(); s.query != "" {
			target += "?" + s.query
		}
	case c.cfg.Signing == SignJSON:
		s.body, contentType = r.params.json(), "application/json"
		body = bytes.NewReader(s.body)
	default:
		s.query, contentType = r.params.canonical(), "application/x-www-form-urlencoded"
		body = bytes.NewReader([]byte(s.query))
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	if r.once {
		// Without it net/http has no second copy of the body, so it can send
		// nothing again by itself: not on a connection that broke, nor after
		// an HTTP/2 stream that was refused or reset.
		req.GetBody = nil
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if !r.bare {
		s.date = c.now().UTC().Format(time.RFC1123Z)
		req.Header.Set("Date", s.date)
		req.Header.Set("Authorization", s.sign(c.cfg.Signing, c.cfg.IntegrationKey, c.cfg.SecretKey))
	}
	return req, nil
}
