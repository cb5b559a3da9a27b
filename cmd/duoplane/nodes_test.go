package main

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
)

// startNodes starts servers on one etcd cluster at the same moment, as the
// first ones there are; they share a keyset file that none of them has yet.
func startNodes(t *testing.T, etcd etcdCluster, n int, env []string, args ...string) []*program {
	t.Helper()
	dir := t.TempDir()
	nodes, ready := make([]*program, n), make([]string, n)
	for i := range nodes {
		ready[i] = filepath.Join(dir, fmt.Sprintf("ready%d.json", i))
		all := append(etcd.options(filepath.Join(dir, fmt.Sprint("node", i))),
			"--keyset-file", filepath.Join(dir, "keyset.json"), "--ready-file", ready[i])
		nodes[i] = launch(t, env, append(all, args...)...)
	}
	for i, p := range nodes {
		p.await(ready[i])
	}
	return nodes
}

// hostKey returns the key by which the program's SSH front end identifies
// itself.
func hostKey(t *testing.T, p *program) string {
	t.Helper()
	var fingerprint string
	_, err := ssh.Dial("tcp", p.ready.SSHAddr, &ssh.ClientConfig{
		User: "nobody",
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			fingerprint = ssh.FingerprintSHA256(key)
			return nil
		},
	})
	if err == nil || fingerprint == "" {
		t.Fatalf("no key: %v", err)
	}
	return fingerprint
}

func TestThreeNodesThatStartAtOnceAreOne(t *testing.T) {
	t.Parallel()
	etcd := startEtcd(t)
	nodes := startNodes(t, etcd, 3, nil)

	// One of them made the administrator, and said its password.
	var password string
	for _, p := range nodes {
		if said := regexp.MustCompile(`with the password (\S+)`).FindStringSubmatch(p.stdout.String()); said != nil {
			if password != "" {
				t.Errorf("two of them made an administrator")
			}
			password = said[1]
		}
	}
	host := hostKey(t, nodes[0])
	for i, p := range nodes {
		if p.ready.ClusterUUID != nodes[0].ready.ClusterUUID {
			t.Errorf("node %d serves another cluster", i)
		}
		if key := hostKey(t, p); key != host {
			t.Errorf("node %d has the host key %s, node 0 %s", i, key, host)
		}
		p.client(password).must(200, "GET", "/readyz", "")
	}

	// What one acknowledged, every other one shows, always.
	clients := make([]*client, len(nodes))
	for i, p := range nodes {
		clients[i] = p.client(password)
	}
	clients[0].must(201, "POST", "/api/svm/svms", `{"name":"tenant1"}`)
	for round := range 60 {
		word := fmt.Sprintf("round %d", round)
		clients[round%3].must(200, "PATCH", "/api/svm/svms?name=tenant1", fmt.Sprintf(`{"comment":%q}`, word))
		for i, c := range clients {
			if got := c.must(200, "GET", "/api/svm/svms?name=tenant1&fields=comment", ""); !strings.Contains(got, word) {
				t.Fatalf("round %d: node %d shows %s", round, i, got)
			}
		}
	}

	// One with a keyset of its own is none of them.
	own := filepath.Join(t.TempDir(), "own")
	stranger := launch(t, nil, append(etcd.options(own), "--keyset-file", strangeKeyset(t))...)
	if code := stranger.wait(); code != exitFailed ||
		!strings.Contains(stranger.stderr.String(), "it is not the keyset this data was written with, or a key is missing in it; its keys are ") {
		t.Errorf("a server with another keyset ended with %d:\n%s", code, stranger.output())
	}
}

// strangeKeyset returns the keyset of another installation.
func strangeKeyset(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	p := start(t, nil, "serve", "--data-dir", dir, "--api-listen=127.0.0.1:0", "--ssh-listen=off")
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Fatalf("it ended with %d:\n%s", code, p.output())
	}
	return filepath.Join(dir, "keyset.json")
}

func TestALoginIsAtHomeOnOneNode(t *testing.T) {
	t.Parallel()
	sim, etcd := startSim(t), startEtcd(t)
	nodes := startNodes(t, etcd, 2, []string{passwordVariable + "=" + testPassword}, "--duo-ca-file", sim.ready.SimCAFile)
	one, two := nodes[0].client(testPassword), nodes[1].client(testPassword)
	one.must(201, "POST", pathProfiles, strings.Replace(profileBody(sim, ""), `"owner.name":"",`, `"auto_push":false,`, 1))
	var opened turn
	if err := json.Unmarshal([]byte(one.must(200, "POST", pathAuthenticate, `{"username":"alice"}`)), &opened); err != nil || opened.State != "asking" {
		t.Fatalf("%+v, %v", opened, err)
	}
	at := pathAuthenticate + "/" + opened.UUID
	for _, method := range []string{"GET", "POST"} {
		body := ""
		if method == "POST" {
			body = `{"answer":"1"}`
		}
		if got := two.must(404, method, at, body); !strings.Contains(got, "another server has it. All calls of one login must reach the same server.") {
			t.Errorf("%s on the other node: %s", method, got)
		}
	}
	one.must(200, "POST", at, `{"answer":"wrong"}`)
}
