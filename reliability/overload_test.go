package reliability

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// mostMemory is what a server may take under the worst that strangers do.
const mostMemory = 512e6

// TestStrangersKeepNobodyOut floods a server in every way a stranger can while
// administrators work over REST and log in over SSH. They are all served, the
// server stays small, and when the flood is over nothing of it is left.
func TestStrangersKeepNobodyOut(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("all strangers come from one address: this system has but one of its own")
	}
	scale := 1
	if *long {
		scale = 8
	}
	p := serve(t, t.TempDir()+"/data", "--metrics-listen=127.0.0.1:0")
	c := p.client()
	for i := range 200 {
		if err := c.do(t.Context(), http.MethodPost, pathSVMs, map[string]any{"name": fmt.Sprintf("tenant%d", i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	p.login(t)
	before := p.gauges()

	ctx, stop := context.WithCancel(t.Context())
	flood := &flood{t: t, p: p, ctx: ctx}
	flood.hold(5000*scale, p.restAddr(), "")                                                         // more than there may be
	flood.hold(1000*scale, p.SSHAddr, "SSH-2.0-stranger\r\n")                                        // handshakes left half-way
	flood.holdTLS(100*scale, "POST /api/svm/svms HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r") // slow writers
	flood.holdTLS(100*scale, "GET /api/svm/svms?fields=* HTTP/1.1\r\nHost: x\r\n\r\n")               // slow readers, and strangers too
	flood.guess(8, "wrong-passw0rd")

	worst := before
	for range 20 * scale {
		began := time.Now()
		if err := c.do(ctx, http.MethodGet, pathSVMs+"?fields=*", nil, nil); err != nil {
			t.Errorf("an administrator's connection: %v", err)
		}
		if err := p.client().do(ctx, http.MethodGet, pathSVMs, nil, nil); err != nil {
			t.Errorf("an administrator's new connection: %v", err)
		}
		p.login(t)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("two requests and a login took %s", took)
		}
		worst = worst.most(p.gauges())
	}
	stop()
	flood.end()
	t.Logf("before: %s; worst: %s; %d guesses", before, worst, flood.guesses.Load())
	if worst.memory > mostMemory {
		t.Errorf("it grew to %.0f MB", worst.memory/1e6)
	}
	p.settles(t, before)
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, p.said.String())
	}
}

// settles waits until the server is as small as it was. A connection that is
// kept open for the next request, and the pool behind it, are no leak.
func (p *program) settles(t *testing.T, before gauges) {
	t.Helper()
	const some = 40
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		now := p.gauges()
		if now.goroutines <= before.goroutines+some && now.files <= before.files+some {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Errorf("the flood is over, and of %s are left %s", before, now)
			return
		}
	}
}

func (p *program) restAddr() string { return strings.TrimPrefix(p.APIURL, "https://") }

// login is an attempt that has to succeed.
func (p *program) login(t *testing.T) {
	t.Helper()
	if out, err := p.attempt(); err != nil || !strings.Contains(out, "cluster-1") {
		t.Errorf("an administrator's login: %q %v", out, err)
	}
}

// attempt logs in over SSH and returns what one command prints.
func (p *program) attempt() (string, error) {
	conn, err := ssh.Dial("tcp", p.SSHAddr, &ssh.ClientConfig{
		User: "admin", Auth: []ssh.AuthMethod{ssh.Password(password)}, Timeout: 30 * time.Second,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), // a server of this test's own
	})
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // it has served
	s, err := conn.NewSession()
	if err != nil {
		return "", err
	}
	out, err := s.Output("cluster identity show")
	return string(out), err
}

// A flood is what strangers do to a server, all at once, until it ends.
type flood struct {
	t   *testing.T
	p   *program
	ctx context.Context

	mu      sync.Mutex // guards conns
	conns   []net.Conn
	working sync.WaitGroup
	guesses atomic.Int64
}

// dialer is that of a stranger; they have many addresses where the system lets
// them.
func dialer(i int) *net.Dialer {
	d := &net.Dialer{Timeout: 10 * time.Second}
	if runtime.GOOS == "linux" {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%200))}
	}
	return d
}

// hold opens connections and keeps them. Which the server closes is its
// business.
func (f *flood) hold(n int, addr, hello string) {
	for i := range n {
		c, err := dialer(i).DialContext(f.ctx, "tcp", addr)
		if err != nil {
			continue
		}
		_, _ = io.WriteString(c, hello) // it may be closed already
		f.keep(c)
	}
}

// holdTLS is hold behind a TLS handshake.
func (f *flood) holdTLS(n int, hello string) {
	for i := range n {
		d := tls.Dialer{NetDialer: dialer(i), Config: &tls.Config{InsecureSkipVerify: true}} // a stranger does not ask who the server is
		c, err := d.DialContext(f.ctx, "tcp", f.p.restAddr())
		if err != nil {
			continue
		}
		_, _ = io.WriteString(c, hello)
		f.keep(c)
	}
}

// mostHeld is how many connections the strangers keep at a time: a process may
// not open files without end.
const mostHeld = 8000

func (f *flood) keep(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conns = append(f.conns, c); len(f.conns) > mostHeld {
		_ = f.conns[0].Close()
		f.conns = f.conns[1:]
	}
}

// guess tries passwords over and over.
func (f *flood) guess(guessers int, word string) {
	for i := range guessers {
		c := f.p.client()
		c.http.Transport.(*http.Transport).DialContext = dialer(i).DialContext
		f.working.Go(func() {
			for n := 0; f.ctx.Err() == nil; n++ {
				req, err := http.NewRequestWithContext(f.ctx, http.MethodGet, c.url+"/cluster", http.NoBody)
				if err != nil {
					f.t.Error(err)
					return
				}
				req.SetBasicAuth("admin", fmt.Sprint(word, n))
				res, err := c.http.Do(req)
				if err != nil {
					continue // the server had enough, or the flood is over
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if f.guesses.Add(1); res.StatusCode < 400 {
					f.t.Errorf("a wrong password was answered with %d", res.StatusCode)
				}
			}
			c.http.CloseIdleConnections()
		})
	}
}

// end waits for the guessers and lets go of every connection.
func (f *flood) end() {
	f.working.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		_ = c.Close()
	}
}
