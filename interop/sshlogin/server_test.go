package sshlogin

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The first code of a token with the secret of RFC 4226, appendix D, and one
// that is none of its codes.
const (
	rightCode = "755224"
	wrongCode = "000000"
)

// duoGroup is the group whose members "duoplane dev" asks for a second factor.
const duoGroup = "storage-admins"

// A server is a running "duoplane dev".
type server struct {
	APIURL        string `json:"api_url"`
	CAFile        string `json:"ca_file"`
	AdminPassword string `json:"admin_password"`
	ClusterUUID   string `json:"cluster_uuid"`
	SimControlURL string `json:"sim_control_url"`

	program string // duoplane as hosts have it installed
	ca      []byte
	http    http.Client
	names   atomic.Int64
}

// startServer builds duoplane from the tree this package stands in, and starts
// it. At the end of the test it gets SIGTERM and has to exit with 0.
func startServer(t *testing.T) *server {
	t.Helper()
	dir := newFolder(t)
	s := &server{program: dir.path("duoplane")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.program, "./cmd/duoplane")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/duoplane: %v\n%s", err, out)
	}
	ready := dir.path("ready.json")
	var log bytes.Buffer
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	dev := exec.CommandContext(ctx, s.program, "dev", "--ready-file="+ready,
		"--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--sim-listen=127.0.0.1:0", "--sim-control-listen=127.0.0.1:0")
	dev.Stderr = &log
	dev.Cancel = func() error { return dev.Process.Signal(syscall.SIGTERM) }
	dev.WaitDelay = limit // and then it is killed
	if err := dev.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := dev.Wait(); !dev.ProcessState.Success() {
			t.Errorf("duoplane dev: %v\n%s", err, log.String())
		}
	})
	s.await(t, ready)
	// From now on it is what hosts run: with the rights of its own user.
	if err := os.Chown(s.program, tokenUID, tokenUID); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.program, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	// Whoever sits at a terminal gets the menu.
	s.rest(t, http.MethodPatch, "/security/authentication/duo/profiles/"+s.ClusterUUID, map[string]any{"auto_push": false, "max_prompts": 2}, nil)
	return s
}

func (s *server) await(t *testing.T, ready string) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(limit)
	for {
		doc, err := os.ReadFile(ready)
		if err == nil {
			if err := json.Unmarshal(doc, s); err != nil {
				t.Fatal(err)
			}
			break
		}
		select {
		case <-late:
			t.Fatal("duoplane dev is not ready")
		case <-again.C:
		}
	}
	var err error
	if s.ca, err = os.ReadFile(s.CAFile); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.ca) {
		t.Fatal("no certificate in the CA file")
	}
	s.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
}

// addPerson makes somebody with a telephone and a token known to Duo. What they
// do with each push is approve or deny; "" leaves it.
func (s *server) addPerson(t *testing.T, does string) (name string) {
	t.Helper()
	name = fmt.Sprintf("user%d", s.names.Add(1))
	s.call(t, http.MethodPost, s.SimControlURL+"/api/users", map[string]any{"name": name, "devices": []map[string]any{
		{"type": "phone", "number": "+1 555 010 1234"},
		{"type": "token", "name": "HT-1", "otp": map[string]any{"kind": "hotp", "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}},
	}}, nil)
	if does != "" {
		s.call(t, http.MethodPost, s.SimControlURL+"/api/faults", map[string]any{"do": does, "user": name}, nil)
	}
	return name
}

// addHost makes an account for a host, and returns its token.
func (s *server) addHost(t *testing.T, name string) (token string) {
	t.Helper()
	const password = "first-token-1"
	s.rest(t, http.MethodPost, "/security/accounts", map[string]any{
		"name": name, "role": "login", "password": password,
		"applications": []map[string]any{{"application": "http", "authentication_methods": []string{"password"}}},
	}, nil)
	return name + ":" + password
}

// revoke gives an account another password.
func (s *server) revoke(t *testing.T, name string) {
	t.Helper()
	s.rest(t, http.MethodPatch, "/security/accounts/"+s.ClusterUUID+"/"+name, map[string]any{"password": "second-token-2"}, nil)
}

// logins is what the server has to say of a user's logins.
func (s *server) logins(t *testing.T, user string) []login {
	t.Helper()
	var page struct {
		Records []login `json:"records"`
	}
	s.rest(t, http.MethodGet, "/duoplane/logins?fields=*&order_by=id&user="+url.QueryEscape(user), nil, &page)
	if len(page.Records) == 0 {
		return nil
	}
	return page.Records
}

func (s *server) rest(t *testing.T, method, path string, body, into any) {
	t.Helper()
	s.call(t, method, s.APIURL+"/api"+path, body, into)
}

func (s *server) call(t *testing.T, method, address string, body, into any) {
	t.Helper()
	var doc []byte
	if body != nil {
		var err error
		if doc, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.SetBasicAuth("admin", s.AdminPassword)
	res, err := s.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	reply, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s, %v\n%s", method, address, res.Status, err, reply)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(reply, into); err != nil {
		t.Fatal(err)
	}
}
