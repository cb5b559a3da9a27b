package sshd_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/sshd"
	"github.com/duoplane/duoplane/internal/sshd/sshdtest"
)

// A liar offers a key that it does not have: it signs with another.
type liar struct {
	ssh.AlgorithmSigner

	shown ssh.PublicKey
}

func (l liar) PublicKey() ssh.PublicKey { return l.shown }

func TestAKeyThatIsOfferedAndNotOwnedOpensNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "kay", "publickey", "none")
	w.account("lab", "alice", "password", "none")
	w.profile("lab", "")
	theirs := w.key().PublicKey()
	forger := liar{newSigner(t).(ssh.AlgorithmSigner), theirs}
	for name, methods := range map[string][]ssh.AuthMethod{
		"a forged signature": {ssh.PublicKeys(forger)},
		"then a key of one's own": {ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			return []ssh.Signer{queryOnly{theirs}, newSigner(t)}, nil
		})},
	} {
		if a := w.login(w.address, "kay", []string{goodCode}, methods...); a.err == nil {
			t.Errorf("%s got in", name)
		}
	}
	if got := w.reason(); got != "" || w.pushes() != 0 {
		t.Errorf("the second factor began: %q, %d pushes", got, w.pushes())
	}
}

// queryOnly offers a key and never signs.
type queryOnly struct{ key ssh.PublicKey }

func (q queryOnly) PublicKey() ssh.PublicKey { return q.key }

func (queryOnly) Sign(io.Reader, []byte) (*ssh.Signature, error) {
	return nil, errors.New("no private key")
}

func TestNothingIsSkipped(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	w.account("lab", "kay", "publickey", "password")
	w.profile("lab", `,"auto_push":false`)
	for name, try := range map[string]func() *attempt{
		"no method at all":           func() *attempt { return w.login(w.address, "alice", nil) },
		"keyboard-interactive first": func() *attempt { return w.login(w.address, "alice", []string{password, goodCode, "1"}) },
		"the password of two skipped": func() *attempt {
			return w.login(w.address, "kay", []string{goodCode, "1"}, ssh.PublicKeys(w.key()))
		},
		"no user":     func() *attempt { return w.login(w.address, "", []string{goodCode}, byPassword()) },
		"no password": func() *attempt { return w.login(w.address, "alice", []string{goodCode}, ssh.Password("")) },
	} {
		if a := try(); a.err == nil || len(a.asked) != 0 {
			t.Errorf("%s: %v, asked %q", name, a.err, a.asked)
		}
	}
	if got := w.reason(); got != "" {
		t.Errorf("the second factor began: %s", got)
	}
}

// The second factor is skipped by somebody who knows the password and speaks
// of sessions before they are let in.
func TestNoAttackOpensAnything(t *testing.T) {
	for _, attack := range sshdtest.Attacks() {
		t.Run(attack.Name, func(t *testing.T) {
			made := make(chan struct{}, 1)
			w := newWorld(t, func(c *sshd.Config) {
				c.NewSession = func(tm sshd.Terminal) sshd.Session {
					made <- struct{}{}
					return newToy(tm)
				}
			})
			w.account("lab", "alice", "password", "none")
			w.profile("lab", fmt.Sprintf(`,"auto_push":%v`, !attack.Menu))
			w.fault(duosim.Fault{Do: duosim.DoApprove, Delay: duosim.Duration(time.Minute)})
			c := sshdtest.Dial(t, w.address)
			attack.Run(c, sshdtest.Victim{User: "alice", Password: password, Refuse: func() {
				push := must(w.sim.WaitPending(t.Context(), "alice"))(t)
				if err := w.sim.Answer(push.TxID, duosim.Deny, ""); err != nil {
					t.Error(err)
				}
			}})
			if kinds := c.Rest(); sshdtest.Opened(kinds) {
				t.Errorf("the server answered with packets of the kinds %v", kinds)
			}
			w.stop()
			select {
			case <-made:
				t.Error("a session was made")
			default:
			}
			if got := w.reason(); strings.HasPrefix(got, "allow") {
				t.Errorf("decided %s", got)
			}
		})
	}
}

func TestTheAttackerGetsInWhenTheyMay(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	w.profile("lab", "")
	c := sshdtest.Dial(t, w.address)
	c.Ask("alice", "password", sshdtest.Password(password))
	c.Wait(52)
	c.OpenSession()
	opened := c.Wait(91)
	c.Exec()
	if data := c.Wait(94); !bytes.Contains(data, []byte("lab/alice ran x")) || !sshdtest.Opened(opened[:1]) {
		t.Errorf("read %q", data)
	}
}

