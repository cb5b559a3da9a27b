package rest

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/duoplane/duoplane/internal/fault"
)

// The paths that supervisors and load balancers ask, without credentials: does
// the process live, and should requests be sent to it.
const (
	pathHealth = "/healthz"
	pathReady  = "/readyz"
)

// probed answers the questions of supervisors and load balancers. It takes no
// part in the limit of requests in progress: a server that is busy is alive.
func (s *Server) probed(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != pathHealth && r.URL.Path != pathReady {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header()["Allow"] = []string{"GET, HEAD"}
		s.refuse(w, fault.New(fault.BadMethod, "", msgBadMethod))
		return true
	}
	status, word, reason := http.StatusOK, "ok", ""
	if r.URL.Path == pathReady {
		if reason = s.unready(); reason != "" {
			status, word = http.StatusServiceUnavailable, "unavailable"
		}
	}
	e := encoder{pretty: true}
	e.open('{')
	e.name("status")
	e.text(word)
	if reason != "" {
		e.name("reason")
		e.text(reason)
	}
	e.close('}')
	sendPlain(w, status, &e)
	return true
}

// unready is why requests should go elsewhere, "" when they need not.
func (s *Server) unready() string {
	switch {
	case s.draining.Load():
		return "The server is about to stop."
	case s.handler.Load() == nil:
		return msgEarly
	case s.ready == nil:
		return ""
	}
	err := s.ready()
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Msg
	}
	return msgInternal
}

const msgEarly = "The server has not loaded its records yet."

// early refuses a request that comes before Open.
func (s *Server) early(w http.ResponseWriter) {
	s.refuse(w, fault.New(fault.Unavailable, "", msgEarly))
}

// refuse answers where there is no exchange yet.
func (*Server) refuse(w http.ResponseWriter, err error) {
	r := refuse(err)
	if after := r.retryAfter(); after != "" {
		w.Header()["Retry-After"] = []string{after}
	}
	e := encoder{pretty: true}
	e.open('{')
	e.refusal(r)
	e.close('}')
	sendPlain(w, r.status, &e)
}

// sendPlain sends what an encoder holds; net/http keeps it from HEAD.
func sendPlain(w http.ResponseWriter, status int, e *encoder) {
	h := w.Header()
	h["Content-Type"] = contentJSON
	h["Server"] = serverName
	h["X-Content-Type-Options"] = noSniff
	h["Cache-Control"] = noStore
	h["Content-Security-Policy"] = selfOnly
	h["Content-Length"] = []string{strconv.Itoa(len(e.buf))}
	w.WriteHeader(status)
	_, _ = w.Write(e.buf) // nothing can be done for a client that does not take the answer
}
