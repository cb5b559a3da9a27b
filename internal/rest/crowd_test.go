package rest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/rest"
)

func withConnections(n int) siteOption {
	return func(_ *rest.Config, c *rest.ServerConfig) { c.Connections = n }
}

// connect opens a connection and sees its handshake through.
func (s *site) connect(t *testing.T) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends one request on a connection and reads the answer.
func ask(t *testing.T, c *tls.Conn) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://x/api/cluster", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if err := req.Write(c); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return err
}

func TestConnectionsAreCounted(t *testing.T) {
	s := open(t, withConnections(2), withGreetings(func(ctx context.Context) { <-ctx.Done() }))
	first, second := s.connect(t), s.connect(t)
	if err := ask(t, first); err != nil {
		t.Fatal(err)
	}
	// The third makes the second go, and waits.
	third := s.connect(t)
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("the second read something")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://x/api/toys/wait", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", password)
	if err := req.Write(third); err != nil {
		t.Fatal(err)
	}
	want := rest.Connections{Busy: 1, Resting: 1, CrowdedOut: 1}
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(time.Millisecond); s.server.Connections() != want; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("got %+v, want %+v", s.server.Connections(), want)
		}
	}
}

func TestTheConnectionThatRestedLongestMakesRoom(t *testing.T) {
	s := open(t, withConnections(3))
	first, second, third := s.connect(t), s.connect(t), s.connect(t)
	if err := ask(t, first); err != nil { // now the second has rested longest
		t.Fatal(err)
	}
	if err := ask(t, s.connect(t)); err != nil {
		t.Errorf("a newcomer was not answered: %v", err)
	}
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("the second is still open")
	}
	for name, c := range map[string]*tls.Conn{"first": first, "third": third} {
		if err := ask(t, c); err != nil {
			t.Errorf("the %s was closed: %v", name, err)
		}
	}
}

func TestAHundredStrangersKeepNobodyOut(t *testing.T) {
	s := open(t, withConnections(10))
	for range 100 {
		s.connect(t)
	}
	if err := ask(t, s.connect(t)); err != nil {
		t.Errorf("a client was not answered: %v", err)
	}
}
