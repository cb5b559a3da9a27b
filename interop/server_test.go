package interop

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// readyFile is what "duoplane dev --ready-file" tells once everything listens.
type readyFile struct {
	APIURL            string `json:"api_url"`
	CAFile            string `json:"ca_file"`
	MetricsURL        string `json:"metrics_url"`
	AdminUser         string `json:"admin_user"`
	AdminPassword     string `json:"admin_password"`
	ClusterUUID       string `json:"cluster_uuid"`
	SVMUUID           string `json:"svm_uuid"`
	SimURL            string `json:"sim_url"`
	SimIntegrationKey string `json:"sim_integration_key"`
	SimSecretKey      string `json:"sim_secret_key"`
}

// server is one running "duoplane dev".
type server struct {
	readyFile
	roots *x509.CertPool
}

// buildBinary compiles cmd/duoplane of the tree this package stands in.
func buildBinary(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "duoplane")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/duoplane")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/duoplane: %v\n%s", err, out)
	}
	return binary
}

// startServer starts "duoplane dev" on free ports and waits until it is ready.
// At the end of the test the server gets SIGTERM and has to exit with 0.
func startServer(t *testing.T) *server {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	ended := func(err error) {
		if err != nil {
			t.Errorf("duoplane dev ended with %v, want exit code 0", err)
		}
	}
	p := startProcess(t, ended, buildBinary(t), "dev", "--ready-file", ready,
		"--api-listen", "127.0.0.1:0", "--ssh-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
		"--sim-listen", "127.0.0.1:0", "--sim-control-listen", "127.0.0.1:0")

	s := &server{}
	p.await(t, func() bool {
		text, err := os.ReadFile(ready)
		if errors.Is(err, os.ErrNotExist) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &s.readyFile); err != nil {
			t.Fatalf("ready file: %v\n%s", err, text)
		}
		return true
	})
	s.roots = certPool(t, s.CAFile)
	return s
}

// client returns an HTTP client that trusts the server's own CA file only and
// never follows a redirect: ONTAP sends none.
func (s *server) client() *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func certPool(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", file)
	}
	return pool
}
