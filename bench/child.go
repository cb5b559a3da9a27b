package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// ready is the ready file of duoplane, and of the bare server.
type ready struct {
	APIURL            string `json:"api_url"`
	CAFile            string `json:"ca_file"`
	AdminUser         string `json:"admin_user"`
	ClusterUUID       string `json:"cluster_uuid"`
	SimURL            string `json:"sim_url"`
	SimCAFile         string `json:"sim_ca_file"`
	SimIntegrationKey string `json:"sim_integration_key"`
	SimSecretKey      string `json:"sim_secret_key"`
}

// endpoint returns where path is served.
func (r ready) endpoint(path string) (endpoint, error) {
	pem, err := os.ReadFile(r.CAFile)
	if err != nil {
		return endpoint{}, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return endpoint{}, fmt.Errorf("%s holds no certificate", r.CAFile)
	}
	return newEndpoint(r.APIURL, path, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
}

// children are the processes of a run.
type children struct{ all []*child }

type child struct {
	name  string
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan error
}

// start starts a program whose last argument is its ready file and waits until
// that can be read into told.
func (c *children) start(ctx context.Context, program string, args, env []string, stdin []byte, told *ready) error {
	p := &child{name: program, ended: make(chan error, 1)}
	// Ended by stop, in order, not by ctx.
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), program, args...) //nolint:gosec // the user's own binary
	p.cmd.Stdin = bytes.NewReader(stdin)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.Env = append(os.Environ(), env...)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() { p.ended <- p.cmd.Wait() }()
	c.all = append(c.all, p)
	return p.await(ctx, args[len(args)-1], told)
}

func (p *child) await(ctx context.Context, readyFile string, told *ready) error {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		text, err := os.ReadFile(readyFile) //nolint:gosec // a file this program named
		if err == nil {
			return json.Unmarshal(text, told)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.name, err, p.out.Bytes())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.name, ctx.Err())
		case <-look.C:
		}
	}
}

// stop ends the processes, the last started first.
func (c *children) stop() error {
	var errs []error
	for _, p := range slices.Backward(c.all) {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		select {
		case err := <-p.ended:
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w\n%s", p.name, err, p.out.Bytes()))
			}
		case <-time.After(30 * time.Second):
			_ = p.cmd.Process.Kill()
			errs = append(errs, fmt.Errorf("%s did not stop", p.name))
		}
	}
	return errors.Join(errs...)
}
