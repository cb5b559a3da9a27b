package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

var floodSize = flag.Int("ssh-flood", 600, "wrong passwords of TestAFloodOfWrongPasswords")

// dialSSH logs in from an address.
func dialSSH(t *testing.T, address, from, user string, methods ...ssh.AuthMethod) *ssh.Client {
	t.Helper()
	c, err := tryDialSSH(address, from, user, methods...)
	if err != nil {
		t.Fatalf("%s from %s: %v", user, from, err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func tryDialSSH(address, from, user string, methods ...ssh.AuthMethod) (*ssh.Client, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: startLimit}
	conn, err := dialer.DialContext(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(startLimit)); err != nil {
		return nil, err
	}
	c, channels, requests, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: user, Auth: methods, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return ssh.NewClient(c, channels, requests), nil
}

// resident is how much memory a process has, in MiB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize() >> 20
}

// A flood of wrong passwords for one account, from many addresses, keeps
// neither that account's owner nor anybody else from logging in, and does not
// grow the server. 100 MiB are what a few passwords under way cost, and garbage.
func TestAFloodOfWrongPasswords(t *testing.T) {
	s := newSSHTarget(t)
	s.profile(`{"auto_push":true}`)
	s.duo(http.MethodPost, "faults", `{"do":"approve"}`, nil)
	s.person("kay", "publickey", "none")
	s.person("ann", "password", "none")
	s.person("bea", "password", "none")
	key := s.key("kay")
	address := s.ready.SSHAddr
	usual := dialSSH(t, address, "127.0.0.3", "ann", ssh.Password(sshPassword)) // where ann is known
	_ = usual.Close()
	before := resident(t, s.cmd.Process.Pid)

	var guesses atomic.Int64
	flood, stop := context.WithCancel(t.Context())
	var guessers sync.WaitGroup
	for g := range 8 {
		guessers.Go(func() {
			for i := 0; flood.Err() == nil && guesses.Load() < int64(*floodSize); i++ {
				// The server allows six a connection.
				_, err := tryDialSSH(address, fmt.Sprintf("127.0.1.%d", 1+(g*31+i)%200), "ann", ssh.RetryableAuthMethod(
					ssh.PasswordCallback(func() (string, error) {
						return fmt.Sprintf("wrong password %d", guesses.Add(1)), nil
					}), 6))
				if err == nil {
					t.Error("a wrong password got in")
				}
			}
		})
	}
	defer guessers.Wait()
	defer stop()
	slowest, logins := time.Duration(0), 0
	for ; guesses.Load() < int64(*floodSize) || logins < 4; logins++ {
		began := time.Now()
		for name, login := range map[string]func() (*ssh.Client, error){
			"a key, from an address of the flood": func() (*ssh.Client, error) {
				return tryDialSSH(address, "127.0.1.1", "kay", ssh.PublicKeys(key))
			},
			"another user, from an address of their own": func() (*ssh.Client, error) {
				return tryDialSSH(address, "127.0.0.2", "bea", ssh.Password(sshPassword))
			},
			"the user who is guessed, from where they are known": func() (*ssh.Client, error) {
				return tryDialSSH(address, "127.0.0.3", "ann", ssh.Password(sshPassword))
			},
		} {
			c, err := login()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_ = c.Close()
		}
		slowest = max(slowest, time.Since(began))
	}
	stop()
	guessers.Wait()
	after := resident(t, s.cmd.Process.Pid)
	t.Logf("%d wrong passwords; 3 logins beside them took %s at most, %d times; %d MiB before, %d after", guesses.Load(), slowest, logins, before, after)
	// Each check of a password takes tens of megabytes while it lasts, and the
	// collector's slack and a race detector's shadow multiply them; what grew with
	// the number of guesses would exceed any bound.
	if after > before+500 {
		t.Errorf("the server grew from %d to %d MiB", before, after)
	}
}
