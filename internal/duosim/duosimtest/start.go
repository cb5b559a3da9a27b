// Package duosimtest runs the Duo simulator for tests, behind real TLS on a
// port of its own.
package duosimtest

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/localca"
	"github.com/duoplane/duoplane/internal/secret"
)

// A Service is a simulator that is being served.
type Service struct {
	*duosim.Sim
	// Host is what a client is configured with: localhost and the port.
	Host string
	// Pool trusts the server's certificate, and CA is the same as PEM.
	Pool *x509.CertPool
	CA   []byte
	// IKey and SKey are the keys of an application: the seed's first, else one
	// that was made up.
	IKey string
	SKey secret.Text
}

// Start serves a simulator until the test ends, each with an authority of its
// own. Where the configuration names
// no logger, its log goes to the test's.
func Start(tb testing.TB, config duosim.Config) *Service {
	tb.Helper()
	if config.Logger == nil {
		config.Logger = slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	sim, err := duosim.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	s := &Service{Sim: sim}
	if len(config.Seed.Integrations) > 0 {
		s.IKey = config.Seed.Integrations[0].IKey
		s.SKey, err = sim.SecretKey(s.IKey)
	} else {
		var made duosim.Integration
		made, err = sim.AddIntegration(duosim.Integration{Name: "test"})
		s.IKey, s.SKey = made.IKey, made.SKey.Text
	}
	if err != nil {
		tb.Fatal(err)
	}
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		tb.Fatal(err)
	}
	leaf, err := ca.Leaf("localhost", "127.0.0.1")
	if err != nil {
		tb.Fatal(err)
	}
	s.Pool, s.CA = ca.Pool(), ca.PEM()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	s.Host = net.JoinHostPort("localhost", port)
	web := duosim.NewServer(sim.API(), config.Logger)
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = web.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12}))
	})
	tb.Cleanup(func() {
		sim.Close()
		_ = web.Close()
		wg.Wait()
	})
	return s
}
