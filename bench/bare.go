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

	"github.com/duoplane/duoplane/bench/load"
	"github.com/duoplane/duoplane/bench/process"
	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/localca"
)

// A sample is an answer of Duoplane's that the bare server repeats.
type sample struct {
	Header http.Header
	Body   []byte
}

// A bareServer is TLS, net/http and a handler that writes the same bytes
// whatever is asked: the least that any server in Go does.
type bareServer struct {
	*process.Process
	URL, CAFile string
	endpoint    load.Endpoint
}

// startBareServer starts it as a process of its own, like Duoplane.
func startBareServer(ctx context.Context, dir string, s sample) (*bareServer, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := new(bareServer)
	ready := filepath.Join(dir, "bare.json")
	b.Process, err = process.Start(ctx, process.Command{
		Program: self, Args: []string{bareServerCommand, ready}, Stdin: text, Ready: ready,
	}, b)
	if err != nil {
		return nil, err
	}
	config, err := load.Trusting(b.CAFile)
	if err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	b.endpoint, err = load.NewEndpoint(b.URL, config)
	return b, err
}

// serveBare is the bare server's process. It tells in the ready file where it
// listens.
func serveBare(ctx context.Context, args []string, stdin io.Reader, _ io.Writer) error {
	readyFile := args[0]
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
	b := bareServer{CAFile: readyFile + ".ca.pem"}
	if err := durable.Replace(b.CAFile, ca.PEM(), 0o600); err != nil {
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
			_, _ = w.Write(s.Body) // a client that left is no concern of this one's
		}),
	}
	b.URL = fmt.Sprintf("https://%s", listener.Addr())
	told, err := json.Marshal(b)
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
