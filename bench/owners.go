package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/load"
	"github.com/duoplane/duoplane/bench/seed"
)

// The queries. A status would have Duo asked for every profile shown.
const (
	oneQuery    = "?fields=!status"
	sortedQuery = "?fail_mode=secure&order_by=comment&max_records=100&fields=comment"
	countQuery  = "?auto_push=true&return_records=false"
	walkQuery   = "?max_records=10000&fields=!status"
)

// Their figures.
const (
	oneFigure    = "GET one"
	sortedFigure = "100 sorted"
	countFigure  = "count"
	walkFigure   = "page walk"
)

// manyOwners is P4.
func manyOwners() harness.Measurement {
	hundred, million := ownersName(100_000), ownersName(1_000_000)
	return harness.Measurement{
		Name:  "P4",
		Title: "reading one of many owners, and all of them",
		Notes: []string{
			"An owner is an SVM with a profile. All calls go one after another over one kept connection; p50. GET one reads profiles at random. 100 sorted: `" + sortedQuery + "`, which half of the profiles pass. Count: `" + countQuery + "`, half of them too. Page walk: everything, `" + walkQuery + "` and on by its links; the figure is for the whole.",
			"The servers of all sizes run side by side.",
		},
		Start: startManyOwners,
		Aims: []harness.Aim{
			harness.Value(sortedFigure, hundred, harness.Seconds).AtMost(0.015),
			harness.Value(countFigure, hundred, harness.Seconds).AtMost(0.005),
			harness.Ratio(oneFigure, hundred, ownersName(1000)).AtMost(1.2),
			harness.Ratio(oneFigure, million, ownersName(1000)).AtMost(1.2),
			harness.Ratio(sortedFigure, million, hundred).AtMost(10),
			harness.Ratio(countFigure, million, hundred).AtMost(10),
			harness.Ratio(walkFigure, million, hundred).AtMost(10),
		},
	}
}

func startManyOwners(ctx context.Context, env *harness.Env) (sides []harness.Side, err error) {
	for _, n := range harness.Pick(env, []int{1000, 100_000, 1_000_000}, []int{1000, 10_000}) {
		dir, err := stock(ctx, env, n)
		if err != nil {
			return nil, err
		}
		server, err := duoplane.Serve(ctx, env.Binary, dir)
		if err != nil {
			return nil, err
		}
		env.Defer(server.Stop)
		r := reader{server: server, owners: n, gets: harness.Pick(env, 1000, 200), scans: harness.Pick(env, 11, 3)}
		sides = append(sides, harness.Side{Name: ownersName(n), Run: r.turn})
	}
	return sides, nil
}

// A reader reads a server with so many owners.
type reader struct {
	server      *duoplane.Server
	owners      int
	gets, scans int // how many calls of a kind
}

func (r *reader) turn(ctx context.Context, round int) (harness.Figures, error) {
	c, err := r.server.Endpoint.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	chance := rand.New(rand.NewPCG(2, uint64(round))) //nolint:gosec // which one to read
	one, err := load.Series(ctx, r.gets, func(int) error {
		return c.Call(r.request("/" + seed.UUID(chance.IntN(r.owners)) + oneQuery))
	})
	if err != nil {
		return nil, err
	}
	sorted, err := r.scan(ctx, c, sortedQuery, 100)
	if err != nil {
		return nil, err
	}
	count, err := r.scan(ctx, c, countQuery, (r.owners+1)/2)
	if err != nil {
		return nil, err
	}
	walk, err := r.walk(ctx, c)
	return harness.Figures{
		harness.Took(oneFigure, one.P50), harness.Took(sortedFigure, sorted), harness.Took(countFigure, count), harness.Took(walkFigure, walk),
	}, err
}

func (r *reader) request(rest string) []byte {
	return r.server.Endpoint.Request(http.MethodGet, duoplane.ProfilesPath+rest, "")
}

// scan asks a query again and again, and makes sure of the number it finds.
func (r *reader) scan(ctx context.Context, c *load.Conn, query string, want int) (time.Duration, error) {
	request := r.request(query)
	s, err := load.Series(ctx, r.scans, func(int) error {
		body, _, err := c.Read(request)
		if err != nil {
			return err
		}
		found, err := numRecords(body)
		if err == nil && found != want {
			err = fmt.Errorf("%s found %d records, not %d", query, found, want)
		}
		return err
	})
	return s.P50, err
}

// walk reads everything, page by page.
func (r *reader) walk(ctx context.Context, c *load.Conn) (time.Duration, error) {
	began, seen := time.Now(), 0
	for request := r.request(walkQuery); request != nil; {
		body, next, err := c.Read(request)
		if err != nil {
			return 0, err
		}
		n, err := numRecords(body)
		if err != nil {
			return 0, err
		}
		seen += n
		if request = nil; next != "" {
			request = r.server.Endpoint.Request(http.MethodGet, next, "")
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
	if seen != r.owners {
		return 0, fmt.Errorf("a walk through %d owners saw %d", r.owners, seen)
	}
	return time.Since(began), nil
}

// numRecords reads the number off the end of a list, without reading the list.
func numRecords(body []byte) (n int, err error) {
	_, number, ok := bytes.Cut(body[max(0, len(body)-1000):], []byte(`"num_records":`))
	if !ok {
		return 0, fmt.Errorf("a list without its number of records: %.200s", body)
	}
	_, err = fmt.Sscan(string(number), &n)
	return n, err
}
