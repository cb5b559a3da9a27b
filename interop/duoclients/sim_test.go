package duoclients

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// seed makes waiting short: a person has three seconds to answer and a poll is
// held for a twentieth of one, so that a client that polls as long as a person
// may take comes round more than twenty times. Strict is what Duo allows today.
const seed = `
settings:
  strict: true
  poll_hold: 50ms
  push_life: 3s
`

// A sim is a running "duoplane sim" and the control API of it.
type sim struct {
	host, port string // localhost and the port
	caFile     string // readable by everybody
	ikey, skey string
	control    string // URL
	names      atomic.Int64
}

// binary is DUOPLANE_BINARY, or is built from the tree this package stands in.
func binary(t *testing.T, dir folder) string {
	t.Helper()
	if given := os.Getenv("DUOPLANE_BINARY"); given != "" {
		return given
	}
	path := dir.path("duoplane")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/duoplane")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/duoplane: %v\n%s", err, out)
	}
	return path
}

// startSim starts the program's simulator on free ports.
func startSim(t *testing.T) *sim {
	t.Helper()
	dir := newFolder(t)
	ready := dir.path("ready.json")
	p := start(t, binary(t, dir), "sim", "--seed", dir.write(t, "seed.yaml", seed, 0o600), "--ready-file", ready,
		"--sim-listen", "127.0.0.1:0", "--sim-control-listen", "127.0.0.1:0")

	var told struct {
		SimURL            string `json:"sim_url"`
		SimCAFile         string `json:"sim_ca_file"`
		SimControlURL     string `json:"sim_control_url"`
		SimIntegrationKey string `json:"sim_integration_key"`
		SimSecretKey      string `json:"sim_secret_key"`
	}
	p.await(t, func() bool {
		text, err := os.ReadFile(ready)
		if errors.Is(err, os.ErrNotExist) {
			return false
		}
		if err == nil {
			err = json.Unmarshal(text, &told)
		}
		if err != nil {
			t.Fatalf("ready file: %v\n%s", err, text)
		}
		return true
	})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(told.SimURL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(told.SimCAFile)
	if err != nil {
		t.Fatal(err)
	}
	return &sim{
		host: "localhost", port: port, caFile: dir.write(t, "ca.pem", string(pem), 0o644),
		ikey: told.SimIntegrationKey, skey: told.SimSecretKey, control: told.SimControlURL,
	}
}

// addr is the simulator as clients name it.
func (s *sim) addr() string { return s.host + ":" + s.port }

// call makes a call of the control API.
func (s *sim) call(t *testing.T, method, path string, body, into any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.control+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s\n%s", method, path, resp.Status, reply)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(reply, into); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, reply)
	}
}

// enrol fills in the page an enrolment link leads to.
func (s *sim) enrol(t *testing.T, link string) {
	t.Helper()
	form := url.Values{"name": {"New phone"}, "platform": {"Android"}, "number": {"+1 555 010 9876"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("enrolment page %s: %s", link, resp.Status)
	}
}

// closedPort is a port of this machine where connections are refused, and go
// on being refused: it belongs to a socket that never listens.
func closedPort(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	in4, ok := bound.(*syscall.SockaddrInet4)
	if !ok {
		t.Fatalf("bound to %T", bound)
	}
	return strconv.Itoa(in4.Port)
}

// need fails the test when something it drives is not installed.
func need(t *testing.T, files ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("these tests need root: sshd and login_duo change users, PAM files are mounted")
	}
	for _, pattern := range files {
		if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
			t.Fatalf("%s is missing (interop/run.sh installs it)", pattern)
		}
	}
}
