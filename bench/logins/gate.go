package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A gateSide is "duoplane login" as ForceCommand would start it, asking a
// "duoplane serve" whose profile has Duo at the other end of the line.
type gateSide struct {
	*child
	binary, conf string
	told         struct {
		URL    string `json:"api_url"`
		CAFile string `json:"ca_file"`
	}
}

func startGate(ctx context.Context, dir, binary, port string, s *sim) (*gateSide, error) {
	g := &gateSide{binary: binary, conf: filepath.Join(dir, "login."+port+".yaml")}
	password := "b3nch" + rand.Text()
	var err error
	g.child, err = startChild(ctx, &g.told, filepath.Join(dir, "serve."+port+".json"), []string{"DUOPLANE_ADMIN_PASSWORD=" + password},
		binary, "serve", "--data-dir", filepath.Join(dir, "serve."+port), "--api-listen", "127.0.0.1:0", "--ssh-listen", "127.0.0.1:0", "--duo-ca-file", s.told.CAFile)
	if err != nil {
		return nil, err
	}
	if err := g.furnish(ctx, port, password, s); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	text := fmt.Sprintf("endpoint: %s\nca_file: %s\ntoken: 'gate:%s'\n", g.told.URL, g.told.CAFile, password)
	return g, os.WriteFile(g.conf, []byte(text), 0o600)
}

// furnish makes the profile and the account that may ask for second factors.
func (g *gateSide) furnish(ctx context.Context, port, password string, s *sim) error {
	pem, err := os.ReadFile(g.told.CAFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	for path, body := range map[string]string{
		"/api/security/authentication/duo/profiles": fmt.Sprintf(
			`{"api_host":"localhost:%s","integration_key":%q,"secret_key":%q,"fail_mode":"secure"}`, port, s.told.IKey, s.told.SKey),
		"/api/security/accounts": fmt.Sprintf(
			`{"name":"gate","role":"login","password":%q,"applications":[{"application":"http","authentication_methods":["password"]}]}`, password),
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.told.URL+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.SetBasicAuth("admin", password)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusCreated {
			return fmt.Errorf("%s: %s: %s", path, resp.Status, text)
		}
	}
	return nil
}

// login is one login without a terminal, from the start of the process to the
// end of the user's shell.
func (g *gateSide) login(ctx context.Context, _ kind) (wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, g.binary, "login", "--config", g.conf, "--user", userName, "--host", clientAddr, "true") //nolint:gosec // the user's own binary
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/root"}
	var log bytes.Buffer
	cmd.Stderr = &log
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("duoplane login: %w\n%s", err, log.String())
	}
	wall = time.Since(began)
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
