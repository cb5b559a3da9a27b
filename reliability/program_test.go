package reliability

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "run every test as long as it takes to believe it")

// startLimit is how long the program may take to listen or to end; a loaded
// machine is slow, a broken program is not.
const startLimit = 60 * time.Second

const password = "correct-horse-battery-1"

var binary string // the program, built once

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "duoplane-reliability-")
	if err == nil {
		binary = filepath.Join(dir, "duoplane")
		build := exec.Command("go", "build", "-o", binary, "../cmd/duoplane")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// A program is the real duoplane in a process of its own.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	ended chan struct{} // closed once the process was waited for
	said  lockedBuffer

	APIURL     string `json:"api_url"`
	SSHAddr    string `json:"ssh_addr"`
	CAFile     string `json:"ca_file"`
	MetricsURL string `json:"metrics_url"`
}

// serve starts duoplane serve on a data directory and waits until it listens.
// It is ended with the test.
func serve(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ready.json")
	p := &program{t: t, ended: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{
		"serve", "--data-dir", dir, "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0", "--ready-file", file,
	}, args...)...)
	p.cmd.Env = append(os.Environ(), "DUOPLANE_ADMIN_PASSWORD="+password)
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the exit code tells
		close(p.ended)
	}()
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	p.await(file)
	return p
}

// await reads the ready file once it is there.
func (p *program) await(file string) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		select {
		case <-tick.C:
		case <-p.ended:
			p.t.Fatalf("it ended with %d:\n%s", p.cmd.ProcessState.ExitCode(), p.said.String())
		case <-limit:
			p.t.Fatalf("it does not listen:\n%s", p.said.String())
		}
		doc, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(doc, p)
		}
		if err != nil {
			p.t.Fatalf("ready file %s: %v", doc, err)
		}
		return
	}
}

// end sends a signal, waits for the end and returns the exit code: -1 for a
// process that was killed.
func (p *program) end(sig os.Signal) int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(sig) // it may have ended already
	select {
	case <-p.ended:
	case <-time.After(startLimit):
		p.t.Fatalf("it does not end:\n%s", p.said.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

// A client talks to the program's REST API as its administrator.
type client struct {
	http *http.Client
	url  string
}

// client returns a new client with connections of its own.
func (p *program) client() *client {
	p.t.Helper()
	pem, err := os.ReadFile(p.CAFile)
	if err != nil {
		p.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tr := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 64,
	}
	p.t.Cleanup(tr.CloseIdleConnections)
	return &client{&http.Client{Transport: tr, Timeout: startLimit}, p.APIURL + "/api"}
}

// do sends one request below /api; into, if any, gets the answer.
func (c *client) do(ctx context.Context, method, path string, body, into any) error {
	doc, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		doc = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(doc))
	if err != nil {
		return err
	}
	req.SetBasicAuth("admin", password)
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, strings.Join(strings.Fields(string(text)), " "))
	}
	return err
}

// A lockedBuffer is written by a process while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
