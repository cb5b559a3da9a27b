package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/sshd/sshdtest"
)

// A sshTarget is a duoplane dev that is attacked.
type sshTarget struct {
	*program
	*client
}

func newSSHTarget(t *testing.T) sshTarget {
	t.Helper()
	p := startDev(t, "--ssh-connections-per-second=-1", "--log-level=warn")
	return sshTarget{p, p.client(p.ready.AdminPassword)}
}

func (s sshTarget) test() *testing.T { return s.client.t }

// duo sends a request to the simulator's control and decodes the answer.
func (s sshTarget) duo(method, path, body string, into any) {
	t := s.test()
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.ready.SimControlURL+"/api/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v\n%s", method, path, res.Status, err, text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// person makes an account of the cluster, asked for a second factor with the
// members of storage-admins, and somebody of its name at Duo. More is JSON.
func (s sshTarget) person(name, method, second string) {
	s.test().Helper()
	s.must(201, http.MethodPost, "/api/security/accounts", fmt.Sprintf(`{"name":%q,"password":%q,"groups":["storage-admins"],
		"applications":[{"application":"ssh","authentication_methods":[%q],"second_authentication_method":%q}]}`, name, sshPassword, method, second))
	s.duo(http.MethodPost, "users", fmt.Sprintf(`{"name":%q,"devices":[{"type":"phone","number":"+1 555 0100"}]}`, name), nil)
}

// profile changes the cluster's.
func (s sshTarget) profile(body string) {
	s.test().Helper()
	s.must(200, http.MethodPatch, "/api/security/authentication/duo/profiles/"+s.ready.ClusterUUID, body)
}

// key gives an account a key.
func (s sshTarget) key(name string) ssh.Signer {
	t := s.test()
	t.Helper()
	signer := newSigner(t)
	admin := dialSSH(t, s.ready.SSHAddr, "127.0.0.1", "admin", ssh.Password(s.ready.AdminPassword))
	session, err := admin.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	if out, err := session.CombinedOutput(fmt.Sprintf(`security login publickey create -username %s -publickey %q`, name, line)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return signer
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// reasons are those of a user's logins, the oldest first, with the decisions.
func (s sshTarget) reasons(user string) string {
	s.test().Helper()
	var page struct {
		Records []struct{ Decision, Reason string }
	}
	if err := json.Unmarshal([]byte(s.must(200, http.MethodGet, "/api/duoplane/logins?fields=decision,reason&order_by=id&user="+user, "")), &page); err != nil {
		s.test().Fatal(err)
	}
	var out []string
	for _, r := range page.Records {
		out = append(out, r.Decision+":"+r.Reason)
	}
	return strings.Join(out, " ")
}

// refuse denies the push that waits, or will, for a user.
func (s sshTarget) refuse(user string) {
	t := s.test()
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		var pushes []struct{ TxID, User string }
		s.duo(http.MethodGet, "pushes", "", &pushes)
		for _, p := range pushes {
			if p.User == user {
				s.duo(http.MethodPost, "pushes/"+p.TxID, `{"answer":"deny"}`, nil)
				return
			}
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("no push for %s", user)
		}
	}
}

func TestNoAttackOnSSHOpensAnything(t *testing.T) {
	s := newSSHTarget(t)
	for i, attack := range sshdtest.Attacks() {
		t.Run(attack.Name, func(t *testing.T) {
			s.client.t = t
			name := fmt.Sprintf("victim%d", i)
			s.person(name, "password", "none")
			s.profile(fmt.Sprintf(`{"auto_push":%v}`, !attack.Menu))
			c := sshdtest.Dial(t, s.ready.SSHAddr)
			attack.Run(c, sshdtest.Victim{User: name, Password: sshPassword, Refuse: func() { s.refuse(name) }})
			if kinds := c.Rest(); sshdtest.Opened(kinds) {
				t.Errorf("the server answered with packets of the kinds %v", kinds)
			}
			if got := s.reasons(name); strings.Contains(got, "allow") {
				t.Errorf("decided %s", got)
			}
		})
	}
}

// signed is the payload of the method publickey, with a signature made for the
// session of an identifier.
func signed(t *testing.T, user string, key, by ssh.Signer, session []byte) []byte {
	t.Helper()
	blob := key.PublicKey().Marshal()
	about := append([]byte{1}, sshdtest.Text(ssh.KeyAlgoED25519)...)
	about = append(about, sshdtest.Text(string(blob))...)
	data := append(sshdtest.Text(string(session)), 50)
	for _, text := range []string{user, "ssh-connection", "publickey"} {
		data = append(data, sshdtest.Text(text)...)
	}
	signature, err := by.Sign(rand.Reader, append(data, about...))
	if err != nil {
		t.Fatal(err)
	}
	return append(about, sshdtest.Text(string(ssh.Marshal(signature)))...)
}

func TestAKeyOpensNothingForWhoDoesNotOwnIt(t *testing.T) {
	s := newSSHTarget(t)
	s.profile(`{"auto_push":true}`)
	s.person("kay", "publickey", "none")
	s.person("kim", "publickey", "password")
	s.person("mal", "publickey", "password")
	kay, kim, mal, other := s.key("kay"), s.key("kim"), s.key("mal"), newSigner(t)
	elsewhere := sshdtest.Dial(t, s.ready.SSHAddr).Session
	ask := func(c *sshdtest.Client, user string, key, by ssh.Signer, session []byte) {
		c.Ask(user, "publickey", signed(t, user, key, by, session))
	}
	for name, attack := range map[string]func(c *sshdtest.Client){
		"offered and not used": func(c *sshdtest.Client) {
			offer := append([]byte{0}, sshdtest.Text(ssh.KeyAlgoED25519)...)
			c.Ask("kay", "publickey", append(offer, sshdtest.Text(string(kay.PublicKey().Marshal()))...))
			c.Wait(60)
		},
		"signed by another":           func(c *sshdtest.Client) { ask(c, "kay", kay, other, c.Session) },
		"another's, after an offer":   func(c *sshdtest.Client) { ask(c, "kay", other, other, c.Session) },
		"signed for another session":  func(c *sshdtest.Client) { ask(c, "kay", kay, kay, elsewhere) },
		"of another account":          func(c *sshdtest.Client) { ask(c, "kay", mal, mal, c.Session) },
		"without the password behind": func(c *sshdtest.Client) { ask(c, "kim", kim, kim, c.Session) },
		"of oneself, and then another's password": func(c *sshdtest.Client) {
			ask(c, "mal", mal, mal, c.Session)
			c.Wait(51)
			c.Ask("kim", "password", sshdtest.Password(sshPassword))
		},
		"and the password before it": func(c *sshdtest.Client) { c.Ask("kim", "password", sshdtest.Password(sshPassword)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := sshdtest.Dial(t, s.ready.SSHAddr)
			attack(c)
			c.OpenSession()
			if kinds := c.Rest(); sshdtest.Opened(kinds) {
				t.Errorf("the server answered with packets of the kinds %v", kinds)
			}
		})
	}
	for _, user := range []string{"kay", "kim", "mal"} {
		if got := s.reasons(user); got != "" {
			t.Errorf("the second factor of %s began: %s", user, got)
		}
	}
	// All of it well, the same client gets in.
	s.duo(http.MethodPost, "faults", `{"do":"approve"}`, nil)
	c := sshdtest.Dial(t, s.ready.SSHAddr)
	ask(c, "kay", kay, kay, c.Session)
	if packet := c.Wait(52); !bytes.Equal(packet, []byte{52}) || s.reasons("kay") != "allow:approved" {
		t.Errorf("got %v, %s", packet, s.reasons("kay"))
	}
}
