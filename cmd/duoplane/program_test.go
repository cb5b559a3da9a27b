package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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

// startLimit is how long a program may take to listen or to end; a loaded
// machine is slow, a broken program is not.
const startLimit = 60 * time.Second

// A program is the real duoplane in a process of its own.
type program struct {
	t              *testing.T
	cmd            *exec.Cmd
	ready          ready
	stdout, stderr lockedBuffer
	ended          chan struct{} // closed once the process was waited for
}

// start runs duoplane and waits until it listens. It is ended with the test.
func start(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ready.json")
	p := launch(t, env, append(args, "--ready-file", file)...)
	p.await(file)
	return p
}

// await waits until the program has written its ready file.
func (p *program) await(file string) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		select {
		case <-tick.C:
			doc, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			if err := json.Unmarshal(doc, &p.ready); err != nil {
				p.t.Fatalf("ready file %s: %v", doc, err)
			}
			return
		case <-p.ended:
			p.t.Fatalf("duoplane %s ended with %d:\n%s", strings.Join(p.cmd.Args[1:], " "), p.cmd.ProcessState.ExitCode(), p.stderr.String())
		case <-limit:
			p.t.Fatalf("duoplane %s does not listen:\n%s", strings.Join(p.cmd.Args[1:], " "), p.stderr.String())
		}
	}
}

// launch runs duoplane without waiting for anything.
func launch(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	p := &program{t: t, ended: make(chan struct{})}
	p.cmd = exec.Command("duoplane", args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the exit code tells
		close(p.ended)
	}()
	t.Cleanup(func() { p.signal(syscall.SIGKILL) })
	return p
}

// signal sends a signal, waits for the end and returns the exit code: -1 for
// a process that was killed.
func (p *program) signal(sig os.Signal) int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(sig) // it may have ended already
	return p.wait()
}

// wait returns the exit code once the process has ended.
func (p *program) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(startLimit):
		p.t.Fatalf("duoplane does not end:\n%s", p.stderr.String())
		return 0
	}
}

// output is everything the program said.
func (p *program) output() string { return p.stdout.String() + p.stderr.String() }

// A client talks to the program's REST API.
type client struct {
	t               *testing.T
	http            *http.Client
	url, user, pass string
}

// client is admin's, until its user is changed.
func (p *program) client(password string) *client {
	p.t.Helper()
	pem, err := os.ReadFile(p.ready.CAFile)
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
	return &client{p.t, &http.Client{Transport: tr, Timeout: startLimit}, p.ready.APIURL, "admin", password}
}

// do sends one request below /api and returns status and body.
func (c *client) do(method, path, body string) (int, string, error) {
	return c.send(context.Background(), method, path, body)
}

func (c *client) send(ctx context.Context, method, path, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.SetBasicAuth(c.user, c.pass)
	res, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// must is do with the status that has to come.
func (c *client) must(status int, method, path, body string) string {
	c.t.Helper()
	got, text, err := c.do(method, path, body)
	if err != nil || got != status {
		c.t.Fatalf("%s %s: got %d %v, want %d\n%s", method, path, got, err, status, text)
	}
	return text
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
