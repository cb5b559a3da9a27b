package rest_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/duoplane/duoplane/internal/rest"
)

// A countingListener counts how often it is closed.
type countingListener struct {
	net.Listener

	accepting chan struct{}
	closes    atomic.Int32
}

func (l *countingListener) Accept() (net.Conn, error) {
	close(l.accepting)
	return l.Listener.Accept()
}

func (l *countingListener) Close() error {
	l.closes.Add(1)
	return l.Listener.Close()
}

// TestAListenerIsClosedOnce guards the end of a server nobody is connected to:
// the server and the http.Server in it both close what they listen on, and the
// second to do so would tell of a listener that is closed already.
func TestAListenerIsClosedOnce(t *testing.T) {
	cert, _ := testCertificate(t)
	server, err := rest.NewServer(rest.ServerConfig{
		TLS:     &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		Handler: http.NotFoundHandler(),
	})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := &countingListener{Listener: inner, accepting: make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	<-ln.accepting
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if n := ln.closes.Load(); n != 1 {
		t.Errorf("closed %d times", n)
	}
}
