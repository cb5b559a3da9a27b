package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/rest"
)

// observed is what an API tells of its requests, in the order they end.
type observed struct {
	ends chan string
	took chan time.Duration
}

// observing lets a site tell what becomes of its requests.
func observing() (*observed, siteOption) {
	o := &observed{make(chan string, 100), make(chan time.Duration, 100)}
	return o, func(cfg *rest.Config, _ *rest.ServerConfig) {
		cfg.Observe = func(route, method string) func(int, fault.Code, time.Duration) {
			return func(status int, code fault.Code, took time.Duration) {
				o.ends <- strings.TrimSpace(fmt.Sprintf("%s %s %d %s", method, route, status, code))
				o.took <- took
			}
		}
	}
}

// want waits for the end of one request. The client has its answer before.
func (o *observed) want(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-o.ends:
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("nobody was told of %q", want)
	}
	if took := <-o.took; took <= 0 {
		t.Errorf("%q took %s", want, took)
	}
}

func TestTheObserverIsToldHowEveryRequestEnded(t *testing.T) {
	o, option := observing()
	s := open(t, option)
	s.lamps.put(t, sampleLamps()...)
	const lamps = "/api/security/lamps"
	pattern := lamps + "/{owner.uuid}/{name}"
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		want                     string
	}{
		{"a record read", "GET", deskPath, "", nil, "GET " + pattern + " 200"},
		{"its head", "HEAD", deskPath, "", nil, "HEAD " + pattern + " 200"},
		{"what may be done with it", "OPTIONS", deskPath, "", nil, "OPTIONS " + pattern + " 200"},
		{"a record that is not there", "GET", deskPath + "canary", "", nil, "GET " + pattern + " 404 not_found"},
		{"a field that is not there", "GET", lamps + "?canary=1", "", nil, "GET " + lamps + " 400 unknown_field"},
		{"a body that is none", "POST", lamps, "canary", nil, "POST " + lamps + " 400 bad_json"},
		{"a method a route has not", "POST", "/api/cluster", "", nil, "POST /api/cluster 405 bad_method"},
		{"a method nobody has", "CANARY", deskPath, "", nil, "other " + pattern + " 405 bad_method"},
		{"a path nobody has", "GET", "/api/canary", "", nil, "GET  404 no_such_api"},
		{"a path beside the API", "GET", "/canary", "", nil, "GET  404 no_such_api"},
		{"no credentials, before the route is looked for", "GET", deskPath, "", []string{"Authorization: "}, "GET  401 unauthenticated"},
		{"the documents", "GET", "/docs/api/swagger.yaml", "", nil, "GET /docs/api 200"},
		{"a document that is not there", "GET", "/docs/api/canary", "", nil, "GET /docs/api 404 no_such_api"},
		{"a change of many that nobody asked for", "PATCH", lamps, `{"comment":"x"}`, nil, "PATCH " + lamps + " 400 no_filter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.do(t, tt.method, tt.path, tt.body, tt.header...)
			o.want(t, tt.want)
		})
	}
}

func TestTheObserverIsAskedOnceForEveryRouteAndMethod(t *testing.T) {
	asked := map[string]int{}
	open(t, func(cfg *rest.Config, _ *rest.ServerConfig) {
		cfg.Observe = func(route, method string) func(int, fault.Code, time.Duration) {
			asked[method+" "+route]++
			return nil // who has nothing to be told need not be
		}
	})
	var twice []string
	for what, times := range asked {
		if times > 1 {
			twice = append(twice, what)
		}
	}
	if len(twice) > 0 {
		t.Errorf("asked more than once: %v", slices.Sorted(slices.Values(twice)))
	}
	for _, want := range []string{"GET /api/security/lamps", "PATCH /api/cluster", "other ", "GET ", "GET /docs/api", "GET /api/cluster/jobs/{uuid}"} {
		if asked[want] == 0 {
			t.Errorf("nobody was asked for %q", want)
		}
	}
}

func TestTheObserverIsToldOfFaultsOfOurs(t *testing.T) {
	o, option := observing()
	s := open(t, option)
	s.lamps.put(t, sampleLamps()...)
	s.lamps.hooks.before = func(string, []string) error { panic("canary") }
	s.do(t, http.MethodGet, deskPath, "")
	o.want(t, "GET /api/security/lamps/{owner.uuid}/{name} 500 internal")
}

func TestAClientThatGoesAwayIsNoFaultOfOurs(t *testing.T) {
	o, option := observing()
	entered := make(chan struct{})
	s := open(t, option, withGreetings(func(ctx context.Context) {
		close(entered)
		<-ctx.Done()
	}))
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.addr+"/api/toys/wait", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", password)
	go func() {
		<-entered
		leave()
	}()
	if res, err := s.client.Do(req); err == nil {
		_ = res.Body.Close()
		t.Fatal("the request was answered")
	}
	o.want(t, "GET /api/toys/wait 499 internal")
}