func TestAFloodOfWrongPasswordsKeepsNobodyElseOut(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	w.account("lab", "kay", "publickey", "none")
	signer := w.key()
	w.profile("lab", "")
	const guessers, guesses = 8, 10
	var flood sync.WaitGroup
	for g := range guessers {
		flood.Go(func() {
			for i := range guesses {
				if a := w.login(w.address, "alice", nil, ssh.RetryableAuthMethod(ssh.PasswordCallback(func() (string, error) {
					return fmt.Sprintf("wrong %d %d", g, i), nil
				}), 10)); a.err == nil {
					t.Error("a wrong password got in")
				}
			}
		})
	}
	for range 5 {
		began := time.Now()
		if out, err := w.login(w.address, "kay", nil, ssh.PublicKeys(signer)).exec(t, "x"); out == "" || err != nil {
			t.Errorf("got %q, %v", out, err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("another user's login took %s", took)
		}
	}
	flood.Wait()
}

func TestHalfOpenConnectionsMakeRoomAndEnd(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) {
		c.Limits = sshd.Limits{PerSecond: -1, HalfOpen: 20, HalfOpenFrom: 1000, KeyExchange: 30 * time.Second}
	})
	w.account("lab", "alice", "password", "none")
	var idle []net.Conn
	for range 60 {
		c := must(net.Dial("tcp", w.address))(t)
		defer func() { _ = c.Close() }()
		must(io.ReadFull(c, make([]byte, len("SSH-2.0"))))(t) // it is in, before the next one
		idle = append(idle, c)
	}
	if out, err := w.login(w.address, "alice", nil, byPassword()).exec(t, "x"); out == "" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	_ = idle[0].SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, idle[0]); err != nil {
		t.Errorf("the oldest was not closed: %v", err)
	}
}

func TestHalfOpenConnectionsDoNotPushOutWhoWaitsForAPush(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) {
		c.Limits = sshd.Limits{PerSecond: -1, HalfOpen: 3, HalfOpenFrom: 1000, KeyExchange: 30 * time.Second}
	})
	w.account("lab", "alice", "password", "none")
	w.fault(duosim.Fault{Do: duosim.DoApprove, Delay: duosim.Duration(time.Second)})
	w.profile("lab", "")
	done := make(chan *attempt)
	go func() { done <- w.login(w.address, "alice", nil, byPassword()) }()
	must(w.sim.WaitPending(t.Context(), "alice"))(t)
	for range 10 {
		c := must(net.Dial("tcp", w.address))(t)
		defer func() { _ = c.Close() }()
	}
	if a := <-done; a.err != nil {
		t.Errorf("a proven password lost its place: %v", a.err)
	}
}

func TestAnAddressThatKeepsConnectionsHalfOpenGetsNoMore(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) { c.Limits = sshd.Limits{PerSecond: -1, HalfOpenFrom: 3, KeyExchange: time.Second} })
	var conns []net.Conn
	for range 4 {
		c := must(net.Dial("tcp", w.address))(t)
		defer func() { _ = c.Close() }()
		_ = c.SetReadDeadline(time.Now().Add(15 * time.Second))
		conns = append(conns, c)
	}
	greeted := 0
	for _, c := range conns { // they end after the time for the key exchange
		greeting, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		if strings.HasPrefix(string(greeting), "SSH-2.0-Duoplane") {
			greeted++
		}
	}
	if greeted != 3 {
		t.Errorf("%d of 4 were greeted", greeted)
	}
}

func TestTooManyConnectionsASecondAreHeldBack(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) { c.Limits = sshd.Limits{PerSecond: 2, Hold: 700 * time.Millisecond} })
	w.account("lab", "alice", "password", "none")
	began := time.Now()
	var in, out int
	for range 3 {
		if a := w.login(w.address, "alice", nil, byPassword()); a.err != nil {
			out++
			continue
		}
		in++
	}
	if in != 3 || time.Since(began) < 200*time.Millisecond {
		t.Errorf("%d came in and %d not, after %s; want the third to wait", in, out, time.Since(began))
	}
}

func TestTooManySessionsAreRefusedBeforeDuoIsAsked(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) { c.Limits = sshd.Limits{PerSecond: -1, Sessions: 1} })
	w.account("lab", "alice", "password", "none")
	w.profile("lab", "")
	first := w.login(w.address, "alice", nil, byPassword())
	if first.err != nil {
		t.Fatal(first.err)
	}
	second := w.login(w.address, "alice", nil, byPassword())
	if second.err == nil || !strings.Contains(second.banners.String(), "too many sessions") || w.pushes() != 1 {
		t.Errorf("got %v, %q, %d pushes", second.err, second.banners.String(), w.pushes())
	}
}

func TestOldAlgorithmsAreNotSpoken(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	for name, c := range map[string]ssh.Config{
		"key exchange": {KeyExchanges: []string{ssh.InsecureKeyExchangeDH14SHA1}},
		"cipher":       {Ciphers: []string{ssh.InsecureCipherAES128CBC}},
		"MAC":          {Ciphers: []string{ssh.CipherAES128CTR}, MACs: []string{ssh.InsecureHMACSHA196}},
	} {
		_, err := ssh.Dial("tcp", w.address, &ssh.ClientConfig{
			Config: c, User: "alice", Auth: []ssh.AuthMethod{byPassword()}, HostKeyCallback: ssh.FixedHostKey(w.host),
		})
		if _, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err); !ok {
			t.Errorf("%s gave %v", name, err)
		}
	}
}
