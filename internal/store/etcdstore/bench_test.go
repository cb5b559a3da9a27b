package etcdstore

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

type sample struct {
	Host    string `json:"host"`
	Key     string `json:"key"`
	Secret  []byte `json:"secret"`
	Enabled bool   `json:"enabled"`
	Prompts int    `json:"prompts"`
	Comment string `json:"comment"`
}

var samples = &store.Table[sample]{Name: "samples", DocVersion: 1}

func aSample() *sample {
	return &sample{Host: "api-0123.duosecurity.example", Key: "DIXXXXXXXXXXXXXXXXXX", Secret: make([]byte, 82), Enabled: true, Prompts: 1, Comment: "a comment of usual length"}
}

// quantiles reports how long single operations took.
func quantiles(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func openBench(b *testing.B, dir string) *Store {
	b.Helper()
	s, err := Open(b.Context(), Config{Dir: dir, Tables: []store.Codec{samples}})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkRawPut is the floor of BenchmarkCommit: the same document put into
// the same etcd.
func BenchmarkRawPut(b *testing.B) {
	srv, err := startServer(b.Context(), b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	client := srv.client()
	doc, err := samples.Encode(aSample())
	if err != nil {
		b.Fatal(err)
	}
	put := func(key string) {
		if _, err := client.Put(b.Context(), DefaultPrefix+key, string(doc)); err != nil {
			b.Error(err)
		}
	}
	run(b, put)
	if err := client.Close(); err != nil && !strings.Contains(err.Error(), "cancel") {
		b.Error(err)
	}
	if err := srv.close(); err != nil {
		b.Error(err)
	}
}

func BenchmarkCommit(b *testing.B) {
	s := openBench(b, b.TempDir())
	run(b, func(key string) {
		if _, err := s.Commit(b.Context(), samples.Put(key, 0, aSample())); err != nil {
			b.Error(err)
		}
	})
	if err := s.Close(); err != nil {
		b.Error(err)
	}
}

func run(b *testing.B, put func(key string)) {
	b.Helper()
	b.Run("serial", func(b *testing.B) {
		base := time.Now().UnixNano()
		var took []time.Duration
		i := 0
		for b.Loop() {
			began := time.Now()
			put(fmt.Sprintf("%d-%d", base, i))
			took = append(took, time.Since(began))
			i++
		}
		quantiles(b, took)
	})
	b.Run("64 writers", func(b *testing.B) {
		var n atomic.Int64
		base := time.Now().UnixNano()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				put(fmt.Sprintf("%d-%d", base, n.Add(1)))
			}
		})
	})
}

// BenchmarkOpen measures an empty store and one with records.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{0, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			dir := b.TempDir()
			s := openBench(b, dir)
			fill(b, s, n)
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				s := openBench(b, dir)
				b.StopTimer()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(residentMB(b), "RSS-MB")
		})
	}
}

func fill(b *testing.B, s *Store, n int) {
	b.Helper()
	for from := 0; from < n; from += 1000 {
		var changes []store.Change
		for i := from; i < min(n, from+1000); i++ {
			changes = append(changes, samples.Put(fmt.Sprintf("%09d", i), 0, aSample()))
		}
		if _, err := s.Commit(b.Context(), changes...); err != nil {
			b.Fatal(err)
		}
	}
}

func residentMB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	return 0
}
