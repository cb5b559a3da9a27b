package duosim

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// maxInFlight bounds the requests in progress, held polls included.
const maxInFlight = 20_000

// An endpoint is one call of the API in both dialects.
type endpoint struct {
	method string
	step   string
	open   bool // answers whoever asks, with any clock or key
	serve  func(*Sim, context.Context, *call) (any, error)
}

// endpoints lists the API: /auth/v2 and the paths of /rest/v1 without the
// suffix that chooses the form of its replies.
func endpoints() map[string]endpoint {
	const get, post = http.MethodGet, http.MethodPost
	return map[string]endpoint{
		"/auth/v2/ping":          {get, "ping", true, (*Sim).pong},
		"/auth/v2/check":         {get, "check", false, (*Sim).checked},
		"/auth/v2/logo":          {get, "logo", false, (*Sim).logo},
		"/auth/v2/enroll":        {post, "enroll", false, (*Sim).enroll},
		"/auth/v2/enroll_status": {post, "enroll_status", false, (*Sim).enrollStatus},
		"/auth/v2/preauth":       {post, "preauth", false, (*Sim).preauth},
		"/auth/v2/auth":          {post, "auth", false, (*Sim).auth},
		"/auth/v2/auth_status":   {get, "status", false, (*Sim).status},
		"/rest/v1/ping":          {get, "ping", true, (*Sim).pong},
		"/rest/v1/check":         {get, "check", false, (*Sim).checked},
		"/rest/v1/logo":          {get, "logo", false, (*Sim).logo},
		"/rest/v1/preauth":       {post, "preauth", false, (*Sim).preauth},
		"/rest/v1/auth":          {post, "auth", false, (*Sim).auth},
		"/rest/v1/status":        {get, "status", false, (*Sim).status},
	}
}

// API returns the handler of Duo's API. It belongs on a TLS listener of its
// own, see NewServer; it also serves the enrolment pages its replies link to.
func (s *Sim) API() http.Handler {
	table := endpoints()
	portal := s.portal()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // forgets that of the answer before
		if r.Body != http.NoBody {
			hasten(w, readTimeout)
		}
		if r.URL.Path == portalPath || strings.HasPrefix(r.URL.Path, portalPath+"/") {
			portal.ServeHTTP(w, r)
			return
		}
		c := &call{r: r, entry: Entry{
			Time: s.now(), Remote: r.RemoteAddr, Method: r.Method, Path: cut(r.URL.EscapedPath()), UserAgent: cut(r.UserAgent()),
			Signature: Signature{Verdict: "not checked"},
		}}
		ctx := r.Context()
		defer s.survive(ctx, w, c)
		if s.inFlight.Add(1) > maxInFlight {
			s.inFlight.Add(-1)
			s.reply(ctx, w, c, nil, errTooManyConcurrent)
			return
		}
		defer s.inFlight.Add(-1)
		path := r.URL.Path
		if c.v1 = strings.HasPrefix(path, "/rest/v1/"); c.v1 {
			if path, c.bson = strings.CutSuffix(path, ".bson"); !c.bson {
				path = strings.TrimSuffix(path, ".json")
			}
		}
		e, ok := table[path]
		if !ok || e.method != r.Method {
			s.reply(ctx, w, c, nil, errNoResource)
			return
		}
		c.step = e.step
		s.serve(ctx, w, c, e)
	})
}

// survive turns a fault of our own into the service's answer for it. The
// deliberate drop of a connection goes on to the server.
func (s *Sim) survive(ctx context.Context, w http.ResponseWriter, c *call) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	s.config.Logger.ErrorContext(ctx, "the simulator failed on a request", slog.String("path", c.entry.Path), slog.Any("panic", p))
	s.reply(ctx, w, c, nil, errInternal)
}

// serve runs one call: read, meet a fault, check the signature, answer.
func (s *Sim) serve(ctx context.Context, w http.ResponseWriter, c *call, e endpoint) {
	readErr := c.read(w)
	f := s.meet(c)
	if f != nil && s.act(ctx, w, c, f) {
		return
	}
	err := readErr
	if err == nil {
		err = s.admit(c, e)
	}
	if err != nil {
		s.reply(ctx, w, c, nil, err)
		return
	}
	response, err := e.serve(s, ctx, c)
	if errors.Is(err, errGone) {
		s.drop(c)
	}
	if f != nil {
		s.replyFaulty(ctx, w, c, f, response, err)
		return
	}
	s.reply(ctx, w, c, response, err)
}

// meet finds out whom the call is about and which fault of the service it meets.
func (s *Sim) meet(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp(s.now())
	c.username = s.nameOf(c)
	c.note()
	return s.takeFault(false, c)
}

// admit checks signature and form. An open endpoint's signature is looked at
// for the journal alone.
func (s *Sim) admit(c *call, e endpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.authorise(c); err != nil && !e.open {
		return err
	}
	return c.checkParams()
}

// nameOf is the user a request is about. The caller holds the mutex.
func (s *Sim) nameOf(c *call) string {
	if c.step == "status" {
		if tx := s.transactions[c.params.get("txid")]; tx != nil {
			return tx.user.name
		}
		return ""
	}
	if c.v1 {
		return c.params.get("user")
	}
	id := c.params.get("user_id")
	if u := s.userIDs[id]; u != nil {
		return u.name
	}
	return c.params.get("username")
}

// pong answers ping.
func (s *Sim) pong(_ context.Context, c *call) (any, error) {
	if c.v1 {
		return "pong", nil
	}
	return s.timeDocument(), nil
}

// checked answers check: the signature was good.
func (s *Sim) checked(_ context.Context, c *call) (any, error) {
	if c.v1 {
		return "valid", nil
	}
	return s.timeDocument(), nil
}

func (s *Sim) timeDocument() document {
	s.mu.Lock()
	defer s.mu.Unlock()
	return document{{"time", int(s.clock().Unix())}}
}

const (
	// readTimeout is how long a client may take to send a body.
	readTimeout = 20 * time.Second
	// writeTimeout is how long it may take to read an answer.
	writeTimeout = 10 * time.Second
)

// hasten bounds the time for the rest of a request. Once all of it was read, 0
// lifts the bound, since its end would look like the client's to a held poll;
// never before, since the server itself reads what a handler leaves.
func hasten(w http.ResponseWriter, d time.Duration) {
	deadline := time.Time{}
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	_ = http.NewResponseController(w).SetReadDeadline(deadline) // a test's recorder has none
}

// NewServer returns an HTTP server for one of a Sim's handlers with limits on
// everything a client can draw out. Like Duo's service it speaks HTTP/1.1
// alone. It has no limits on the whole of a request or an answer, which would
// cut off held polls; the handlers set their own.
func NewServer(h http.Handler, logger *slog.Logger) *http.Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Server{
		Handler:           h,
		Protocols:         &http1,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
