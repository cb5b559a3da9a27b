package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/load"
)

const (
	peerName         = "Debian's etcd"
	peerSerializable = "Debian's etcd, serializable"
)

// peer is P3.
func peer() harness.Measurement {
	return harness.Measurement{
		Name:  "P3",
		Title: "reading and writing a record, beside Debian's etcd",
		Notes: []string{
			fmt.Sprintf("Over TLS with credentials and %d kept connections. etcd is asked at its JSON gateway, /v3/kv/range and /v3/kv/put, with a simple token; a record is a document of the size that Duoplane stores for a profile. Reads are linearizable, as Duoplane's are; serializable ones are stated too. Writes are to a record of the connection's own and are answered once on the disk.", connections),
		},
		Start: startPeer,
		Aims: []harness.Aim{
			harness.Ratio("reads/s", product, peerName).AtLeast(8),
			harness.Ratio("writes/s", product, peerName).AtLeast(2),
		},
	}
}

func startPeer(ctx context.Context, env *harness.Env) ([]harness.Side, error) {
	gateway, err := startGateway(ctx, env)
	if err != nil {
		return nil, err
	}
	sim, err := startSim(ctx, env)
	if err != nil {
		return nil, err
	}
	server, err := serve(ctx, env, "one", "--duo-ca-file", sim.CAFile)
	if err != nil {
		return nil, err
	}
	paths, err := createTenants(ctx, server, sim, connections)
	if err != nil {
		return nil, err
	}
	span := harness.Pick(env, 2*time.Second, 400*time.Millisecond)
	get := server.Endpoint.Request(http.MethodGet, paths[0], "")
	return []harness.Side{
		{Name: peerName, Run: readsAndWrites(gateway.endpoint, span,
			func(int, int) []byte { return gateway.get(false) }, gateway.put)},
		{Name: peerSerializable, Run: readsAndWrites(gateway.endpoint, span,
			func(int, int) []byte { return gateway.get(true) }, nil)},
		{Name: product, Run: readsAndWrites(server.Endpoint, span,
			func(int, int) []byte { return get },
			func(conn, i int) []byte { return patching(server.Endpoint, paths[conn], 0, i) })},
	}, nil
}

// readsAndWrites is a side that reads for a while and, if it can, writes.
func readsAndWrites(e load.Endpoint, span time.Duration, read, write func(conn, i int) []byte) func(context.Context, int) (harness.Figures, error) {
	return func(ctx context.Context, _ int) (f harness.Figures, err error) {
		for _, half := range []struct {
			name string
			next func(conn, i int) []byte
		}{{"read", read}, {"write", write}} {
			if half.next == nil {
				continue
			}
			s, err := load.Over(ctx, span, connections, half.next, e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", half.name, err)
			}
			f = append(f, harness.Figure{Name: half.name + "s/s", Value: s.Rate, Unit: harness.Rate}, harness.Took(half.name+" p50", s.P50))
		}
		return f, nil
	}
}
