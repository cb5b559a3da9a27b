package rest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/rest"
)

// A post is a server without an API, as one that has just been started is.
type post struct {
	*rest.Server

	t      *testing.T
	url    string
	client *http.Client
}

func newPost(t *testing.T, ready func() error) *post {
	t.Helper()
	cert, roots := testCertificate(t)
	s, err := rest.NewServer(rest.ServerConfig{TLS: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, Ready: ready})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(ln); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	return &post{s, t, "https://" + ln.Addr().String(), &http.Client{Transport: transport}}
}

// ask returns an answer whose text is without line breaks.
func (p *post) ask(method, path string) answer {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{res, strings.Join(strings.Fields(string(body)), " ")}
}

func (p *post) want(method, path string, status int, body string) answer {
	p.t.Helper()
	res := p.ask(method, path)
	if res.StatusCode != status || res.text != body {
		p.t.Errorf("%s %s: %d %s, want %d %s", method, path, res.StatusCode, res.text, status, body)
	}
	for name, values := range constantHeader {
		if res.Header.Get(name) != values[0] {
			p.t.Errorf("%s %s: %s is %q", method, path, name, res.Header.Get(name))
		}
	}
	return res
}

func TestSupervisorsAndLoadBalancersAreToldHowItIs(t *testing.T) {
	var trouble error
	var mu sync.Mutex // guards trouble
	p := newPost(t, func() error {
		mu.Lock()
		defer mu.Unlock()
		return trouble
	})
	const ok = `{ "status": "ok" }`
	set := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		trouble = err
	}
	p.want("GET", "/healthz", 200, ok)
	p.want("GET", "/readyz", 503, `{ "status": "unavailable", "reason": "The server has not loaded its records yet." }`)
	early := p.want("GET", "/api/cluster", 503, `{ "error": { "message": "The server has not loaded its records yet.", "code": "65541" } }`)
	if early.Header.Get("Retry-After") == "" {
		t.Error("nothing says when to try again")
	}

	p.Open(http.NotFoundHandler())
	p.want("GET", "/readyz", 200, ok)
	p.want("HEAD", "/readyz", 200, "")
	set(fault.New(fault.Outdated, "", "Away for too long."))
	p.want("GET", "/readyz", 503, `{ "status": "unavailable", "reason": "Away for too long." }`)
	set(errors.New("canary: the text of a cause"))
	if a := p.ask("GET", "/readyz"); strings.Contains(a.text, "canary") {
		t.Errorf("a cause is told: %s", a.text)
	}
	p.want("GET", "/healthz", 200, ok)
	set(nil)
	for _, path := range []string{"/healthz", "/readyz"} {
		res := p.want("POST", path, 405, `{ "error": { "message": "The operation is not supported.", "code": "3" } }`)
		if res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("Allow: %q", res.Header.Get("Allow"))
		}
	}
	if res := p.ask("GET", "/healthz/"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a path below it: %s", res.Status)
	}

	p.Drain()
	res := p.want("GET", "/readyz", 503, `{ "status": "unavailable", "reason": "The server is about to stop." }`)
	if !res.Close {
		t.Error("the connection stays open")
	}
	p.want("GET", "/healthz", 200, ok)
}

func TestAServerAtItsLimitIsAlive(t *testing.T) {
	s := open(t, func(cfg *rest.Config, _ *rest.ServerConfig) { cfg.MaxRequests = 1 })
	held, release := make(chan struct{}), make(chan struct{})
	s.lamps.put(t, sampleLamps()...)
	s.lamps.hooks.before = func(string, []string) error {
		close(held)
		<-release
		return nil
	}
	var asking sync.WaitGroup
	asking.Go(func() { s.do(t, "GET", deskPath, "") })
	<-held
	if a := s.do(t, "GET", "/api/security/lamps", ""); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one request too many: %s", a.Status)
	}
	if a := s.do(t, "GET", "/healthz", "", "Authorization: "); a.StatusCode != http.StatusOK {
		t.Errorf("healthz: %s", a.Status)
	}
	close(release)
	asking.Wait()
}
