package duoapi_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
)

const (
	testIkey = "DITESTKEY0123456789A"
	testSkey = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
	okPing   = `{"stat":"OK","response":{"time":1800000000}}`
)

// authority signs certificates for one test.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t), pool: x509.NewCertPool()}
	tmpl := template("test authority")
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = true, true, x509.KeyUsageCertSign
	a.cert = a.issue(t, tmpl, tmpl, a.key)
	a.pool.AddCert(a.cert)
	return a
}

// leaf returns a certificate for a name; an IP address is one, too.
func (a *authority) leaf(t *testing.T, name string, edit func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, tmpl := newKey(t), template(name)
	if ip := net.ParseIP(name); ip != nil {
		tmpl.IPAddresses = []net.IP{ip}
	} else {
		tmpl.DNSNames = []string{name}
	}
	if edit != nil {
		edit(tmpl)
	}
	cert := a.issue(t, tmpl, a.cert, key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func (a *authority) issue(t *testing.T, tmpl, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// template is valid at any time a test may run at, the year 2000 of a
// synctest bubble included.
func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// seen is one request as a server got it.
type seen struct {
	proto, method, host, path, query, body string
	header                                 http.Header
}

// fakeDuo is a TLS server that keeps its requests.
type fakeDuo struct {
	ca   *authority
	addr string

	mu    sync.Mutex // guards what follows
	log   []seen
	conns int
}

// serve starts a TLS server for the name "127.0.0.1" that answers with h.
func serve(t *testing.T, h http.HandlerFunc) *fakeDuo {
	t.Helper()
	f := &fakeDuo{ca: newAuthority(t)}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.mu.Lock()
		f.log = append(f.log, seen{r.Proto, r.Method, r.Host, r.URL.Path, r.URL.RawQuery, string(body), r.Header})
		f.mu.Unlock()
		h(w, r)
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{f.ca.leaf(t, "127.0.0.1", nil)}}
	s.Config.ErrorLog = quiet
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.mu.Lock()
			f.conns++
			f.mu.Unlock()
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	f.addr = s.Listener.Addr().String()
	return f
}

// requests returns the paths asked for, in order.
func (f *fakeDuo) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var paths []string
	for _, r := range f.log {
		paths = append(paths, r.path)
	}
	return paths
}

func (f *fakeDuo) last() seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log[len(f.log)-1]
}

func (f *fakeDuo) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns
}

// client returns a Client for an address, with short time limits.
func client(t *testing.T, addr string, ca *authority, edit ...func(*duoapi.Config)) *duoapi.Client {
	t.Helper()
	cfg := duoapi.Config{
		Host: addr, IntegrationKey: testIkey, SecretKey: secret.NewText(testSkey), RootCAs: ca.pool,
	}
	for _, e := range edit {
		e(&cfg)
	}
	c, err := duoapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (f *fakeDuo) client(t *testing.T, edit ...func(*duoapi.Config)) *duoapi.Client {
	t.Helper()
	return client(t, f.addr, f.ca, edit...)
}

// answer is a handler with a fixed reply.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// shut closes what the test is done with.
func shut(c io.Closer) { _ = c.Close() }

// listen runs a raw TCP server: handle gets each connection in its own
// goroutine, and hanging up is handle returning, at the latest when the test ends.
func listen(t *testing.T, handle func(net.Conn)) (addr string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			wg.Go(func() { defer shut(conn); handle(conn) })
		}
	})
	t.Cleanup(func() {
		shut(l)
		mu.Lock()
		for _, conn := range open {
			shut(conn)
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// listenTLS is listen behind a handshake for the name "127.0.0.1".
func listenTLS(t *testing.T, ca *authority, handle func(net.Conn), protos ...string) (addr string) {
	t.Helper()
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, "127.0.0.1", nil)}, NextProtos: protos}
	return listen(t, func(conn net.Conn) {
		secure := tls.Server(conn, cfg)
		if secure.HandshakeContext(context.Background()) == nil {
			handle(secure)
		}
	})
}

// say returns a handler for listenTLS that reads one request, answers with
// fixed bytes and hangs up.
func say(reply string) func(net.Conn) {
	return func(conn net.Conn) {
		if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = io.WriteString(conn, reply)
			_ = conn.(*tls.Conn).CloseWrite()
		}
	}
}
