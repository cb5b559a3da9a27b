package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serve returns the endpoint of a TLS server with the handler.
func serve(t *testing.T, h http.HandlerFunc) endpoint {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	e, err := newEndpoint(s.URL, "/api/x", &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	e.user, e.password = "admin", "secret"
	return e
}

func TestEveryCallOfAFloodReachesTheServerAndIsTimed(t *testing.T) {
	var calls atomic.Int64
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "admin" || password != "secret" || r.URL.Path != "/api/x" {
			http.Error(w, "not what was asked for", http.StatusTeapot)
			return
		}
		calls.Add(1)
		_, _ = w.Write([]byte(strings.Repeat("x", 700)))
	})
	const span = 100 * time.Millisecond
	got, err := e.flood(t.Context(), 3, span)
	if err != nil {
		t.Fatal(err)
	}
	if n := float64(calls.Load()); n < 3 || got.rate > n/span.Seconds() || got.p50 <= 0 || got.p99 < got.p50 {
		t.Errorf("%v after %v calls in %v", got, n, span)
	}
}

func TestAnAnswerThatIsNotOKEndsTheMeasurementWithItsText(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "locked out", http.StatusTooManyRequests) })
	if _, err := e.flood(t.Context(), 1, time.Second); err == nil || !strings.Contains(err.Error(), "429 Too Many Requests: locked out") {
		t.Errorf("flood: %v, want the status and the body", err)
	}
}

func TestFiguresAreMedians(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	var took []time.Duration
	for n := 100; n >= 1; n-- {
		took = append(took, ms(n))
	}
	want := sampled{rate: 50, p50: ms(51), p99: ms(100)}
	if diff := cmp.Diff(want, summarise(took, 2*time.Second), cmp.AllowUnexported(sampled{})); diff != "" {
		t.Errorf("summarise (-want +got):\n%s", diff)
	}
	r := results{
		patch: []sampled{{p50: ms(4)}, {p50: ms(40)}, {p50: ms(6)}},
		read:  []sampled{{p50: ms(1)}, {p50: ms(1)}, {p50: ms(1)}},
		put:   []sampled{{p50: ms(2)}, {p50: ms(2)}, {p50: ms(2)}},
	}
	if got := r.writeRatio(); got != 2.5 {
		t.Errorf("writeRatio is %v, want that of the middle round, 2.5", got)
	}
}
