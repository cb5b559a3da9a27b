package etcdstore

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
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

func openBench(b *testing.B, dir string) *Store {
	b.Helper()
	s, err := Open(b.Context(), Config{Dir: dir, Tables: []store.Codec{samples}})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// raw returns a function that puts a document into an etcd set up like the
// store's: the floor of a commit.
func raw(b *testing.B) func(key string) error {
	b.Helper()
	srv, err := startServer(b.Context(), b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	client := srv.client()
	b.Cleanup(func() {
		_ = client.Close() // reports only that its context ended
		if err := srv.close(); err != nil {
			b.Error(err)
		}
	})
	doc, err := samples.Encode(aSample())
	if err != nil {
		b.Fatal(err)
	}
	return func(key string) error {
		_, err := client.Put(b.Context(), DefaultPrefix+"samples/"+key, string(doc))
		return err
	}
}

func committer(b *testing.B) func(key string) error {
	b.Helper()
	s := openBench(b, b.TempDir())
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return func(key string) error {
		_, err := s.Commit(b.Context(), samples.Put(key, 0, aSample()))
		return err
	}
}

// BenchmarkCommit alternates between commits and raw puts, so that a noisy
// machine troubles both alike, and reports the ratio.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			sides := [2]func(string) error{raw(b), committer(b)}
			var took [2][]time.Duration     // of single operations
			var spent, cpu [2]time.Duration // of all
			for round := 0; b.Loop(); round++ {
				side := round % 2
				began, used := time.Now(), cpuTime(b)
				took[side] = append(took[side], write(b, sides[side], writers, round)...)
				spent[side] += time.Since(began)
				cpu[side] += cpuTime(b) - used
			}
			if len(took[0]) == 0 || len(took[1]) == 0 {
				return
			}
			b.ReportMetric(float64(median(took[0]).Nanoseconds())/1e3, "raw-p50-µs")
			b.ReportMetric(float64(median(took[1]).Nanoseconds())/1e3, "p50-µs")
			b.ReportMetric(float64(median(took[1]))/float64(median(took[0])), "p50-ratio")
			b.ReportMetric(float64(cpu[0].Nanoseconds())/1e3/float64(len(took[0])), "raw-cpu-µs")
			b.ReportMetric(float64(cpu[1].Nanoseconds())/1e3/float64(len(took[1])), "cpu-µs")
			b.ReportMetric(float64(len(took[0]))/spent[0].Seconds(), "raw/s")
			b.ReportMetric(float64(len(took[1]))/spent[1].Seconds(), "commits/s")
		})
	}
}

// write makes some writes with each of several writers.
func write(b *testing.B, put func(string) error, writers, round int) []time.Duration {
	b.Helper()
	const each = 10
	took := make([]time.Duration, writers*each)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				began := time.Now()
				if err := put(fmt.Sprintf("%d-%d-%d", round, w, i)); err != nil {
					b.Error(err)
				}
				took[w*each+i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	return took
}

// cpuTime returns the processor time that this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
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
