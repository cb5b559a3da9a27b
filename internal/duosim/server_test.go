package duosim_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/duosim"
)

// pipes is a listener whose connections are pipes, which obey fake time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	close sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

func TestTheServersLimitsLeaveHeldPollsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		p := newPipes()
		server := duosim.NewServer(d.api, nil)
		go server.Serve(p)   //nolint:errcheck // ends with the listener
		defer server.Close() //nolint:errcheck // the test is over
		transport := &http.Transport{DialContext: p.dial}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		txid := d.push(t)
		begin := time.Now()
		for i, want := range []time.Duration{0, 25 * time.Second, 50 * time.Second, 60 * time.Second} {
			r := request("GET", "http://localhost", "/auth/v2/auth_status", "txid", txid)
			resp, err := client.Do(r)
			if err != nil {
				t.Fatalf("poll %d: %v", i, err)
			}
			if got := decode(t, resp); time.Since(begin) != want || got.HTTP != 200 {
				t.Errorf("poll %d after %v: %s", i, time.Since(begin), got.Body)
			}
		}
	})
}

func TestAClientThatSendsTooSlowlyIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		for path, handler := range map[string]http.Handler{"/auth/v2/preauth": d.api, "/api/users": d.sim.Control(), "/portal": d.api} {
			for body, limit := range map[string]time.Duration{"": 10 * time.Second, "Content-Length: 9\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nabc": 20 * time.Second} {
				p := newPipes()
				server := duosim.NewServer(handler, nil)
				go server.Serve(p) //nolint:errcheck // ends with the listener
				conn, _ := p.dial(t.Context(), "", "")
				begin := time.Now()
				go fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\n%s", path, body) //nolint:errcheck // the server may hang up
				in := bufio.NewReader(conn)
				for {
					if _, err := in.ReadString('\n'); err != nil {
						break
					}
				}
				if took := time.Since(begin); took < limit || took > limit+time.Second {
					t.Errorf("%s with %q: given up after %v", path, body, took)
				}
				_ = conn.Close()
				_ = server.Close()
			}
		}
	})
}
