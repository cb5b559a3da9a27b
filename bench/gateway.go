package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/load"
	"github.com/duoplane/duoplane/bench/process"
	"github.com/duoplane/duoplane/bench/seed"
)

const (
	debianEtcd      = "/usr/bin/etcd"
	gatewayPassword = "b3nch"
)

// A gateway is a running etcd of Debian's, at its JSON gateway.
type gateway struct {
	endpoint load.Endpoint
	client   *http.Client
	url      string
	value    []byte
}

func startGateway(ctx context.Context, env *harness.Env) (*gateway, error) {
	version, err := exec.CommandContext(ctx, debianEtcd, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%w: Debian's package etcd-server", harness.ErrMissing)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	env.Note("%s.", first)
	pem, ca, err := certificate(env.Dir)
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 2)
	if err != nil {
		return nil, err
	}
	g := &gateway{url: "https://" + ports[0]}
	config := &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}
	g.client = &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	if g.value, err = seed.Document(); err != nil {
		return nil, err
	}
	p, err := process.Start(ctx, process.Command{
		Program: debianEtcd,
		Args: []string{
			"--data-dir", filepath.Join(env.Dir, "gateway"), "--name", "peer", "--logger", "zap", "--log-level", "error",
			"--listen-client-urls", g.url, "--advertise-client-urls", g.url, "--cert-file", pem, "--key-file", pem,
			"--listen-peer-urls", "http://" + ports[1], "--initial-advertise-peer-urls", "http://" + ports[1],
			"--initial-cluster", "peer=http://" + ports[1],
		},
		Probe: func(ctx context.Context) error { return g.do(ctx, "/v3/maintenance/status", "{}", nil) },
	}, nil)
	if err != nil {
		return nil, err
	}
	env.Defer(func() error { p.Kill(); return nil }) // it would end badly on SIGTERM too
	return g, g.prepare(ctx, config)
}

// prepare switches authentication on, takes a token and writes the records.
func (g *gateway) prepare(ctx context.Context, config *tls.Config) error {
	for _, step := range [][2]string{
		{"/v3/auth/user/add", `{"name":"root","password":"` + gatewayPassword + `"}`},
		{"/v3/auth/role/add", `{"name":"root"}`},
		{"/v3/auth/user/grant", `{"user":"root","role":"root"}`},
		{"/v3/auth/enable", `{}`},
	} {
		if err := g.do(ctx, step[0], step[1], nil); err != nil {
			return err
		}
	}
	var told struct{ Token string }
	if err := g.do(ctx, "/v3/auth/authenticate", `{"name":"root","password":"`+gatewayPassword+`"}`, &told); err != nil {
		return err
	}
	var err error
	if g.endpoint, err = load.NewEndpoint(g.url, config); err != nil {
		return err
	}
	g.endpoint.Authorization = told.Token
	c, err := g.endpoint.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for conn := range connections {
		if err := c.Call(g.put(conn, 0)); err != nil {
			return err
		}
	}
	body, _, err := c.Read(g.get(false))
	if err != nil {
		return err
	}
	if want := base64.StdEncoding.EncodeToString(g.document(0)); !bytes.Contains(body, []byte(want)) {
		return fmt.Errorf("etcd does not hold what was written: %s", body)
	}
	return nil
}

// do calls the gateway with an ordinary client.
func (g *gateway) do(ctx context.Context, path, body string, told any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd, %s: %s", path, resp.Status)
	}
	if told == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(told)
}

// document is the i-th value of a record.
func (g *gateway) document(i int) []byte {
	text := fmt.Sprintf("%08d", i)
	return append([]byte(text), g.value[len(text):]...)
}

// put and get render requests for a connection's record.
func (g *gateway) put(conn, i int) []byte {
	return g.endpoint.Request(http.MethodPost, "/v3/kv/put",
		`{"key":"`+recordKey(conn)+`","value":"`+base64.StdEncoding.EncodeToString(g.document(i))+`"}`)
}

func (g *gateway) get(serializable bool) []byte {
	return g.endpoint.Request(http.MethodPost, "/v3/kv/range", fmt.Sprintf(`{"key":"%s","serializable":%t}`, recordKey(0), serializable))
}

func recordKey(conn int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "/bench/profile/%d", conn))
}
