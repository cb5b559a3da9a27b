package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What the project aims at.
const (
	aimRate  = 0.9 // of the bare handler's requests a second
	aimWrite = 1.5 // times a bare put, after one GET is taken off
)

// results are all rounds of all sides.
type results struct {
	bare, served     []sampled // GET, many connections
	put, patch, read []sampled // one after another
}

// measure runs one round; sides take turns in going first.
func (r *results) measure(ctx context.Context, o options, round int, profile, floor endpoint, etcd *etcdFloor, size int) error {
	sides := []struct {
		e  endpoint
		to *[]sampled
	}{{floor, &r.bare}, {profile, &r.served}}
	if round%2 == 1 {
		slices.Reverse(sides)
	}
	for _, side := range sides {
		s, err := side.e.flood(ctx, o.connections, o.span)
		if err != nil {
			return fmt.Errorf("GET %s: %w", side.e.path, err)
		}
		*side.to = append(*side.to, s)
	}
	return r.measureWrites(ctx, o, round, profile, etcd, size)
}

func (r *results) measureWrites(ctx context.Context, o options, round int, profile endpoint, etcd *etcdFloor, size int) error {
	c, err := profile.dial(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	get := profile.request(http.MethodGet, "")
	steps := []struct {
		name string
		call func(i int) error
		to   *[]sampled
	}{
		{"put", func(i int) error { return etcd.put(ctx, round*o.writes+i, size) }, &r.put},
		{"PATCH", func(i int) error {
			return c.call(profile.request(http.MethodPatch, fmt.Sprintf(`{"comment":"bench %d.%d"}`, round, i)))
		}, &r.patch},
		{"GET", func(int) error { return c.call(get) }, &r.read},
	}
	if round%2 == 1 {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		s, err := series(o.writes, step.call)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		*step.to = append(*step.to, s)
	}
	return nil
}

// print writes the table.
func (r *results) print(out io.Writer, o options) error {
	var b strings.Builder
	side := func(name string, rounds []sampled) {
		fmt.Fprintf(&b, "  %-52s%10.0f%10s%10s\n", name,
			median(rounds, func(s sampled) float64 { return s.rate }),
			micro(median(rounds, func(s sampled) time.Duration { return s.p50 })),
			micro(median(rounds, func(s sampled) time.Duration { return s.p99 })))
	}
	head := func(title string) { fmt.Fprintf(&b, "%-54s%10s%10s%10s\n", title, "calls/s", "p50", "p99") }
	head(fmt.Sprintf("GET of one profile, TLS, %d kept connections", o.connections))
	side("bare net/http", r.bare)
	side("duoplane", r.served)
	head("one after another")
	side("bare etcd put", r.put)
	side("duoplane PATCH", r.patch)
	side("duoplane GET", r.read)

	fmt.Fprintf(&b, "\nmedians of %d rounds\n"+
		"GET rate, duoplane / bare handler:   %.2f   (aim: at least %.2f)\n"+
		"GET p50, duoplane / bare handler:    %.2f\n"+
		"(PATCH p50 - GET p50) / put p50:     %.2f   (aim: at most %.2f)\n",
		o.rounds, ratio(r.served, r.bare, func(s sampled) float64 { return s.rate }), aimRate,
		ratio(r.served, r.bare, func(s sampled) float64 { return float64(s.p50) }), r.writeRatio(), aimWrite)
	_, err := io.WriteString(out, b.String())
	return err
}

// writeRatio is what a PATCH takes beyond a GET, in puts.
func (r *results) writeRatio() float64 {
	var all []float64
	for i := range r.patch {
		all = append(all, float64(r.patch[i].p50-r.read[i].p50)/float64(r.put[i].p50))
	}
	return medianOf(all)
}

func micro(d time.Duration) string {
	return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
}

// ratio is the median over the rounds of a's value over b's in the same round.
func ratio(a, b []sampled, value func(sampled) float64) float64 {
	var all []float64
	for i := range a {
		all = append(all, value(a[i])/value(b[i]))
	}
	return medianOf(all)
}

func median[T cmp.Ordered](rounds []sampled, value func(sampled) T) T {
	var all []T
	for _, s := range rounds {
		all = append(all, value(s))
	}
	return medianOf(all)
}

func medianOf[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}
