package cluster

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
	"testing"
	"time"
)

var long = flag.Bool("long", false, "make at least 10,000 calls in each experiment")

// limit is how long anything may take that happens by itself; a loaded machine
// is slow, a broken program is not.
const limit = 2 * time.Minute

const password = "correct-horse-battery-1"

var binary string // the program, built once

func TestMain(m *testing.M) {
	if description, ok := os.LookupEnv(memberVariable); ok {
		if err := runMember(description); err != nil {
			fmt.Fprintln(os.Stderr, "etcd:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	dir, err := os.MkdirTemp("", "duoplane-cluster-")
	if err == nil {
		binary = filepath.Join(dir, "duoplane")
		build := exec.Command("go", "build", "-o", binary, "../../cmd/duoplane")
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

// A node is the real duoplane in a process of its own, with a wire to each
// member.
type node struct {
	name  string
	args  []string
	ready string // the file that tells where it listens
	wires [size]*wire
	cmd   *exec.Cmd
	said  lockedBuffer

	mu   sync.Mutex // guards what follows
	http *http.Client
	url  string
}

// startNodes starts nodes on the cluster, all at once. What they need is in
// dir, where they share the keyset.
func startNodes(t *testing.T, e *etcd, dir string) []*node {
	t.Helper()
	nodes := make([]*node, size)
	for i := range nodes {
		nodes[i] = startNode(t, e, dir, fmt.Sprint("node", i))
	}
	for _, n := range nodes {
		n.connect(t)
	}
	return nodes
}

// startNode starts one; connect waits for it.
func startNode(t *testing.T, e *etcd, dir, name string, options ...string) *node {
	t.Helper()
	own := filepath.Join(dir, name)
	n := &node{name: name, ready: own + ".json"}
	var endpoints []string
	for i, m := range e.members {
		n.wires[i] = newWire(t, m.socket("client"), false)
		endpoints = append(endpoints, "http://"+n.wires[i].addr)
	}
	n.args = append([]string{
		"serve", "--data-dir", own, "--keyset-file", filepath.Join(dir, "keyset.json"), "--api-listen=127.0.0.1:0",
		"--ssh-listen=off", "--ready-file", n.ready, "--etcd-endpoints", strings.Join(endpoints, ","),
	}, options...)
	n.start(t)
	t.Cleanup(func() {
		n.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", n.name, n.said.String())
		}
	})
	return n
}

func (n *node) start(t *testing.T) {
	t.Helper()
	_ = os.Remove(n.ready) // it may never have been there
	n.cmd = exec.Command(binary, n.args...)
	n.cmd.Env = append(os.Environ(), "DUOPLANE_ADMIN_PASSWORD="+password)
	n.cmd.Stdout, n.cmd.Stderr = &n.said, &n.said
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait() // that it was killed
}

// connect waits until the node listens.
func (n *node) connect(t *testing.T) {
	t.Helper()
	var answer struct {
		APIURL string `json:"api_url"`
		CAFile string `json:"ca_file"`
	}
	eventually(t, n.name+" listens", func() error {
		doc, err := os.ReadFile(n.ready)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, n.said.String())
		}
		return json.Unmarshal(doc, &answer)
	})
	pem, err := os.ReadFile(answer.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.http, n.url = &http.Client{Transport: tr}, answer.APIURL
}

func (n *node) client() (c *http.Client, url string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.http, n.url
}

// A refusal is an answer other than 2xx.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.text) }

// call sends one request below /api; into, if any, gets the answer.
func (n *node) call(ctx context.Context, method, path string, body, into any) error {
	var doc []byte
	if body != nil {
		var err error
		if doc, err = json.Marshal(body); err != nil {
			return err
		}
	}
	client, url := n.client()
	req, err := http.NewRequestWithContext(ctx, method, url+"/api"+path, bytes.NewReader(doc))
	if err != nil {
		return err
	}
	req.SetBasicAuth("admin", password)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 400 {
		return &refusal{res.StatusCode, strings.Join(strings.Fields(string(text)), " ")}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// eventually waits until something succeeds.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatal(errors.Join(fmt.Errorf("%s: not in time", what), err))
		}
	}
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
