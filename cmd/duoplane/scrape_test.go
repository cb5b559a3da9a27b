package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A sample is one line of a scrape.
type sample struct {
	name   string
	labels map[string]string
	value  float64
}

// A scrape is what Prometheus would read.
type scrape struct {
	text    string
	kinds   map[string]string // by family
	helps   map[string]string // by family
	samples []sample
}

var labelPair = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)",?`)

// scrapeOf reads the metrics of a running program.
func scrapeOf(t *testing.T, p *program) *scrape {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.ready.MetricsURL, http.NoBody)
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
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", p.ready.MetricsURL, res.Status, err, text)
	}
	s := &scrape{text: string(text), kinds: map[string]string{}, helps: map[string]string{}}
	for line := range strings.Lines(s.text) {
		s.read(t, strings.TrimSpace(line))
	}
	return s
}

// scrapeWhen reads the metrics until they show what has to come.
func scrapeWhen(t *testing.T, p *program, shows func(*scrape) bool) *scrape {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(startLimit); ; {
		s := scrapeOf(t, p)
		if shows(s) {
			return s
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("the metrics do not show it:\n%s", s.text)
		}
	}
}

func (s *scrape) read(t *testing.T, line string) {
	t.Helper()
	if about, ok := strings.CutPrefix(line, "# HELP "); ok {
		name, help, _ := strings.Cut(about, " ")
		s.helps[name] = help
		return
	}
	if about, ok := strings.CutPrefix(line, "# TYPE "); ok {
		name, kind, _ := strings.Cut(about, " ")
		s.kinds[name] = kind
		return
	}
	i := strings.LastIndexByte(line, ' ')
	if i < 0 {
		t.Fatalf("not a line of a scrape: %q", line)
	}
	value, err := strconv.ParseFloat(line[i+1:], 64)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	name, pairs, _ := strings.Cut(strings.TrimSuffix(line[:i], "}"), "{")
	labels := map[string]string{}
	for _, pair := range labelPair.FindAllStringSubmatch(pairs, -1) {
		labels[pair[1]] = pair[2]
	}
	s.samples = append(s.samples, sample{name, labels, value})
}

// sum adds the samples of a name that have the labels given, in pairs.
func (s *scrape) sum(name string, labels ...string) float64 {
	total := 0.0
	for _, one := range s.samples {
		fits := one.name == name
		for i := 0; i < len(labels); i += 2 {
			fits = fits && one.labels[labels[i]] == labels[i+1]
		}
		if fits {
			total += one.value
		}
	}
	return total
}

// family returns the family of a sample's name: a histogram has three.
func (s *scrape) family(name string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && s.kinds[base] == "histogram" {
			return base
		}
	}
	return name
}
