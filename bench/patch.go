package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/load"
	"github.com/duoplane/duoplane/bench/seed"
)

const (
	manyWriters = 64
	rawPut      = "etcd put"
	productGET  = "duoplane GET"
)

// patch is P2.
func patch() harness.Measurement {
	return harness.Measurement{
		Name:  "P2",
		Title: "PATCH of a profile, beside a put into an embedded etcd",
		Notes: []string{
			"Every writer has a profile of its own and a kept connection. The etcd is embedded in the load generator, with no network before it, on the same disk; its values have the size of a profile's document. A write is answered once it is on the disk.",
			"One after another: p50 of single calls, the GET's too.",
		},
		Start: startPatch,
		Aims: []harness.Aim{
			harness.Ratio("16 writers", product, rawPut).AtLeast(0.5),
			harness.Ratio("64 writers", product, rawPut).AtLeast(0.5),
			harness.Aim{
				Text: "(PATCH p50 − GET p50) / put p50, one after another",
				Of: func(r harness.Round) float64 {
					const p50 = "one after another"
					return (r.Of(product, p50) - r.Of(productGET, p50)) / r.Of(rawPut, p50)
				},
			}.AtMost(1.5),
		},
	}
}

func startPatch(ctx context.Context, env *harness.Env) ([]harness.Side, error) {
	sim, err := startSim(ctx, env)
	if err != nil {
		return nil, err
	}
	server, err := serve(ctx, env, "one", "--duo-ca-file", sim.CAFile)
	if err != nil {
		return nil, err
	}
	paths, err := createTenants(ctx, server, sim, manyWriters)
	if err != nil {
		return nil, err
	}
	document, err := seed.Document()
	if err != nil {
		return nil, err
	}
	etcd, err := startRawEtcd(env.Dir, document)
	if err != nil {
		return nil, err
	}
	env.Defer(etcd.close)
	w := writes{span: harness.Pick(env, time.Second, 300*time.Millisecond), series: harness.Pick(env, 300, 50)}
	return []harness.Side{
		{Name: rawPut, Run: func(ctx context.Context, _ int) (harness.Figures, error) {
			return w.measure(ctx, func(writer int) (load.Call, func(), error) {
				return func(i int) error { return etcd.put(ctx, writer, i) }, func() {}, nil
			})
		}},
		{Name: product, Run: func(ctx context.Context, round int) (harness.Figures, error) {
			return w.measure(ctx, func(writer int) (load.Call, func(), error) {
				c, err := server.Endpoint.Dial(ctx)
				if err != nil {
					return nil, nil, err
				}
				return func(i int) error { return c.Call(patching(server.Endpoint, paths[writer], round, i)) }, c.Close, nil
			})
		}},
		{Name: productGET, Run: func(ctx context.Context, _ int) (harness.Figures, error) {
			return oneByOne(ctx, server.Endpoint, paths[0], w.series)
		}},
	}, nil
}

// patching renders the i-th PATCH of a round, each of another value.
func patching(e load.Endpoint, path string, round, i int) []byte {
	return e.Request(http.MethodPatch, path, fmt.Sprintf(`{"comment":"bench %04d.%08d"}`, round, i))
}

// writes are how much each side writes in its turn.
type writes struct {
	span   time.Duration // of each load
	series int           // one after another
}

// measure lets 16 and 64 writers write side by side, then one alone. open
// returns a writer's call and what ends it.
func (w writes) measure(ctx context.Context, open func(writer int) (load.Call, func(), error)) (f harness.Figures, err error) {
	for _, n := range []int{connections, manyWriters} {
		calls := make([]load.Call, n)
		for k := range n {
			call, end, err := open(k)
			if err != nil {
				return nil, err
			}
			defer end()
			calls[k] = call
		}
		s, err := load.Flood(ctx, w.span, calls)
		if err != nil {
			return nil, err
		}
		f = append(f, harness.Figure{Name: fmt.Sprintf("%d writers", n), Value: s.Rate, Unit: harness.Rate},
			harness.Took(fmt.Sprintf("p50 of %d", n), s.P50))
	}
	call, end, err := open(0)
	if err != nil {
		return nil, err
	}
	defer end()
	s, err := load.Series(ctx, w.series, call)
	return append(f, harness.Took("one after another", s.P50)), err
}

// oneByOne reads a path n times.
func oneByOne(ctx context.Context, e load.Endpoint, path string, n int) (harness.Figures, error) {
	c, err := e.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	get := e.Request(http.MethodGet, path, "")
	s, err := load.Series(ctx, n, func(int) error { return c.Call(get) })
	return harness.Figures{harness.Took("one after another", s.P50)}, err
}
