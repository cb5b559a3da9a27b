package duoapi_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
)

// nameServer answers every question with "no such name", or not at all.
func nameServer(t *testing.T, silent bool) *net.Resolver {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if n < 12 || silent {
				continue
			}
			buf[2] |= 0x80          // a response
			buf[3] = 0x80 | 3       // recursion available, NXDOMAIN
			buf[10], buf[11] = 0, 0 // no additional records
			end := 12
			for buf[end] != 0 {
				end += int(buf[end]) + 1
			}
			_, _ = conn.WriteTo(buf[:end+5], from)
		}
	}()
	t.Cleanup(func() { shut(conn); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func resolveWith(r *net.Resolver) func(*duoapi.Config) {
	return func(c *duoapi.Config) { c.Dial = (&net.Dialer{Resolver: r}).DialContext }
}

func via(proxy string) func(*duoapi.Config) {
	return func(c *duoapi.Config) { c.Proxy = secret.NewText(proxy) }
}

// closedPort is an address nobody listens at.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer shut(l)
	return l.Addr().String()
}

func TestKindsOfTheNetwork(t *testing.T) {
	ca := newAuthority(t)
	t.Run("a name that does not exist", func(t *testing.T) {
		_, err := client(t, "api-1.duo.example", ca, resolveWith(nameServer(t, false))).Ping(t.Context())
		fails(t, err, duoapi.KindLookup, duoapi.StepLookup)
	})
	t.Run("a silent name server", func(t *testing.T) {
		_, err := client(t, "api-1.duo.example", ca, resolveWith(nameServer(t, true)),
			func(c *duoapi.Config) { c.Timeouts.Connect = 50 * time.Millisecond }).Ping(t.Context())
		fails(t, err, duoapi.KindTimeout, duoapi.StepLookup)
	})
	t.Run("a port where nobody listens", func(t *testing.T) {
		_, err := client(t, closedPort(t), ca).Ping(t.Context())
		fails(t, err, duoapi.KindConnect, duoapi.StepConnect)
	})
	t.Run("a network that swallows the connection", func(t *testing.T) {
		_, err := client(t, "192.0.2.1", ca, func(c *duoapi.Config) {
			c.Timeouts.Connect = time.Millisecond
			c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}).Ping(t.Context())
		fails(t, err, duoapi.KindTimeout, duoapi.StepConnect)
	})
}

func TestACallerMayGiveUp(t *testing.T) {
	ca := newAuthority(t)
	ctx, cancel := context.WithCancel(t.Context())
	addr := listenTLS(t, ca, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1))
		cancel()
		mute(conn)
	})
	_, err := client(t, addr, ca).Ping(ctx)
	fails(t, err, duoapi.KindCancelled, duoapi.StepReply)
}

func push(async bool) duoapi.AuthRequest {
	return duoapi.AuthRequest{Username: "alice", Factor: duoapi.FactorPush, Device: duoapi.DeviceAuto, Async: async}
}

func TestOneConnectionServesALogin(t *testing.T) {
	for _, proto := range []string{"HTTP/2.0", "HTTP/1.1"} {
		t.Run(proto, func(t *testing.T) {
			f := serve(t, script)
			edit := func(*duoapi.Config) {}
			if proto == "HTTP/1.1" {
				edit = refuseHTTP2(t, f)
			}
			c := f.client(t, edit)
			login(t, c)
			if got := f.connections(); got != 1 {
				t.Errorf("%d connections, want 1", got)
			}
			if got := f.last().proto; got != proto {
				t.Errorf("spoke %s, want %s", got, proto)
			}
			c.Close()
			login(t, c)
			if got := f.connections(); got != 2 {
				t.Errorf("%d connections after Close, want 2", got)
			}
		})
	}
}

// refuseHTTP2 puts a relay in between that takes TLS with HTTP/1.1 alone.
func refuseHTTP2(t *testing.T, f *fakeDuo) func(*duoapi.Config) {
	t.Helper()
	addr := listenTLS(t, f.ca, func(conn net.Conn) {
		up, err := (&tls.Dialer{Config: &tls.Config{RootCAs: f.ca.pool, NextProtos: []string{"http/1.1"}}}).DialContext(context.Background(), "tcp", f.addr)
		if err != nil {
			return
		}
		defer shut(up)
		go func() { _, _ = io.Copy(up, conn); shut(up) }()
		_, _ = io.Copy(conn, up)
	}, "http/1.1")
	return func(c *duoapi.Config) { c.Host = addr }
}

// script answers a whole login.
func script(w http.ResponseWriter, r *http.Request) {
	body := map[string]string{
		"/auth/v2/ping":        `{"time":1800000000}`,
		"/auth/v2/check":       `{"time":1800000000}`,
		"/auth/v2/preauth":     `{"result":"auth","status_msg":"Account is active","devices":[]}`,
		"/auth/v2/auth":        `{"txid":"45f7c92b-f45f-4862-8545-e0f58e78075a"}`,
		"/auth/v2/auth_status": `{"result":"allow","status":"allow","status_msg":"Success. Logging you in..."}`,
	}[r.URL.Path]
	answer(200, `{"stat":"OK","response":`+body+`}`)(w, r)
}

func login(t *testing.T, c *duoapi.Client) {
	t.Helper()
	if _, err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Preauth(t.Context(), duoapi.PreauthRequest{Username: "alice"}); err != nil {
		t.Fatal(err)
	}
	started, err := c.Auth(t.Context(), push(true))
	if err != nil {
		t.Fatal(err)
	}
	state, err := c.AuthStatus(t.Context(), started.TxID)
	if err != nil || state.Result != duoapi.Allow {
		t.Fatalf("got %v, %v", state, err)
	}
}
