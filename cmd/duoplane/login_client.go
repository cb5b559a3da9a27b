package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/duoplane/duoplane/internal/secret"
)

const pathAuthenticate = "/api/duoplane/authenticate"

// A visit is a login as the server is told of it.
type visit struct {
	Owner       string   `json:"owner.name,omitempty"`
	User        string   `json:"username"`
	Groups      []string `json:"groups,omitempty"`
	From        string   `json:"ipaddr,omitempty"`
	Hostname    string   `json:"hostname,omitempty"`
	Service     string   `json:"service,omitempty"`
	Command     string   `json:"command,omitempty"`
	Interactive bool     `json:"interactive"`
}

// A turn is how the server says a login stands.
type turn struct {
	UUID     string        `json:"uuid"`
	State    string        `json:"state"` // running, asking, done
	Texts    []string      `json:"texts"`
	Prompt   string        `json:"prompt"`
	Decision loginDecision `json:"decision"`
}

type loginDecision struct {
	Allow  bool   `json:"allow"`
	Reason string `json:"reason"`
}

// A loginClient speaks to the server's door.
type loginClient struct {
	cfg  *loginConfig
	http http.Client
}

// newLoginClient returns a client that trusts the configuration's authorities
// and nothing of the environment: no proxy, no other roots.
func newLoginClient(cfg *loginConfig) *loginClient {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // debugging HTTP/2 by the environment would print the token
	return &loginClient{cfg: cfg, http: http.Client{
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:       &tls.Config{RootCAs: cfg.roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 45 * time.Second, // the server holds a call for 25
			Protocols:             protocols,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *loginClient) open(ctx context.Context, v visit) (*turn, error) {
	v.Owner = c.cfg.owner
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("describe the login: %w", err)
	}
	return c.call(ctx, http.MethodPost, pathAuthenticate, body)
}

func (c *loginClient) poll(ctx context.Context, uuid string) (*turn, error) {
	return c.call(ctx, http.MethodGet, pathAuthenticate+"/"+url.PathEscape(uuid), nil)
}

func (c *loginClient) answer(ctx context.Context, uuid, line string) (*turn, error) {
	body, err := json.Marshal(map[string]string{"answer": line})
	if err != nil {
		return nil, errors.New("the answer cannot be sent")
	}
	return c.call(ctx, http.MethodPost, pathAuthenticate+"/"+url.PathEscape(uuid), body)
}

func (c *loginClient) call(ctx context.Context, method, path string, body []byte) (*turn, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.cfg.endpoint.String()+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.cfg.endpoint.Host, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "duoplane-login/"+version)
	setToken(req, c.cfg.account, c.cfg.password)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, c.unreachable(err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, c.refused(res.StatusCode, text)
	}
	t := new(turn)
	if err := json.Unmarshal(text, t); err != nil || t.UUID == "" {
		return nil, fmt.Errorf("%s does not answer as Duoplane does", c.cfg.endpoint.Host)
	}
	return t, nil
}

// setToken is where the token is put to its use.
func setToken(req *http.Request, account string, password secret.Text) {
	req.SetBasicAuth(account, password.Reveal()) //nolint:forbidigo // the one place where it leaves
}

// unreachable says in one line why there is no answer. The cause is kept from
// errors.Is: that somebody gave up is no success here.
func (c *loginClient) unreachable(err error) error {
	if cause, ok := errors.AsType[*url.Error](err); ok {
		err = cause.Err
	}
	return fmt.Errorf("%s cannot be reached: %s", c.cfg.endpoint.Host, printableLine(err.Error()))
}

// refused says in one line what the server has against the call.
func (c *loginClient) refused(status int, body []byte) error {
	switch status {
	case http.StatusUnauthorized:
		return fmt.Errorf("%s refuses the token", c.cfg.endpoint.Host)
	case http.StatusForbidden:
		return fmt.Errorf("%s does not let the token's account ask for second factors; its role must be login", c.cfg.endpoint.Host)
	}
	var answer struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Message == "" {
		return fmt.Errorf("%s answers with HTTP status %d", c.cfg.endpoint.Host, status)
	}
	return fmt.Errorf("%s: %s", c.cfg.endpoint.Host, printableLine(answer.Error.Message))
}

// printableLine makes one harmless line of a text of the other side.
func printableLine(text string) string {
	const limit = 500
	runes := []rune(text)
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, string(runes[:min(len(runes), limit)]))
}
