package load_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duoplane/duoplane/bench/load"
)

// serve returns the endpoint of a TLS server with the handler.
func serve(t *testing.T, h http.HandlerFunc) load.Endpoint {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	e, err := load.NewEndpoint(s.URL, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	return e.Basic("admin", "secret")
}

func TestEveryCallOfALoadReachesTheServerAndIsTimed(t *testing.T) {
	var calls atomic.Int64
	handler := func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "admin" || password != "secret" || r.URL.Path != "/api/x" {
			http.Error(w, "not what was asked for", http.StatusTeapot)
			return
		}
		calls.Add(1)
		_, _ = w.Write([]byte(strings.Repeat("x", 700)))
	}
	one, two := serve(t, handler), serve(t, handler)
	const span = 100 * time.Millisecond
	got, err := load.Over(t.Context(), span, 4, func(conn, _ int) []byte {
		return []load.Endpoint{one, two}[conn%2].Request("GET", "/api/x", "")
	}, one, two)
	if err != nil {
		t.Fatal(err)
	}
	if n := float64(calls.Load()); n < 4 || got.Rate > n/span.Seconds() || got.P50 <= 0 || got.P99 < got.P50 {
		t.Errorf("%v after %v calls in %v", got, n, span)
	}
}

func TestAnAnswerThatIsNotOKEndsTheMeasurementWithItsText(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "locked out", http.StatusTooManyRequests) })
	_, err := load.Over(t.Context(), time.Second, 1, func(int, int) []byte { return e.Request("GET", "/api/x", "") }, e)
	if err == nil || !strings.Contains(err.Error(), "429 Too Many Requests: locked out") {
		t.Errorf("%v, want the status and the body", err)
	}
}

func TestAReadHasTheBodyAndThePageAfterIt(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			w.Header().Set("Link", `</api/x?start=2>; rel="next"`)
		}
		_, _ = fmt.Fprintf(w, "%s of %s", r.Method, r.URL)
	})
	c, err := e.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var got []string
	for path := "/api/x"; path != ""; {
		body, next, err := c.Read(e.Request("GET", path, ""))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(body))
		path = next
	}
	if want := "GET of /api/x|GET of /api/x?start=2"; strings.Join(got, "|") != want {
		t.Errorf("read %q, want %q", got, want)
	}
}

func TestASeriesTimesEachCallByItself(t *testing.T) {
	n := 0
	got, err := load.Series(t.Context(), 100, func(i int) error {
		if i != n {
			return fmt.Errorf("call %d as number %d", i, n)
		}
		n++
		return nil
	})
	if err != nil || n != 100 || got.P50 > got.P99 || got.Rate <= 0 {
		t.Errorf("%+v after %d calls, %v", got, n, err)
	}
}
