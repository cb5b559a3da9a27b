package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/load"
)

const (
	embedded    = "one node, etcd embedded"
	threeNodes  = "three nodes"
	threeLocal  = "three nodes, --reads=local"
	looksAside  = 4 // connections that write while somebody looks
	staleFigure = "not seen"
)

// nodes is P6.
func nodes() harness.Measurement {
	return harness.Measurement{
		Name:  "P6",
		Title: "three nodes on an etcd of three members, beside one node",
		Notes: []string{
			fmt.Sprintf("All servers, etcd's and the load share this machine. %d kept connections, spread over the nodes; every one that writes has a profile of its own. etcd's members are processes of their own, reached over TLS.", connections),
			"Not seen: a profile is changed on one node and, once that is acknowledged, read on every one, while others write; so many of the reads did not show the change. A linearizable read that does not ends the measurement.",
		},
		Start: startNodes,
		Aims: []harness.Aim{
			harness.Value(staleFigure, threeNodes, harness.Count).AtMost(0),
			harness.Ratio("GET/s", threeNodes, embedded),
			harness.Ratio("GET/s", threeLocal, embedded),
			harness.Ratio("PATCH/s", threeNodes, embedded),
			harness.Ratio("GET p50", threeNodes, threeLocal),
			harness.Ratio("PATCH p50", threeNodes, embedded),
		},
	}
}

func startNodes(ctx context.Context, env *harness.Env) ([]harness.Side, error) {
	sim, err := startSim(ctx, env)
	if err != nil {
		return nil, err
	}
	endpoints, err := startMembers(ctx, env)
	if err != nil {
		return nil, err
	}
	duo := []string{"--duo-ca-file", sim.CAFile}
	cluster := append([]string{
		"--etcd-endpoints", strings.Join(endpoints, ","), "--etcd-ca-file", filepath.Join(env.Dir, "ca.pem"),
		"--keyset-file", filepath.Join(env.Dir, "keyset.json"),
	}, duo...)
	var sides []harness.Side
	var paths []string // of the cluster's profiles
	for _, d := range []struct {
		name  string
		count int
		args  []string
	}{
		{embedded, 1, duo},
		{threeNodes, members, cluster},
		{threeLocal, members, append([]string{"--reads", "local"}, cluster...)},
	} {
		this := &deployment{
			span: harness.Pick(env, 2*time.Second, 400*time.Millisecond), looks: harness.Pick(env, 300, 30),
			paths: paths, local: d.name == threeLocal,
		}
		for i := range d.count {
			server, err := serve(ctx, env, fmt.Sprintf("%s %d", d.name, i), d.args...)
			if err != nil {
				return nil, err
			}
			this.servers = append(this.servers, server)
			this.endpoints = append(this.endpoints, server.Endpoint)
		}
		if !this.local { // that one has the records of the other
			if this.paths, err = createTenants(ctx, this.servers[0], sim, connections+1); err != nil {
				return nil, err
			}
			paths = this.paths
		}
		sides = append(sides, harness.Side{Name: d.name, Run: this.turn})
	}
	return sides, nil
}

// A deployment is some nodes over one store.
type deployment struct {
	servers   []*duoplane.Server
	endpoints []load.Endpoint
	paths     []string // of profiles, one for each connection and one to look at
	local     bool     // a read may miss what another node wrote
	span      time.Duration
	looks     int
}

func (d *deployment) turn(ctx context.Context, round int) (f harness.Figures, err error) {
	for _, half := range []struct {
		name string
		next func(conn, i int) []byte
	}{
		{http.MethodGet, func(conn, _ int) []byte {
			return d.endpoint(conn).Request(http.MethodGet, d.paths[conn], "")
		}},
		{http.MethodPatch, d.patch(round)},
	} {
		s, err := load.Over(ctx, d.span, connections, half.next, d.endpoints...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", half.name, err)
		}
		f = append(f, harness.Figure{Name: half.name + "/s", Value: s.Rate, Unit: harness.Rate}, harness.Took(half.name+" p50", s.P50))
	}
	if len(d.servers) == 1 {
		return f, nil
	}
	missed, err := d.lookAside(ctx, round)
	return append(f, harness.Figure{Name: staleFigure, Value: float64(missed), Unit: harness.Count}), err
}

// endpoint is where a connection goes.
func (d *deployment) endpoint(conn int) load.Endpoint { return d.endpoints[conn%len(d.endpoints)] }

func (d *deployment) patch(round int) func(conn, i int) []byte {
	return func(conn, i int) []byte { return patching(d.endpoint(conn), d.paths[conn], round, i) }
}

// lookAside changes a profile on one node after the other and looks for the
// change on every one, while others write. It returns how many looks
// missed the change.
func (d *deployment) lookAside(ctx context.Context, round int) (missed int, err error) {
	group, ctx := errgroup.WithContext(ctx)
	ctx, enough := context.WithCancel(ctx)
	group.Go(func() error {
		_, err := load.Over(ctx, time.Hour, looksAside, d.patch(round), d.endpoints...)
		if ctx.Err() == nil {
			return err
		}
		return nil // they write until somebody has seen enough
	})
	group.Go(func() error {
		defer enough()
		missed, err = d.look(ctx, round)
		return err
	})
	return missed, group.Wait()
}

func (d *deployment) look(ctx context.Context, round int) (missed int, err error) {
	conns := make([]*load.Conn, len(d.endpoints))
	for i, e := range d.endpoints {
		if conns[i], err = e.Dial(ctx); err != nil {
			return 0, err
		}
		defer conns[i].Close()
	}
	path := d.paths[connections]
	for n := range d.looks {
		at := n % len(conns)
		comment := fmt.Sprintf("look %d.%d", round, n)
		if err := conns[at].Call(d.endpoints[at].Request(http.MethodPatch, path, fmt.Sprintf(`{"comment":%q}`, comment))); err != nil {
			return missed, err
		}
		for other, c := range conns {
			body, _, err := c.Read(d.endpoints[other].Request(http.MethodGet, path+"?fields=comment", ""))
			switch {
			case err != nil:
				return missed, err
			case bytes.Contains(body, []byte(`"`+comment+`"`)):
			case d.local:
				missed++
			default:
				return missed, fmt.Errorf("a change acknowledged by node %d is not seen by node %d: %s", at, other, body)
			}
		}
	}
	return missed, nil
}
