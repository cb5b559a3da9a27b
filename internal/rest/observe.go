package rest

import (
	"net/http"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

// StatusGone is the status that Config.Observe is told of a request whose
// client went away before it could be met. Nobody gets to see it; the number
// is the one nginx uses.
const StatusGone = 499

// otherMethod stands for every method that nothing answers to, so that no
// client's own word gets into logs and counts.
const otherMethod = "other"

// observedMethods are the methods told apart, otherMethod the last of them.
var observedMethods = [...]string{
	http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPatch, http.MethodDelete, otherMethod,
}

// methodIndex finds a method among observedMethods.
func methodIndex(method string) int {
	last := len(observedMethods) - 1
	for i, m := range observedMethods[:last] {
		if m == method {
			return i
		}
	}
	return last
}

// observers are told of the requests of one route, by method. Each may be nil.
type observers [len(observedMethods)]func(status int, code fault.Code, took time.Duration)

func newObservers(observe func(route, method string) func(int, fault.Code, time.Duration), route string) *observers {
	o := new(observers)
	if observe == nil {
		return o
	}
	for i, method := range observedMethods {
		o[i] = observe(route, method)
	}
	return o
}

// observe tells how the request ended.
func (x *exchange) observe() {
	tell := x.told[methodIndex(x.r.Method)]
	if tell == nil {
		return
	}
	status := x.status
	if x.code != "" && x.r.Context().Err() != nil {
		status = StatusGone
	}
	tell(status, x.code, time.Since(x.began))
}
