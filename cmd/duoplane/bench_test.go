package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/duoplane/duoplane/internal/rest"
)

const profilesPath = "/api/security/authentication/duo/profiles"

// A bench is a whole node that is called without net/http and TLS, so that
// what is measured is ours.
type bench struct {
	b    *testing.B
	api  *rest.API
	conn net.Conn // where every request seems to come from
	path string   // of the cluster's profile
}

func newBench(b *testing.B) *bench {
	b.Helper()
	n, cluster, sim := openTestNode(b)
	api, err := n.api()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := api.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	conn, other := net.Pipe()
	b.Cleanup(func() { _, _ = conn.Close(), other.Close() })
	s := &bench{b: b, api: api, conn: conn, path: profilesPath + "/" + cluster.UUID}
	s.must(http.StatusCreated, s.request(http.MethodPost, profilesPath, fmt.Sprintf(
		`{"api_host":%q,"integration_key":%q,"secret_key":%q,"comment":"bench"}`, sim.Host, sim.IKey, sim.SKey.Reveal())))
	return s
}

func (s *bench) request(method, path, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.SetBasicAuth("admin", nodePassword)
	r.Header.Set("Accept", "application/json")
	return r.WithContext(rest.ConnContext(r.Context(), s.conn))
}

func (s *bench) must(status int, r *http.Request) {
	s.b.Helper()
	w := httptest.NewRecorder()
	if s.api.ServeHTTP(w, r); w.Code != status {
		s.b.Fatalf("%s %s: %d %s", r.Method, r.URL, w.Code, w.Body)
	}
}

// A sink is a ResponseWriter that costs next to nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkGetProfile is a read from the request's header to the answer's body.
func BenchmarkGetProfile(b *testing.B) {
	s := newBench(b)
	r := s.request(http.MethodGet, s.path, "")
	s.must(http.StatusOK, r)
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		if s.api.ServeHTTP(w, r); w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

// BenchmarkPatchProfile is a durable change, with the processor time that the
// whole process spends on it.
func BenchmarkPatchProfile(b *testing.B) {
	s := newBench(b)
	r := s.request(http.MethodPatch, s.path, "")
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	began, n := cpuTime(b), 0
	for b.Loop() {
		clear(w.header)
		body := `{"comment":"bench ` + strconv.Itoa(n) + `"}`
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		if s.api.ServeHTTP(w, r); w.status != http.StatusOK {
			b.Fatal(w.status)
		}
		n++
	}
	b.ReportMetric(float64(cpuTime(b)-began)/1e3/float64(n), "cpu-µs/op")
}

// BenchmarkPatchProfiles changes many owners' profiles from many connections.
func BenchmarkPatchProfiles(b *testing.B) {
	s := newBench(b)
	const writers = 16
	var paths [writers]string
	for i := range paths {
		s.must(http.StatusCreated, s.request(http.MethodPost, "/api/svm/svms", fmt.Sprintf(`{"name":"s%d"}`, i)))
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, s.request(http.MethodPost, profilesPath+"?return_records=true", fmt.Sprintf(
			`{"owner.name":"s%d","api_host":"127.0.0.1:9","integration_key":"DIQ7M2K9T4V1B8N3C6X5","secret_key":"0123456789012345678901234567890123456789"}`, i)))
		location := w.Header().Get("Location")
		if location == "" {
			b.Fatal(w.Body)
		}
		paths[i] = location
	}
	var next, total atomic.Int64
	b.SetParallelism(writers / 2)
	b.ReportAllocs()
	began := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		w := &sink{header: http.Header{}}
		r := s.request(http.MethodPatch, paths[next.Add(1)%writers], "")
		n := 0
		for ; pb.Next(); n++ {
			clear(w.header)
			body := []byte(`{"comment":"bench ` + strconv.Itoa(n) + `"}`)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			if s.api.ServeHTTP(w, r); w.status != http.StatusOK {
				b.Error(w.status)
			}
		}
		total.Add(int64(n))
	})
	b.ReportMetric(float64(cpuTime(b)-began)/1e3/float64(total.Load()), "cpu-µs/op")
}

// cpuTime returns the processor time that this process has used, in
// nanoseconds.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return use.Utime.Nano() + use.Stime.Nano()
}
