package duoapi

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

// Config is everything a Client is told. Nothing is read from the environment.
type Config struct {
	// Host is the API host, "api-XXXXXXXX.duosecurity.com", perhaps with
	// ":port". Letter case does not matter. Required.
	Host string
	// IntegrationKey names the application, 20 characters at Duo. Required.
	IntegrationKey string
	// SecretKey signs, 40 characters at Duo. Required.
	SecretKey secret.Text
	// Proxy is "[http://][user:password@]host[:port]", taken literally, with
	// port 80 by default; a secret because it may hold a password. Absent: no
	// proxy, whatever the environment says.
	Proxy secret.Text
	// RootCAs are the authorities trusted for Duo's certificate; nil: the
	// system's. There is no way to switch verification off.
	RootCAs *x509.CertPool
	// UserAgent is sent to Duo and to the proxy; "" is "duoplane".
	UserAgent string
	// Signing is how requests are written and signed.
	Signing Signing
	// Timeouts bound the parts of a call; zero fields have defaults.
	Timeouts Timeouts
	// Now is the clock that requests are dated by; nil: time.Now.
	Now func() time.Time
	// Observe is told how every request to Duo ended, repeated ones included:
	// kind is "" for a reply that the call could use. It must not block. Nil:
	// nobody is told.
	Observe func(call Call, kind Kind, took time.Duration)
	// Dial opens TCP connections; nil: a net.Dialer, which alone gives Probe
	// its lookup step. It is for tests and for hosts with a network of their
	// own.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Timeouts bound the parts of a call. The caller's context bounds the whole.
type Timeouts struct {
	Connect   time.Duration // name lookup and TCP connection together; 5 s
	Handshake time.Duration // TLS; 5 s
	Call      time.Duration // a whole call that Duo answers at once; 10 s
	Poll      time.Duration // a whole call that Duo holds open, a synchronous Auth or AuthStatus; 70 s
}

func (t Timeouts) withDefaults() Timeouts {
	for _, d := range []struct {
		at  *time.Duration
		def time.Duration
	}{
		{&t.Connect, 5 * time.Second},
		{&t.Handshake, 5 * time.Second},
		{&t.Call, 10 * time.Second},
		{&t.Poll, 70 * time.Second}, // Duo gives up on a push or phone call after about 60 s
	} {
		if *d.at <= 0 {
			*d.at = d.def
		}
	}
	return t
}

// A Client talks to one Duo application over one pool of connections. It may
// be used concurrently.
type Client struct {
	cfg       Config
	host      apiHost
	proxy     *proxy
	offset    *atomic.Int64 // nanoseconds Duo's clock is ahead of Now, as of the last Ping
	transport *http.Transport
}

// New checks the Config and returns a Client. It connects to nothing. The
// error is an *Error of KindConfig.
func New(cfg Config) (*Client, error) {
	host, problem := parseHost(cfg.Host)
	if problem == "" {
		problem = checkKeys(cfg)
	}
	var via *proxy
	if problem == "" {
		via, problem = parseProxy(cfg.Proxy)
	}
	if problem != "" {
		return nil, &Error{Kind: KindConfig, Detail: problem}
	}
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	if cfg.UserAgent == "" {
		cfg.UserAgent = "duoplane"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Call, Kind, time.Duration) {}
	}
	c := &Client{cfg: cfg, host: host, proxy: via, offset: new(atomic.Int64)}
	c.transport = c.newTransport()
	return c, nil
}

func checkKeys(cfg Config) string {
	switch {
	case cfg.IntegrationKey == "":
		return "there is no integration key"
	case strings.Contains(cfg.IntegrationKey, ":"):
		return "the integration key holds a colon"
	case cfg.SecretKey.IsZero():
		return "there is no secret key"
	}
	return ""
}

// fresh returns a Client with the same settings and clock and no connections.
func (c *Client) fresh() *Client {
	f := &Client{cfg: c.cfg, host: c.host, proxy: c.proxy, offset: c.offset}
	f.transport = f.newTransport()
	return f
}

// Close drops the idle connections, and those in use as soon as they are
// idle. Calls under way end undisturbed; a later call connects anew.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Format writes the API host under every verb; fmt would walk through the
// pool otherwise, which others are using.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "Duo client of %s", c.host.address)
}

// Offset returns by how much Duo's clock was ahead of this host's at the last
// Ping, to about a second; 0 before the first.
func (c *Client) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// now is the time as Duo sees it.
func (c *Client) now() time.Time { return c.cfg.Now().Add(c.Offset()) }
