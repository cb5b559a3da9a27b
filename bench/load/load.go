// Package load sends requests over kept connections, and takes as little of
// the processor as it can for it: the machine is shared with what is measured.
package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"
)

// An Endpoint is a server with the credentials to send.
type Endpoint struct {
	addr string
	tls  *tls.Config
	// Authorization is the header's value; "" sends none.
	Authorization string
}

// NewEndpoint returns the server at a URL.
func NewEndpoint(base string, config *tls.Config) (Endpoint, error) {
	u, err := url.Parse(base)
	if err != nil {
		return Endpoint{}, err
	}
	return Endpoint{addr: u.Host, tls: config}, nil
}

// Basic returns the endpoint with Basic credentials.
func (e Endpoint) Basic(user, password string) Endpoint {
	e.Authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	return e
}

// Request renders a request, to be sent as it is any number of times.
func (e Endpoint) Request(method, path, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n", method, path, e.addr)
	if e.Authorization != "" {
		fmt.Fprintf(&b, "Authorization: %s\r\n", e.Authorization)
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	fmt.Fprintf(&b, "\r\n%s", body)
	return b.Bytes()
}

// Sampled is how a load went.
type Sampled struct {
	Rate     float64 // calls a second
	P50, P99 time.Duration
}

// A Call is one request and its answer; i counts those of one connection.
type Call func(i int) error

// Flood repeats calls side by side for a while.
func Flood(ctx context.Context, span time.Duration, calls []Call) (Sampled, error) {
	took := make([][]time.Duration, len(calls))
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	start := time.Now()
	for n, call := range calls {
		wg.Go(func() { took[n], errs[n] = repeat(ctx, start.Add(span), call) })
	}
	wg.Wait()
	elapsed := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return Sampled{}, err
	}
	return summarise(slices.Concat(took...), elapsed), nil
}

// Over is Flood with requests over n kept connections, spread evenly over the
// servers. next renders the i-th request of a connection.
func Over(ctx context.Context, span time.Duration, n int, next func(conn, i int) []byte, to ...Endpoint) (Sampled, error) {
	calls := make([]Call, n)
	for k := range n {
		c, err := to[k%len(to)].Dial(ctx)
		if err != nil {
			return Sampled{}, err
		}
		defer c.Close()
		calls[k] = func(i int) error { return c.Call(next(k, i)) }
	}
	return Flood(ctx, span, calls)
}

// repeat calls until the deadline.
func repeat(ctx context.Context, until time.Time, call Call) ([]time.Duration, error) {
	took := make([]time.Duration, 0, 1<<16)
	last := time.Now()
	for i := 0; last.Before(until) && ctx.Err() == nil; i++ {
		if err := call(i); err != nil {
			return nil, err
		}
		now := time.Now()
		took = append(took, now.Sub(last))
		last = now
	}
	return took, ctx.Err()
}

// Series times n calls one after another.
func Series(ctx context.Context, n int, call Call) (Sampled, error) {
	took := make([]time.Duration, 0, n)
	start := time.Now()
	for i := range n {
		if err := ctx.Err(); err != nil {
			return Sampled{}, err
		}
		before := time.Now()
		if err := call(i); err != nil {
			return Sampled{}, err
		}
		took = append(took, time.Since(before))
	}
	return summarise(took, time.Since(start)), nil
}

func summarise(took []time.Duration, elapsed time.Duration) Sampled {
	if len(took) == 0 {
		return Sampled{}
	}
	slices.Sort(took)
	return Sampled{
		Rate: float64(len(took)) / elapsed.Seconds(),
		P50:  took[len(took)/2],
		P99:  took[len(took)*99/100],
	}
}
