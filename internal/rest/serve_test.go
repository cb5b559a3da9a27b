package rest_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/rest"
)

// A site is an API on a real TLS socket with a client that trusts it.
type site struct {
	api    *rest.API
	server *rest.Server
	lamps  *lamps
	addr   string
	roots  *x509.CertPool
	client *http.Client
	log    *logBuffer
}

type siteOption func(*rest.Config, *rest.ServerConfig)

func withWriteTimeout(d time.Duration) siteOption {
	return func(_ *rest.Config, c *rest.ServerConfig) { c.WriteTimeout = d }
}

func open(tb testing.TB, options ...siteOption) *site {
	tb.Helper()
	s := &site{lamps: newLamps(), log: new(logBuffer)}
	logger := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ids := 0
	cfg := rest.Config{
		Authenticate: toyAuthenticate,
		ScopeTo:      toyScopeTo,
		Logger:       logger,
		About:        rest.About{Title: "Duoplane", Version: "0.0.0-test", URL: "https://duoplane.invalid"},
		Resources:    []rest.Mounted{lampResource(s.lamps), clusterResource()},
		Now:          func() time.Time { return time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC) },
		NewUUID: func() string {
			ids++
			return fmt.Sprintf("5d0cf2ae-3b70-11f0-9d44-%012d", ids)
		},
	}
	cert, roots := testCertificate(tb)
	serverCfg := rest.ServerConfig{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}, Logger: logger}
	for _, o := range options {
		o(&cfg, &serverCfg)
	}
	var err error
	if s.api, err = rest.New(cfg); err != nil {
		tb.Fatal(err)
	}
	serverCfg.Handler = cmp.Or(serverCfg.Handler, http.Handler(s.api))
	server, err := rest.NewServer(serverCfg)
	if err != nil {
		tb.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(ln); err != nil {
			tb.Error(err)
		}
	})
	s.server, s.addr, s.roots = server, ln.Addr().String(), roots
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			tb.Error("shutdown:", err)
		}
		if err := s.api.Close(ctx); err != nil {
			tb.Error("close:", err)
		}
		wg.Wait()
	})
	return s
}

// testCertificate borrows httptest's certificate for 127.0.0.1.
func testCertificate(tb testing.TB) (tls.Certificate, *x509.CertPool) {
	tb.Helper()
	ts := httptest.NewTLSServer(http.NotFoundHandler())
	defer ts.Close()
	roots := x509.NewCertPool()
	roots.AddCert(ts.Certificate())
	return ts.TLS.Certificates[0], roots
}

// An answer is a response read to its end.
type answer struct {
	*http.Response

	text string
}

// do sends one request as the admin unless a header says otherwise. Headers
// are "Name: value".
func (s *site) do(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", password)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Del(name)
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(text)}
}

// logBuffer collects a log that several goroutines write.
type logBuffer struct {
	mu sync.Mutex // guards b
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
