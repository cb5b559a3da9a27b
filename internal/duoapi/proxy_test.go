package duoapi_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duoapi"
)

// tunnel is a CONNECT proxy. It sends every tunnel to one address, as if that
// were what the name asked for resolves to.
type tunnel struct {
	addr        string
	to          string
	credentials string // "" lets everybody through

	mu    sync.Mutex // guards what follows
	asked []string   // targets
	agent string
}

func startTunnel(t *testing.T, to, credentials string) *tunnel {
	t.Helper()
	p := &tunnel{to: to, credentials: credentials}
	p.addr = listen(t, p.handle)
	return p
}

func (p *tunnel) handle(conn net.Conn) {
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil || req.Method != http.MethodConnect {
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		return
	}
	p.mu.Lock()
	p.asked, p.agent = append(p.asked, req.Host), req.UserAgent()
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.credentials))
	if got := req.Header.Get("Proxy-Authorization"); p.credentials != "" && got != want {
		_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required, not "+got+"\r\n\r\n")
		return
	}
	up, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.to)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer shut(up)
	_, _ = io.WriteString(conn, "HTTP/1.0 200 Connection established\r\nProxy-Agent: test\r\n\r\n")
	go func() { _, _ = io.Copy(up, in); shut(up) }()
	_, _ = io.Copy(conn, up)
}

func (p *tunnel) targets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// named is a fake Duo with a certificate for a name that no resolver knows.
func named(t *testing.T, name string) (ca *authority, addr string) {
	t.Helper()
	ca = newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, name, nil)}}
	addr = listen(t, func(conn net.Conn) {
		secure := tls.Server(conn, cfg)
		if secure.HandshakeContext(context.Background()) == nil {
			say("HTTP/1.1 200 OK\r\n\r\n" + okPing)(secure)
		}
	})
	return ca, addr
}

func TestTheProxyOpensATunnelAndTLSIsWithDuo(t *testing.T) {
	for _, credentials := range []string{"", "user:p%40ss:w@rd", "user:"} {
		t.Run(credentials, func(t *testing.T) {
			ca, addr := named(t, "api-1.duo.example")
			p := startTunnel(t, addr, credentials)
			setting := p.addr
			if credentials != "" {
				setting = "http://" + credentials + "@" + p.addr + "/"
			}
			c := client(t, "API-1.duo.example", ca, via(setting), func(c *duoapi.Config) { c.UserAgent = "tester/1" })
			if _, err := c.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"api-1.duo.example:443"}, p.targets()); diff != "" {
				t.Error(diff)
			}
			if p.agent != "tester/1" {
				t.Errorf("user agent %q", p.agent)
			}
		})
	}
}

func TestKindsOfProxies(t *testing.T) {
	ca, addr := named(t, "api-1.duo.example")
	raw := func(reply string) string {
		return listen(t, func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, reply)
		})
	}
	for _, test := range []struct {
		name, proxy string
		kind        duoapi.Kind
		step        duoapi.Step
		http        int
	}{
		{"nobody there", closedPort(t), duoapi.KindProxy, duoapi.StepConnect, 0},
		{"a password missing", startTunnel(t, addr, "u:p").addr, duoapi.KindProxyAuth, duoapi.StepProxy, 407},
		{"a password wrong", "u:q@" + startTunnel(t, addr, "u:p").addr, duoapi.KindProxyAuth, duoapi.StepProxy, 407},
		{"Duo out of its reach", startTunnel(t, closedPort(t), "").addr, duoapi.KindProxy, duoapi.StepProxy, 502},
		{"a refusal", raw("HTTP/1.1 403 Forbidden\r\n\r\n"), duoapi.KindProxy, duoapi.StepProxy, 403},
		{"a success other than 200", raw("HTTP/1.1 204 No Content\r\n\r\n"), duoapi.KindProxy, duoapi.StepProxy, 204},
		{"a hang-up", raw(""), duoapi.KindProxy, duoapi.StepProxy, 0},
		{"something that is no proxy", raw("220 mail.example ESMTP\r\n"), duoapi.KindProxy, duoapi.StepProxy, 0},
		{"another server at the end", startTunnel(t, listenLeaf(t, ca.leaf(t, "elsewhere.example", nil)), "").addr, duoapi.KindTLSName, duoapi.StepTLS, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := client(t, "api-1.duo.example", ca, via(test.proxy))
			_, err := c.Ping(t.Context())
			e := failure(t, err, test.kind, test.step)
			if e.HTTP != test.http {
				t.Errorf("HTTP %d, want %d", e.HTTP, test.http)
			}
		})
	}
	t.Run("a proxy whose name does not exist", func(t *testing.T) {
		c := client(t, "api-1.duo.example", ca, via("proxy.example:3128"), resolveWith(nameServer(t, false)))
		_, err := c.Ping(t.Context())
		e := failure(t, err, duoapi.KindProxy, duoapi.StepLookup)
		if got, want := e.Reason(), "Proxy name cannot be resolved"; got != want {
			t.Errorf("reason %q, want %q", got, want)
		}
	})
	t.Run("a proxy that is not there is not one that refuses", func(t *testing.T) {
		c := client(t, "api-1.duo.example", ca, via(closedPort(t)))
		_, err := c.Ping(t.Context())
		e := failure(t, err, duoapi.KindProxy, duoapi.StepConnect)
		if got, want := e.Reason(), "Proxy cannot be reached"; got != want {
			t.Errorf("reason %q, want %q", got, want)
		}
	})
}

// net/http reads the environment's proxy once in a process, so it is set for
// the whole of this one, to a port where nobody listens.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		_ = os.Setenv(name, "http://127.0.0.1:1")
	}
	_, _ = os.Unsetenv("NO_PROXY"), os.Unsetenv("no_proxy")
	os.Exit(m.Run())
}

// The environment belongs to whoever starts the process, or logs in: it must
// not choose who sees the traffic. Names of this machine would not show it,
// for they are never reached through a proxy of the environment.
func TestTheEnvironmentSetsNoProxy(t *testing.T) {
	ca, addr := named(t, "api-1.duo.example")
	var asked string
	c := client(t, "api-1.duo.example", ca, func(c *duoapi.Config) {
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			asked = address
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	})
	if _, err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if want := "api-1.duo.example:443"; asked != want {
		t.Errorf("dialled %q, want %q", asked, want)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	good := duoapi.Config{Host: "api-1.duo.example", IntegrationKey: testIkey, SecretKey: keyText}
	for name, edit := range map[string]func(*duoapi.Config){
		"no host":                     func(c *duoapi.Config) { c.Host = "" },
		"a host with a scheme":        func(c *duoapi.Config) { c.Host = "https://api-1.duo.example" },
		"no integration key":          func(c *duoapi.Config) { c.IntegrationKey = "" },
		"a colon in that key":         func(c *duoapi.Config) { c.IntegrationKey = "DI:" },
		"no secret key":               func(c *duoapi.Config) { c.SecretKey = none },
		"a proxy of another kind":     via("socks5://user:hunter2@proxy.example"),
		"a proxy with a strange name": via("user:hunter2@pro xy"),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			edit(&cfg)
			c, err := duoapi.New(cfg)
			if c != nil || duoapi.KindOf(err) != duoapi.KindConfig {
				t.Fatalf("got %v, %v", c, err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a password in %v", err)
			}
		})
	}
	if _, err := duoapi.New(good); err != nil {
		t.Error(err)
	}
}
