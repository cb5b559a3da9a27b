package metrics_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/metrics"
)

// serve returns the base URL of a running metrics listener.
func serve(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := m.NewServer(slog.New(slog.NewTextHandler(t.Output(), nil)))
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := s.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	return "http://" + ln.Addr().String()
}

func ask(t *testing.T, method, url string) (status int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

// scrape returns the samples of a scrape by their name and labels, as written.
func scrape(t *testing.T, m *metrics.Metrics) map[string]string {
	t.Helper()
	_, _, text := ask(t, http.MethodGet, serve(t, m)+metrics.Path)
	samples := map[string]string{}
	for line := range strings.Lines(text) {
		if i := strings.LastIndexByte(line, ' '); i > 0 && line[0] != '#' {
			samples[line[:i]] = strings.TrimSpace(line[i:])
		}
	}
	return samples
}

func wantSamples(t *testing.T, m *metrics.Metrics, want map[string]string) {
	t.Helper()
	got := scrape(t, m)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
}

func TestTheListenerAnswersScrapesAndNothingElse(t *testing.T) {
	url := serve(t, metrics.New(metrics.Config{Version: "1.2.3", Commit: "abc"}))
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/metrics", 200},
		{"HEAD", "/metrics", 200},
		{"POST", "/metrics", 405},
		{"OPTIONS", "/metrics", 405},
		{"CANARY", "/metrics", 405},
		{"GET", "/", 404},
		{"GET", "/metrics/", 404},
		{"GET", "/debug/pprof/", 404},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			if status, _, body := ask(t, tt.method, url+tt.path); status != tt.status {
				t.Errorf("got %d, want %d: %s", status, tt.status, body)
			}
		})
	}
	_, header, body := ask(t, "GET", url+"/metrics")
	if want := `duoplane_build_info{commit="abc",goversion="go1.`; !strings.Contains(body, want) {
		t.Errorf("%s is not in\n%s", want, body)
	}
	for _, want := range []string{"\ngo_goroutines ", "\nprocess_resident_memory_bytes ", "\nprocess_open_fds "} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in\n%s", want, body)
		}
	}
	if got := header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options: got %q", got)
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "duoplane_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestTheListenerHoldsNoMoreConnectionsThanItsLimit(t *testing.T) {
	url := serve(t, metrics.New(metrics.Config{}))
	addr := strings.TrimPrefix(url, "http://")
	var held []net.Conn
	for range 40 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // nothing is lost
		held = append(held, c)
	}
	// The last is not answered while the others are held, and is once they go.
	late := held[len(held)-1]
	if _, err := io.WriteString(late, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := late.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := late.Read(make([]byte, 16)); err == nil {
		t.Fatalf("the fortieth connection was answered with %d bytes while 39 were open", n)
	}
	for _, c := range held[:len(held)-1] {
		_ = c.Close()
	}
	if err := late.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(late, make([]byte, 16)); err != nil {
		t.Errorf("the waiting connection was not answered: %v", err)
	}
}

func TestEveryFamilyIsWellDeclared(t *testing.T) {
	names := map[string]bool{}
	for _, f := range metrics.Families() {
		switch {
		case names[f.Name]:
			t.Errorf("%s is declared twice", f.Name)
		case !strings.HasPrefix(f.Name, "duoplane_"):
			t.Errorf("%s has another prefix than duoplane_", f.Name)
		case (f.Kind == metrics.Counter) != strings.HasSuffix(f.Name, "_total"):
			t.Errorf("%s is a %s", f.Name, f.Kind)
		case len(f.Help) < 20 || !strings.HasSuffix(f.Help, "."):
			t.Errorf("%s has no help text to speak of: %q", f.Name, f.Help)
		}
		names[f.Name] = true
		for _, l := range f.Labels {
			if (l.From == "") == (len(l.Values) == 0) {
				t.Errorf("%s: label %s declares neither its values nor where they come from, or both", f.Name, l.Name)
			}
		}
	}
}

func TestRequestsAreCountedByRouteMethodStatusAndCode(t *testing.T) {
	m := metrics.New(metrics.Config{})
	m.InFlight(func() int64 { return 3 })
	m.Connections(func() metrics.Connections { return metrics.Connections{Busy: 4, Resting: 5, CrowdedOut: 6} })
	get, stray := m.Requests("/api/cluster", "GET"), m.Requests("", "other")
	m.Requests("/api/never/asked", "GET")
	get(200, "", 3*time.Millisecond)
	get(200, "", 40*time.Millisecond)
	get(503, fault.Busy, time.Second)
	stray(418, "a canary", 0)
	wantSamples(t, m, map[string]string{
		`duoplane_rest_connections{state="busy"}`:                                                        "4",
		`duoplane_rest_connections{state="resting"}`:                                                     "5",
		`duoplane_rest_connections_crowded_out_total`:                                                    "6",
		`duoplane_rest_requests_in_flight`:                                                               "3",
		`duoplane_rest_requests_total{code="ok",method="GET",route="/api/cluster",status="200"}`:         "2",
		`duoplane_rest_requests_total{code="busy",method="GET",route="/api/cluster",status="503"}`:       "1",
		`duoplane_rest_requests_total{code="other",method="other",route="none",status="other"}`:          "1",
		`duoplane_rest_request_duration_seconds_bucket{method="GET",route="/api/cluster",le="0.005"}`:    "1",
		`duoplane_rest_request_duration_seconds_bucket{method="GET",route="/api/cluster",le="+Inf"}`:     "3",
		`duoplane_rest_request_duration_seconds_count{method="GET",route="/api/cluster"}`:                "3",
		`duoplane_rest_request_duration_seconds_count{method="GET",route="/api/never/asked"}`:            "",
		`duoplane_rest_requests_total{code="ok",method="GET",route="/api/never/asked",status="200"}`:     "",
		`duoplane_rest_request_duration_seconds_bucket{method="GET",route="/api/never/asked",le="+Inf"}`: "",
	})
}

func TestRequestsAreCountedOnceWhenManyEndAtOnce(t *testing.T) {
	m := metrics.New(metrics.Config{})
	get := m.Requests("/api/cluster", "GET")
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() { get(200+i%3, "", time.Millisecond) })
	}
	all.Wait()
	wantSamples(t, m, map[string]string{
		`duoplane_rest_requests_total{code="ok",method="GET",route="/api/cluster",status="200"}`: "34",
		`duoplane_rest_requests_total{code="ok",method="GET",route="/api/cluster",status="201"}`: "33",
		`duoplane_rest_requests_total{code="ok",method="GET",route="/api/cluster",status="202"}`: "33",
		`duoplane_rest_request_duration_seconds_count{method="GET",route="/api/cluster"}`:        "100",
	})
}

func TestCountingARequestAllocatesNothing(t *testing.T) {
	get := metrics.New(metrics.Config{}).Requests("/api/cluster", "GET")
	if n := testing.AllocsPerRun(100, func() { get(200, "", time.Millisecond) }); n > 0 {
		t.Errorf("%.0f allocations a request", n)
	}
}

func BenchmarkRequest(b *testing.B) {
	get := metrics.New(metrics.Config{}).Requests("/api/cluster", "GET")
	b.ReportAllocs()
	for b.Loop() {
		get(200, "", 300*time.Microsecond)
	}
}
