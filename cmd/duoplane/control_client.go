package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
)

// A controlClient speaks to the server that has a data directory.
type controlClient struct {
	dir  string
	http http.Client
}

// dialControl returns the client of the server that keeps a tool out of a
// folder; busy says so, where the server does not answer.
func dialControl(ctx context.Context, dir string, busy error) (*controlClient, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	c := &controlClient{dir: dir}
	c.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx) }}
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w (it does not answer at %s, so it is starting, or a tool: %w)", busy, filepath.Join(dir, controlName), err)
	}
	return c, conn.Close()
}

func (c *controlClient) dial(ctx context.Context) (net.Conn, error) {
	addr, release, err := socketAddress(c.dir)
	if err != nil {
		return nil, err
	}
	defer release()
	return (&net.Dialer{}).DialContext(ctx, "unix", addr)
}

// call returns the body of a good answer; the caller closes it.
func (c *controlClient) call(ctx context.Context, method, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://duoplane"+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.lost(err)
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close() //nolint:errcheck // only read
	var refusal controlRefusal
	if json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&refusal) != nil || refusal.Error == "" {
		return nil, fmt.Errorf("the server answers with HTTP status %d", res.StatusCode)
	}
	return nil, errors.New(refusal.Error)
}

// lost says that an answer did not come to its end.
func (c *controlClient) lost(err error) error {
	return fmt.Errorf("the server of %s broke off, its log has the cause: %w", c.dir, err)
}
