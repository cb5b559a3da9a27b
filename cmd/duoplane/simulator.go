package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/localca"
)

const simCAFile = "sim-ca.pem"

// listen opens the simulator's two listeners, or none.
func (o *simListenOptions) listen(ctx context.Context) (api, control net.Listener, err error) {
	api, apiErr := listen(ctx, "sim-listen", o.SimListen)
	control, controlErr := listen(ctx, "sim-control-listen", o.SimControlListen)
	if err := errors.Join(apiErr, controlErr); err != nil {
		return nil, nil, errors.Join(err, closeListener(api), closeListener(control))
	}
	return api, control, nil
}

// simConfig is what a simulator is made from.
type simConfig struct {
	api, control net.Listener
	listen       simListenOptions // as the user gave the two
	seed         duosim.Seed
	autoApprove  bool
	dir          string // gets the certificate of its authority
	log          *slog.Logger
}

// A simulator is a simulated Duo service on two open listeners, with what its
// clients need to know.
type simulator struct {
	edges       []edge
	roots       *x509.CertPool
	caFile      string
	integration duosim.Integration // the first
	user        string             // the first
	host        string             // host:port, as a profile takes it
	controlURL  string
}

// newSimulator makes a simulator with fresh keys. It answers once its edges
// are served.
func newSimulator(cfg simConfig) (*simulator, error) {
	if err := completeKeys(&cfg.seed); err != nil {
		return nil, err
	}
	// RSA: the Duo Unix clients of all ages were tried with it.
	ca, err := localca.New(localca.RSA)
	if err != nil {
		return nil, err
	}
	cert, err := ca.Leaf(certNames(cfg.listen.SimListen, cfg.api.Addr())...)
	if err != nil {
		return nil, err
	}
	s := &simulator{
		roots:       ca.Pool(),
		caFile:      filepath.Join(cfg.dir, simCAFile),
		integration: cfg.seed.Integrations[0],
		host:        hostPort(cfg.api.Addr()),
		controlURL:  "http://" + hostPort(cfg.control.Addr()),
	}
	if len(cfg.seed.Users) > 0 {
		s.user = cfg.seed.Users[0].Name
	}
	if err := durable.Replace(s.caFile, ca.PEM(), 0o644); err != nil {
		return nil, err
	}
	sim, err := duosim.New(duosim.Config{
		Seed: cfg.seed, AutoApprove: cfg.autoApprove, PortalURL: s.controlURL,
		Hosts: hostOf(cfg.listen.SimControlListen), Logger: cfg.log,
	})
	if err != nil {
		return nil, err
	}
	api, control := duosim.NewServer(sim.API(), cfg.log), duosim.NewServer(sim.Control(), cfg.log)
	api.RegisterOnShutdown(sim.Close) // held polls would wait for their time
	s.edges = []edge{
		{"simulated Duo service", tls.NewListener(cfg.api, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}), api},
		{"simulator's control", cfg.control, control},
	}
	return s, nil
}

// completeKeys makes up the keys that a seed leaves to chance, so that they
// can be told; a seed without an integration gets one.
func completeKeys(seed *duosim.Seed) error {
	if len(seed.Integrations) == 0 {
		seed.Integrations = []duosim.Integration{{Name: "sample"}}
	}
	for i := range seed.Integrations {
		ikey, skey, err := duosim.GenerateKeys(nil)
		if err != nil {
			return err
		}
		in := &seed.Integrations[i]
		if in.IKey == "" {
			in.IKey = ikey
		}
		if in.SKey.IsZero() {
			in.SKey.Text = skey
		}
	}
	return nil
}

// hostOf returns the host that an address was given with, if any.
func hostOf(addr string) []string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return nil
	}
	return []string{host}
}

// secretKey returns the first integration's secret key. Whoever started the
// simulator needs it for their clients, and it is forgotten at the end.
func (s *simulator) secretKey() string {
	return s.integration.SKey.Reveal()
}

// describe fills in the simulator's part of the ready file.
func (s *simulator) describe(r *ready) {
	r.SimURL, r.SimCAFile, r.SimControlURL, r.PhoneURL = "https://"+s.host, s.caFile, s.controlURL, s.controlURL+"/"
	r.SimIntegrationKey, r.SimSecretKey, r.SimUser = s.integration.IKey, s.secretKey(), s.user
}

// print tells a person what the ready file tells a script.
func (s *simulator) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, `Duo, simulated. Nothing here protects anything, and all is forgotten at exit.

  API host         %s
  Trust            %s
  Integration key  %s
  Secret key       %s
  User             %s
  Phones, control  %s
`, s.host, s.caFile, s.integration.IKey, s.secretKey(), s.user, s.controlURL)
	return err
}
