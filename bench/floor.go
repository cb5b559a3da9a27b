package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/localca"
)

// floorCommand makes this program the bare server.
const floorCommand = "floor"

// A sample is an answer of Duoplane's that the bare server repeats.
type sample struct {
	Header http.Header
	Body   []byte
}

// startFloor starts the bare server as a process of its own, like Duoplane.
func startFloor(ctx context.Context, children *children, dir string, s sample) (endpoint, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return endpoint{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return endpoint{}, err
	}
	var r ready
	if err := children.start(ctx, self, []string{floorCommand, filepath.Join(dir, "floor.json")}, nil, text, &r); err != nil {
		return endpoint{}, err
	}
	return r.endpoint("/")
}

// serveFloor is the bare server: TLS, net/http and a handler that writes the
// same bytes whatever is asked. It tells in the ready file where it listens.
func serveFloor(ctx context.Context, readyFile string, stdin io.Reader) error {
	var s sample
	if err := json.NewDecoder(stdin).Decode(&s); err != nil {
		return err
	}
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		return err
	}
	leaf, err := ca.Leaf("127.0.0.1")
	if err != nil {
		return err
	}
	caFile := readyFile + ".ca.pem"
	if err := durable.Replace(caFile, ca.PEM(), 0o600); err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), s.Header)
			_, _ = w.Write(s.Body) // a client that left is no concern of the floor's
		}),
	}
	told, err := json.Marshal(ready{APIURL: fmt.Sprintf("https://%s", listener.Addr()), CAFile: caFile})
	if err != nil {
		return err
	}
	if err := durable.Replace(readyFile, told, 0o600); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // Serve reports what matters
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
