package rest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/duoplane/duoplane/internal/metrics"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/secret"
)

// sink is a ResponseWriter that costs next to nothing.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.bytes += len(p); return len(p), nil }

// readOne returns a function that has one record read, whatever else the API
// is configured to do.
func readOne(tb testing.TB, options ...func(*rest.Config)) func() {
	tb.Helper()
	l := newLamps()
	l.put(tb, &lamp{name: "desk", key: secret.NewText("x"), fingerprint: "11111111", on: true, mode: "safe", level: 2, comment: "by the window"})
	cfg := rest.Config{Authenticate: toyAuthenticate, Resources: []rest.Mounted{lampResource(l)}}
	for _, o := range options {
		o(&cfg)
	}
	api, err := rest.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, deskPath, http.NoBody)
	r.SetBasicAuth("admin", password)
	w := &sink{header: http.Header{}}
	return func() {
		clear(w.header)
		w.bytes = 0
		api.ServeHTTP(w, r)
		if w.status != http.StatusOK || w.bytes < 400 {
			tb.Fatalf("status %d, %d bytes", w.status, w.bytes)
		}
	}
}

// BenchmarkReadOne measures what the edge adds to a request: credentials,
// routing, projection and encoding of a record of eleven fields, without
// net/http and TLS.
func BenchmarkReadOne(b *testing.B) {
	read := readOne(b)
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
}

// counted has the requests counted as a node has them counted.
func counted(cfg *rest.Config) { cfg.Observe = metrics.New(metrics.Config{}).Requests }

// BenchmarkReadOneCounted is BenchmarkReadOne with metrics.
func BenchmarkReadOneCounted(b *testing.B) {
	read := readOne(b, counted)
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
}

// BenchmarkOverTLS compares reading one record with a bare handler that
// returns the same bytes, both over a kept TLS connection.
func BenchmarkOverTLS(b *testing.B) {
	var body []byte
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/hal+json")
		_, _ = w.Write(body)
	})
	quiet := func(c *rest.Config, _ *rest.ServerConfig) { c.Logger = nil }
	for _, c := range []struct {
		name   string
		option siteOption
	}{
		{"api", quiet},
		{"bare", func(_ *rest.Config, s *rest.ServerConfig) { s.Handler = bare }},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := open(b, c.option)
			s.lamps.put(b, sampleLamps()...)
			req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://"+s.addr+deskPath, http.NoBody)
			if err != nil {
				b.Fatal(err)
			}
			req.SetBasicAuth("admin", password)
			for b.Loop() {
				resp, err := s.client.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				text, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Fatal(resp.Status, err)
				}
				body = text
			}
		})
	}
}
