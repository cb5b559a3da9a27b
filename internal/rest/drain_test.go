package rest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/rest"
)

// TestNoRequestFailsBecauseTheServerStops has clients send request after
// request on connections they keep, in the barest way: whoever gets no answer
// to a request tries nothing again.
func TestNoRequestFailsBecauseTheServerStops(t *testing.T) {
	cert, roots := testCertificate(t)
	var answered atomic.Int64
	server, err := rest.NewServer(rest.ServerConfig{
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answered.Add(1)
			w.WriteHeader(http.StatusNoContent)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const clients = 24
	var serving, asking, warm sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(ln); err != nil {
			t.Error(err)
		}
	})
	warm.Add(clients)
	for i := range clients {
		c, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		asking.Go(func() {
			think := time.Duration(i) * 5 * time.Millisecond // between two requests, as far as 115 ms
			once := sync.OnceFunc(warm.Done)
			for in := bufio.NewReader(c); ; <-time.After(think) {
				if _, err := io.WriteString(c, "PATCH /api/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
					t.Errorf("client %d cannot send: %v", i, err)
					once()
					return
				}
				res, err := http.ReadResponse(in, nil)
				once()
				if err != nil {
					t.Errorf("client %d has no answer: %v", i, err)
					return
				}
				_ = res.Body.Close()
				if res.Close {
					return
				}
			}
		})
	}
	warm.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	asking.Wait()
	serving.Wait()
	if answered.Load() < clients {
		t.Errorf("%d requests answered", answered.Load())
	}
}
