package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// A gate stands between a server and its etcd cluster and can be shut.
type gate struct {
	t        *testing.T
	addr, to string

	mu    sync.Mutex // guards what follows
	ln    net.Listener
	conns []net.Conn
	work  sync.WaitGroup
}

// newGate returns an open gate before an address.
func newGate(t *testing.T, to string) *gate {
	t.Helper()
	g := &gate{t: t, addr: "127.0.0.1:0", to: to}
	g.open()
	t.Cleanup(g.shut)
	return g
}

func (g *gate) open() {
	g.t.Helper()
	ln, err := net.Listen("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ln, g.addr = ln, ln.Addr().String()
	g.work.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			g.pass(in)
		}
	})
}

func (g *gate) pass(in net.Conn) {
	out, err := net.Dial("tcp", g.to)
	if err != nil {
		_ = in.Close()
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns = append(g.conns, in, out)
	for _, c := range [][2]net.Conn{{in, out}, {out, in}} {
		g.work.Go(func() {
			_, _ = io.Copy(c[0], c[1])
			_, _ = c[0].Close(), c[1].Close()
		})
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	_ = g.ln.Close()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
	g.mu.Unlock()
	g.work.Wait()
}

// sshLogin logs in with a password and returns what the server says first.
func (p *program) sshLogin(user string) (banners string, err error) {
	c, err := ssh.Dial("tcp", p.ready.SSHAddr, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.Password(testPassword)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		BannerCallback: func(text string) error { banners += text; return nil },
	})
	if err == nil {
		err = c.Close()
	}
	return banners, err
}

// notReady returns what /readyz says is wrong, "" when nothing is.
func (c *client) notReady() string {
	status, text, err := c.do("GET", "/readyz", "")
	var answer struct{ Reason string }
	if err != nil || json.Unmarshal([]byte(text), &answer) != nil || (status == 200) != (answer.Reason == "") {
		c.t.Errorf("readyz: %d %v %s", status, err, text)
	}
	return answer.Reason
}

func TestAnOutageOfTheEtcdCluster(t *testing.T) {
	t.Parallel()
	const outdated = "This server has not reached its configuration store for more than 8s and refuses logins until it does; tell its administrator."
	sim, etcd := start(t, nil, "sim", "--sim-listen=127.0.0.1:0", "--sim-control-listen=127.0.0.1:0", "--auto-approve"), startEtcd(t)
	g := newGate(t, strings.TrimPrefix(etcd.endpoint, "https://"))
	etcd.endpoint = "https://" + g.addr
	p := startNodes(t, etcd, 1, []string{passwordVariable + "=" + testPassword}, "--duo-ca-file", sim.ready.SimCAFile, "--max-policy-age=8s")[0]
	c := p.client(testPassword)
	c.must(201, "POST", "/api/security/accounts", fmt.Sprintf(
		`{"name":"alice","password":%q,"applications":[{"application":"ssh","authentication_methods":["password"]}]}`, testPassword))
	c.must(201, "POST", pathProfiles, strings.Replace(profileBody(sim, ""), `"owner.name":"",`, "", 1))
	login := func(when string, in bool) string {
		banners, err := p.sshLogin("alice")
		if (err == nil) != in {
			t.Errorf("%s: %v\n%s", when, err, banners)
		}
		return banners
	}
	login("before", true)

	g.shut()
	var asking sync.WaitGroup
	for _, method := range []string{"GET", "PATCH"} {
		asking.Go(func() {
			c.refused503(method, "The configuration store cannot be reached at the moment; try again later.")
		})
	}
	login("it has just gone", true)
	if reason := c.notReady(); reason != "" {
		t.Errorf("not ready though logins go on: %s", reason)
	}
	asking.Wait()
	eventually(t, func() bool { return c.notReady() == outdated })
	if said := login("it is away for too long", false); !strings.Contains(said, "Access denied: this server has not reached its configuration store for too long") {
		t.Errorf("the person is told %q", said)
	}
	c.refused503("GET", outdated)
	if status, text, err := c.do("POST", pathAuthenticate, `{"username":"bob","service":"sshd"}`); err != nil || status != 503 {
		t.Errorf("a login service is told %d %s, %v", status, text, err)
	}

	g.open()
	eventually(t, func() bool { return c.notReady() == "" })
	login("it is back", true)
	c.must(200, "PATCH", "/api/security/accounts?name=alice", `{"comment":"back"}`)
	var kept struct {
		Records []struct{ Decision, Reason string }
	}
	if err := json.Unmarshal([]byte(c.must(200, "GET", "/api/duoplane/logins?fields=decision,reason", "")), &kept); err != nil {
		t.Fatal(err)
	}
	var decisions []string
	for _, r := range kept.Records {
		decisions = append(decisions, r.Decision+" "+r.Reason)
	}
	if want := []string{"allow approved", "allow approved", "deny policy_outdated", "deny policy_outdated", "allow approved"}; !slices.Equal(decisions, want) {
		t.Errorf("logins %q, want %q", decisions, want)
	}
}

// refused503 asks for the accounts, or to change one, and is to try again
// later.
func (c *client) refused503(method, message string) {
	req, err := http.NewRequestWithContext(context.Background(), method, c.url+"/api/security/accounts?name=alice", strings.NewReader(map[string]string{"PATCH": `{"comment":"x"}`}[method]))
	if err != nil {
		c.t.Error(err)
		return
	}
	req.SetBasicAuth(c.user, c.pass)
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Error(err)
		return
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(string(text), message) {
		c.t.Errorf("%s: %s, Retry-After %q, %v\n%s", method, res.Status, res.Header.Get("Retry-After"), err, text)
	}
}

// eventually waits until something has happened.
func eventually(t *testing.T, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(startLimit); !happened(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it did not happen in time")
		}
	}
}
