package reliability

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestNothingGrowsUnderALastingLoad reads, changes and logs in at a steady
// pace. The server's memory, goroutines and files stay what they were after
// the first tenth of the time, and every change acknowledged has its line in
// the audit log, across its files.
func TestNothingGrowsUnderALastingLoad(t *testing.T) {
	lasts := 5 * time.Second
	if *long {
		lasts = 30 * time.Minute
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := serve(t, dir, "--metrics-listen=127.0.0.1:0", "--ssh-connections-per-second=-1")
	c := p.client()
	for i := range 20 {
		name := fmt.Sprintf("tenant%d", i)
		if err := c.do(t.Context(), http.MethodPost, pathSVMs, map[string]any{"name": name}, nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var (
		working sync.WaitGroup
		changes atomic.Int64
	)
	steadily := func(pause time.Duration, work func(n int)) {
		working.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-tick.C:
					work(n)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	steadily(5*time.Millisecond, func(n int) {
		body := map[string]any{"comment": fmt.Sprintf("change %d", n)}
		if err := c.do(t.Context(), http.MethodPatch, fmt.Sprintf("%s?name=tenant%d", pathSVMs, n%20), body, nil); err != nil {
			t.Error(err)
			return
		}
		changes.Add(1)
	})
	steadily(2*time.Millisecond, func(n int) {
		if err := c.do(t.Context(), http.MethodGet, fmt.Sprintf("%s?fields=*&name=tenant%d", pathSVMs, n%20), nil, nil); err != nil {
			t.Error(err)
		}
	})
	steadily(100*time.Millisecond, func(int) { p.login(t) })
	steadily(500*time.Millisecond, func(int) { p.client().stranger(t) })

	samples := p.sample(lasts, 10)
	stop()
	working.Wait()
	t.Logf("after the first tenth: %s; at the end: %s; %d changes", samples[0], samples[len(samples)-1], changes.Load())
	steady(t, samples)
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, p.said.String())
	}
	if lines := auditedChanges(t, filepath.Join(dir, "audit")); lines != changes.Load() {
		t.Errorf("%d changes have left %d lines in the audit log", changes.Load(), lines)
	}
}

// stranger asks once with a wrong password, over a connection of its own.
func (c *client) stranger(t *testing.T) {
	t.Helper()
	defer c.http.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/cluster", http.NoBody)
	if err != nil {
		t.Error(err)
		return
	}
	req.SetBasicAuth("nobody", password)
	res, err := c.http.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	if _ = res.Body.Close(); res.StatusCode < 400 {
		t.Errorf("a stranger was answered with %d", res.StatusCode)
	}
}

// sample reads the gauges n times, evenly over a time.
func (p *program) sample(lasts time.Duration, n int) []gauges {
	p.t.Helper()
	tick := time.NewTicker(lasts / time.Duration(n))
	defer tick.Stop()
	var out []gauges
	for range n {
		<-tick.C
		out = append(out, p.gauges())
	}
	return out
}

// steady compares the second half of the samples with the first. A heap
// breathes, and a connection more or less is no leak; what grows with time
// would exceed any bound over the long form.
func steady(t *testing.T, samples []gauges) {
	t.Helper()
	const some = 40
	most := func(of []gauges) (m gauges) {
		for _, g := range of {
			m = m.most(g)
		}
		return m
	}
	first, second := most(samples[:len(samples)/2]), most(samples[len(samples)/2:])
	if second.goroutines > first.goroutines+some || second.files > first.files+some || second.memory > 1.25*first.memory+50e6 {
		t.Errorf("it grows: at first at most %s, then at most %s", first, second)
	}
}

// auditedChanges counts the lines of changed SVMs in all files of the audit
// log.
func auditedChanges(t *testing.T, dir string) int64 {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "audit.log*"))
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var line struct{ Event, Resource, Outcome string }
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Errorf("%s: %q: %v", name, lines.Text(), err)
			}
			if line.Event == "modify" && strings.HasPrefix(line.Resource, "svm") {
				n++
			}
		}
		_ = f.Close()
	}
	return n
}
