// Package rest speaks ONTAP's REST conventions once, for every resource. A
// Resource says where the records of a schema are found, which service answers
// for them and which operations there are; reading, creating, changing and
// deleting them, singly and in bulk, follows from the declaration, and so does
// the OpenAPI document. The package decodes and encodes; the rules of a record
// are its schema's and its service's.
//
// The facts of the wire are those of ONTAP 9.14 and later: pretty bodies with
// "_links" unless the client asks for application/json, error objects with
// string codes and targets, lists cut with a next link, bulk calls with jobs.
package rest

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// Config is what an API is built from.
type Config struct {
	// Authenticate verifies a Basic credential. A *fault.Error tells why not:
	// Unauthenticated, TooMany, Unavailable. An API without it is refused.
	Authenticate func(ctx context.Context, given Credentials) (Principal, error)
	// ScopeTo narrows a caller to the SVM named by X-Dot-SVM-Name and
	// X-Dot-SVM-UUID: NoSuchOwner or OwnerMismatch where that fails. Nil
	// refuses the headers.
	ScopeTo func(ctx context.Context, caller svm.Caller, owner svm.Owner) (svm.Caller, error)
	// Resources are what is served, beside the jobs.
	Resources []Mounted
	// About names the product in the OpenAPI document.
	About About
	// Logger gets one record for every change and every failure of ours, and
	// with Debug for every request. Nil discards.
	Logger *slog.Logger
	// Observe is asked in New, once for each route ("/api/cluster", with keys
	// as "{name}"; "" for requests that come to none) and each method ("other"
	// for those nothing answers to), for the function that is told how every
	// request of the two ended: its HTTP status, or StatusGone, the code of the
	// error it was answered with, or "", and how long it took. Nil: nobody is
	// told.
	Observe func(route, method string) func(status int, code fault.Code, took time.Duration)
	// Now is the clock of jobs; nil means time.Now.
	Now func() time.Time
	// NewUUID makes the ids of jobs; nil means random ones.
	NewUUID func() string
	// MaxRequests is how many requests may be in progress at once; more are
	// refused with 503. 0 means 512.
	MaxRequests int64
}

// Credentials are what a client presents.
type Credentials struct {
	User     string
	Password secret.Text
	// From is the client's address, Request the id under which logs know the
	// request.
	From    netip.Addr
	Request string
}

// A Principal is who asks, once the credentials are verified.
type Principal interface {
	// Who returns the account and its scope. From, Via and Request are filled
	// in here.
	Who() svm.Caller
	// May reports whether the account's role allows a method (GET, POST,
	// PATCH or DELETE) on a path ("/api/security/accounts").
	May(method, path string) bool
	// Stands reports whether Authenticate would return the same Principal for
	// the same credential from the same address, without looking at it. It is
	// asked for the further requests of a connection.
	Stands(ctx context.Context) bool
}

// An API is the http.Handler of everything under /api and /docs/api. Its
// methods may be called concurrently.
type API struct {
	cfg      Config
	routes   *node
	stray    *observers // told of requests that come to no route
	marks    *marks
	jobs     *jobs
	docs     *docs
	log      *slog.Logger
	inFlight atomic.Int64
	prefix   string // of request ids: tells processes apart
	count    atomic.Uint64
}

// New returns the API. It starts nothing; jobs run until Close.
func New(cfg Config) (*API, error) {
	if cfg.Authenticate == nil {
		return nil, errors.New("rest: refusing to serve without authentication")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewUUID == nil {
		cfg.NewUUID = uuid.NewString
	}
	if cfg.MaxRequests == 0 {
		cfg.MaxRequests = 512
	}
	a := &API{
		cfg: cfg, routes: new(node), marks: newMarks(), log: cfg.Logger,
		prefix: strings.ToLower(rand.Text()[:8]) + "-",
	}
	a.jobs = newJobs(cfg.Now, cfg.NewUUID, cfg.Logger)
	mounts := append(slices.Clip(cfg.Resources), jobResource(a.jobs))
	for _, m := range mounts {
		for _, r := range m.routes(a) {
			if err := a.routes.add(r); err != nil {
				return nil, err
			}
			r.told = newObservers(cfg.Observe, "/api"+r.pattern)
		}
	}
	a.stray = newObservers(cfg.Observe, "")
	a.docs = newDocs(cfg.About, mounts)
	a.docs.told = newObservers(cfg.Observe, docsPath)
	return a, nil
}

// InFlight returns how many requests are in progress.
func (a *API) InFlight() int64 { return a.inFlight.Load() }

// Close stops taking jobs and waits for those that run; when ctx ends it
// cancels them and waits for them to notice.
func (a *API) Close(ctx context.Context) error { return a.jobs.close(ctx) }

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := a.begin(w, r)
	defer x.end()
	if err := x.serve(r.Context()); err != nil {
		x.fail(err)
	}
}
