package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An endpoint is one URL with the credentials to send.
type endpoint struct {
	addr, path     string
	user, password string
	tls            *tls.Config
}

func newEndpoint(base, path string, config *tls.Config) (endpoint, error) {
	u, err := url.Parse(base)
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{addr: u.Host, path: path, tls: config}, nil
}

// request renders a request once; the load sends the same bytes again and
// again, for the load generator shares the machine with what it measures.
func (e endpoint) request(method, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n", method, e.path, e.addr)
	fmt.Fprintf(&b, "Authorization: Basic %s\r\n", base64.StdEncoding.EncodeToString([]byte(e.user+":"+e.password)))
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	fmt.Fprintf(&b, "\r\n%s", body)
	return b.Bytes()
}

// A conn is one kept connection.
type conn struct {
	c *tls.Conn
	r *bufio.Reader
}

func (e endpoint) dial(ctx context.Context) (*conn, error) {
	d := tls.Dialer{Config: e.tls}
	c, err := d.DialContext(ctx, "tcp", e.addr)
	if err != nil {
		return nil, err
	}
	t := c.(*tls.Conn) //nolint:forcetypeassert // tls.Dialer says so
	return &conn{c: t, r: bufio.NewReaderSize(t, 16<<10)}, nil
}

func (c *conn) close() { _ = c.c.Close() } // the measurement is over

// call sends a request and reads its answer, which must be 200 with a length.
func (c *conn) call(request []byte) error {
	if _, err := c.c.Write(request); err != nil {
		return err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return c.refused(line)
	}
	length := -1
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return err
		}
		if len(line) == 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer without Content-Length")
	}
	_, err = c.r.Discard(length)
	return err
}

// refused describes an answer that is not 200.
func (c *conn) refused(line []byte) error {
	status := strings.TrimSpace(string(line))
	header, err := textproto.NewReader(c.r).ReadMIMEHeader()
	if err != nil {
		return fmt.Errorf("%s: %w", status, err)
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return errors.New(status)
	}
	body := make([]byte, min(length, 4<<10))
	if _, err := io.ReadFull(c.r, body); err != nil {
		return fmt.Errorf("%s: %w", status, err)
	}
	return fmt.Errorf("%s: %s", status, body)
}

// A sampled is how one side did in one round.
type sampled struct {
	rate     float64 // calls a second
	p50, p99 time.Duration
}

// flood reads e over many connections for a while.
func (e endpoint) flood(ctx context.Context, connections int, span time.Duration) (sampled, error) {
	conns := make([]*conn, connections)
	for i := range conns {
		c, err := e.dial(ctx)
		if err != nil {
			return sampled{}, err
		}
		defer c.close()
		conns[i] = c
	}
	request := e.request("GET", "")
	took := make([][]time.Duration, connections)
	errs := make([]error, connections)
	var wg sync.WaitGroup
	start := time.Now()
	for i, c := range conns {
		wg.Go(func() { took[i], errs[i] = c.repeat(ctx, request, start.Add(span)) })
	}
	wg.Wait()
	elapsed := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return sampled{}, err
	}
	return summarise(slices.Concat(took...), elapsed), nil
}

// repeat sends the request until the deadline.
func (c *conn) repeat(ctx context.Context, request []byte, until time.Time) ([]time.Duration, error) {
	took := make([]time.Duration, 0, 1<<16)
	for last := time.Now(); last.Before(until) && ctx.Err() == nil; {
		if err := c.call(request); err != nil {
			return nil, err
		}
		now := time.Now()
		took = append(took, now.Sub(last))
		last = now
	}
	return took, ctx.Err()
}

// series times n calls one after another.
func series(n int, call func(i int) error) (sampled, error) {
	took := make([]time.Duration, 0, n)
	start := time.Now()
	for i := range n {
		before := time.Now()
		if err := call(i); err != nil {
			return sampled{}, err
		}
		took = append(took, time.Since(before))
	}
	return summarise(took, time.Since(start)), nil
}

func summarise(took []time.Duration, elapsed time.Duration) sampled {
	if len(took) == 0 {
		return sampled{}
	}
	slices.Sort(took)
	return sampled{
		rate: float64(len(took)) / elapsed.Seconds(),
		p50:  took[len(took)/2],
		p99:  took[len(took)*99/100],
	}
}
