package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	maxBody  = 1 << 20  // bytes of a request's body
	maxQuery = 64 << 10 // bytes of a query string

	// grace is what a change has beside its return_timeout, and a response
	// beside the request's time.
	grace = 15 * time.Second
	// keepBuffer is the largest response buffer kept for the next request.
	keepBuffer = 64 << 10
)

// An exchange is one request on its way through the API. It is reused, so
// nothing may keep it, or its buffers, beyond the request.
type exchange struct {
	api    *API
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context // r's, with the request's time limit once that is known
	began  time.Time
	id     string
	route  *route
	told   *observers // of how it ends
	keys   []string   // the keys in the path, decoded
	params []record.Param
	opts   options
	caller svm.Caller
	hal    bool
	status int        // 0 until the response has begun
	code   fault.Code // of the error it is answered with
	err    error      // what went wrong on our side, for the log
	stack  []byte     // where it did, for a panic

	segments [maxSegments]string
	buf      []byte
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func (a *API) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := exchanges.Get().(*exchange)
	x.api, x.w, x.r, x.ctx, x.began = a, w, r, r.Context(), time.Now()
	id := append(make([]byte, 0, len(a.prefix)+8), a.prefix...)
	x.id = string(strconv.AppendUint(id, a.count.Add(1), 36))
	x.told = a.stray
	x.opts.pretty = true
	x.hal = wantsHAL(r.Header["Accept"])
	a.inFlight.Add(1)
	return x
}

// serve finds out what is asked for and by whom, and has it answered.
func (x *exchange) serve(ctx context.Context) error {
	if x.api.inFlight.Load() > x.api.cfg.MaxRequests {
		return fault.New(fault.Busy, "", "The server is at its limit of requests in progress.")
	}
	segments, err := splitPath(x.r.URL, x.segments[:0])
	if err != nil {
		return err
	}
	if len(segments) >= 2 && segments[0] == "docs" && segments[1] == "api" {
		x.told = x.api.docs.told
		return x.api.docs.serve(x, segments[2:])
	}
	if len(segments) == 0 || segments[0] != "api" {
		return noSuchAPI()
	}
	segments = segments[1:]
	if len(segments) > 0 && segments[0] == "v1" {
		segments = segments[1:]
	}
	principal, err := x.authenticate()
	if err != nil {
		return x.unknown(segments, err)
	}
	if x.route, x.keys = x.api.routes.find(segments); x.route == nil {
		return noSuchAPI()
	}
	x.told = x.route.told
	handle, privilege := x.route.handler(x.r.Method)
	if !principal.May(privilege, "/api"+x.route.path) {
		return fault.New(fault.Denied, "", msgDenied)
	}
	if handle == nil {
		x.w.Header()["Allow"] = []string{x.route.allow}
		return fault.New(fault.BadMethod, "", msgBadMethod)
	}
	return x.handle(ctx, handle)
}

// unknown returns why nobody can tell who asks, and tells an action that wants
// to know. What it does not understand of the request changes nothing.
func (x *exchange) unknown(segments []string, err error) error {
	if !fault.Is(err, fault.Outdated) || x.r.Method != http.MethodPost {
		return err
	}
	if r, _ := x.api.routes.find(segments); r != nil && r.outdated != nil {
		_ = r.outdated(x)
	}
	return err
}

// handle reads the query string, sets the time limit and runs the handler.
func (x *exchange) handle(ctx context.Context, h handler) error {
	if err := x.narrow(); err != nil {
		return err
	}
	if err := x.parseQuery(); err != nil {
		return err
	}
	most := x.opts.timeout
	switch {
	case x.route.hold > 0:
		most = x.route.hold + grace
	case x.r.Method != http.MethodGet && x.r.Method != http.MethodHead:
		most += grace
	}
	limit := newLimit(ctx, time.Now().Add(most))
	defer limit.end()
	if most > writeTimeout-grace {
		deadline := limit.at.Add(grace)
		if err := http.NewResponseController(x.w).SetWriteDeadline(deadline); err != nil {
			x.api.log.DebugContext(ctx, "write deadline not extended", slog.Any("error", err))
		}
	}
	x.ctx = limit
	return h(x)
}

// options answers OPTIONS: an Allow header and an empty object, without which
// NetApp's Ansible collection does not look at the header.
func (x *exchange) options() error {
	x.w.Header()["Allow"] = []string{x.route.allow}
	x.replyEmpty(http.StatusOK)
	return nil
}

// body reads the request's body, which must be JSON whatever its Content-Type
// says: curl sends JSON as a form. Generated clients send "records" as null
// where they mean none.
func (x *exchange) body() (record.Body, error) {
	b, err := x.readBody()
	if err != nil {
		return record.Body{}, err
	}
	o, err := record.ParseObject(b)
	if err == nil && o.IsNull("records") {
		o = o.Without("records")
	}
	return o, err
}

func (x *exchange) readBody() ([]byte, error) {
	if x.r.ContentLength > maxBody {
		x.abandonBody()
		return nil, tooLarge("body", maxBody)
	}
	b := make([]byte, 0, max(512, x.r.ContentLength+1))
	body := http.MaxBytesReader(x.w, x.r.Body, maxBody)
	for {
		n, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, bodyError(err)
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

// abandonBody has the connection closed after the answer. A client that waits
// to be told to go on need not send the body at all; one that sends it anyway
// must find the answer before its connection breaks, and net/http waits for
// that only after it saw the limit exceeded.
func (x *exchange) abandonBody() {
	if x.r.Header["Expect"] != nil {
		x.w.Header()["Connection"] = []string{"close"}
		return
	}
	// The answer is an error whatever comes of this read.
	_, _ = http.MaxBytesReader(x.w, x.r.Body, 0).Read(make([]byte, 1))
}

// noBody refuses a request that has a body where none is taken. An empty
// object does no harm, and NetApp's Python library sends one with DELETE.
func (x *exchange) noBody() error {
	if x.r.ContentLength == 0 {
		return nil
	}
	b, err := x.readBody()
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(b))) == 0 {
		return nil
	}
	if o, err := record.ParseObject(b); err != nil || o.Len() > 0 || x.r.Method != http.MethodDelete {
		return fault.New(fault.BodyUnwanted, "", "%s of this URL takes no body.", x.r.Method)
	}
	return nil
}

// end writes the log and gives the exchange back. It also is where a panic
// ends: one request fails, with the stack in the log.
func (x *exchange) end() {
	x.api.inFlight.Add(-1)
	if p := recover(); p != nil {
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		begun := x.status != 0
		x.err, x.stack = fmt.Errorf("panic: %v", p), debug.Stack()
		if begun {
			x.observe()
			x.logRequest()
			panic(http.ErrAbortHandler) // the client must not take half a response for a whole one
		}
		x.fail(x.err)
	}
	x.observe()
	x.logRequest()
	if cap(x.buf) > keepBuffer {
		x.buf = nil
	}
	clear(x.params)
	*x = exchange{buf: x.buf[:0], params: x.params[:0]} // begin relies on it
	exchanges.Put(x)
}
