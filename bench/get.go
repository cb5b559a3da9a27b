package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/load"
)

const (
	connections = 16 // kept, of every load that does not say otherwise
	bareHTTP    = "bare net/http"
	product     = "duoplane"
)

// getOne is P1.
func getOne() harness.Measurement {
	return harness.Measurement{
		Name:  "P1",
		Title: "GET of one profile, beside a bare net/http handler",
		Notes: []string{fmt.Sprintf("Basic auth over TLS, %d kept connections. The bare handler is a process of its own, as Duoplane is, and answers with the same bytes whatever it is asked. The profile's status is among them: Duo, simulated, is asked once a minute.", connections)},
		Start: startGetOne,
		Aims: []harness.Aim{
			harness.Ratio("GET/s", product, bareHTTP).AtLeast(0.9),
			harness.Ratio("p50", product, bareHTTP).AtMost(1.15),
		},
	}
}

func startGetOne(ctx context.Context, env *harness.Env) ([]harness.Side, error) {
	sim, err := startSim(ctx, env)
	if err != nil {
		return nil, err
	}
	server, err := serve(ctx, env, "one", "--duo-ca-file", sim.CAFile)
	if err != nil {
		return nil, err
	}
	if err := createProfile(ctx, server, sim, server.ClusterUUID); err != nil {
		return nil, err
	}
	path := duoplane.ProfilesPath + "/" + server.ClusterUUID
	header, body, err := server.Do(ctx, http.MethodGet, path, "", http.StatusOK)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(body), `"Ok"`) {
		return nil, fmt.Errorf("the profile's status is not Ok: %s", body)
	}
	for _, name := range []string{"Date", "Content-Length"} { // net/http's own
		header.Del(name)
	}
	bare, err := startBareServer(ctx, env.Dir, sample{header, body})
	if err != nil {
		return nil, err
	}
	env.Defer(bare.Stop)
	span := harness.Pick(env, 2*time.Second, 500*time.Millisecond)
	return []harness.Side{
		{Name: bareHTTP, Run: getting(path, span, bare.endpoint.Basic(server.AdminUser, duoplane.Password))},
		{Name: product, Run: getting(path, span, server.Endpoint)},
	}, nil
}

// getting reads a path over many connections for a while.
func getting(path string, span time.Duration, from ...load.Endpoint) func(context.Context, int) (harness.Figures, error) {
	request := from[0].Request(http.MethodGet, path, "")
	return func(ctx context.Context, _ int) (harness.Figures, error) {
		s, err := load.Over(ctx, span, connections, func(int, int) []byte { return request }, from...)
		return flooded("GET/s", s), err
	}
}

// flooded are the figures of a load.
func flooded(rate string, s load.Sampled) harness.Figures {
	return harness.Figures{
		{Name: rate, Value: s.Rate, Unit: harness.Rate}, harness.Took("p50", s.P50), harness.Took("p99", s.P99),
	}
}
