package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A handler answers one request or says why it cannot.
type handler func(*exchange) error

// A route is one path of the API with its methods.
type route struct {
	// path is the resource's path under /api, by which privileges are judged;
	// pattern adds the names of the keys: "/security/accounts/{owner.uuid}/{name}".
	path, pattern            string
	get, post, patch, delete handler
	// postAs is the method by whose privilege POST is judged, "" for its own.
	postAs string
	allow  string
	hold   time.Duration // how long a handler may wait for something to happen
	// outdated is told of a POST by whom nobody can tell; nil where nobody asks.
	outdated func(x *exchange) error

	told *observers // of its requests
}

// handler returns what answers a method, nil when nothing does, and the method
// by whose privilege it is judged.
func (r *route) handler(method string) (h handler, privilege string) {
	switch method {
	case http.MethodGet:
		return r.get, http.MethodGet
	case http.MethodHead:
		return r.get, http.MethodGet
	case http.MethodOptions:
		return (*exchange).options, http.MethodGet
	case http.MethodPost:
		return r.post, cmp.Or(r.postAs, method)
	case http.MethodPatch:
		return r.patch, method
	case http.MethodDelete:
		return r.delete, method
	}
	return nil, http.MethodGet
}

// methods renders the Allow header, in ONTAP's order.
func (r *route) methods() string {
	var all []string
	for _, m := range []struct {
		name string
		h    handler
	}{
		{"GET, HEAD", r.get},
		{"OPTIONS", (*exchange).options},
		{"POST", r.post},
		{"DELETE", r.delete},
		{"PATCH", r.patch},
	} {
		if m.h != nil {
			all = append(all, m.name)
		}
	}
	return strings.Join(all, ", ")
}

// A node is one segment in the tree of routes.
type node struct {
	literal map[string]*node
	key     *node // what follows a segment that is a key
	route   *route
}

func (n *node) add(r *route) error {
	for segment := range strings.SplitSeq(strings.TrimPrefix(r.pattern, "/"), "/") {
		n = n.child(segment)
	}
	if n.route != nil {
		return fmt.Errorf("rest: two resources at %s", r.pattern)
	}
	r.allow = r.methods()
	n.route = r
	return nil
}

func (n *node) child(segment string) *node {
	if strings.HasPrefix(segment, "{") {
		if n.key == nil {
			n.key = new(node)
		}
		return n.key
	}
	if n.literal == nil {
		n.literal = make(map[string]*node)
	}
	next := n.literal[segment]
	if next == nil {
		next = new(node)
		n.literal[segment] = next
	}
	return next
}

// find returns the route of a path given by its segments below /api, and the
// segments that are keys, which it moves to the front of the given slice.
func (n *node) find(segments []string) (*route, []string) {
	keys := segments[:0]
	for _, segment := range segments {
		if next := n.literal[segment]; next != nil {
			n = next
			continue
		}
		if n.key == nil {
			return nil, nil
		}
		keys = append(keys, segment)
		n = n.key
	}
	return n.route, keys
}
