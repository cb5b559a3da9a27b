package sshlogins

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/bench/duoplane"
)

// command is what every login runs: cheap everywhere.
const command = "cluster identity show"

// unasked is an account that no second factor is asked of.
const unasked = "nemo"

// A person has an account, a key and a telephone.
type person struct {
	name string
	key  ssh.Signer
}

func newPerson() (*person, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	key, err := ssh.NewSignerFromKey(private)
	return &person{"alice", key}, err
}

// authorized is the person's key as servers are told it.
func (p *person) authorized() string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(p.key.PublicKey())))
}

func (p *person) byKey() ssh.AuthMethod { return ssh.PublicKeys(p.key) }

func byPassword() ssh.AuthMethod { return ssh.Password(duoplane.Password) }

// A target is a server with how one logs in to it.
type target struct {
	name, addr, user, command string
	auth                      ssh.AuthMethod
	before                    func(ctx context.Context) error // each login that is timed; may be nil
}

// connect logs in.
func (t target) connect(ctx context.Context) (*ssh.Client, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	sc, channels, requests, err := ssh.NewClientConn(nc, t.addr, &ssh.ClientConfig{
		User: t.user, Auth: []ssh.AuthMethod{t.auth}, Timeout: time.Minute,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // G106: a server of this program's own
	})
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return ssh.NewClient(sc, channels, requests), nil
}

// login is one complete login.
func (t target) login(ctx context.Context) (err error) {
	client, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlessClosed(client.Close())) }()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	out, err := session.Output(t.command)
	if err != nil {
		return fmt.Errorf("%q: %w", out, err)
	}
	if !strings.Contains(string(out), "Cluster Name") {
		return fmt.Errorf("the command printed %q", out)
	}
	return nil
}

func unlessClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// serially logs in so often, one after the other, and returns the median.
func (t target) serially(ctx context.Context, n int) (time.Duration, error) {
	took := make([]time.Duration, n)
	for i := range took {
		if t.before != nil {
			if err := t.before(ctx); err != nil {
				return 0, err
			}
		}
		began := time.Now()
		if err := t.login(ctx); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[n/2], nil
}

// together logs in for a while, so many at once, and returns how many came
// through in a second.
func (t target) together(ctx context.Context, clients int, span time.Duration) (float64, error) {
	var (
		working sync.WaitGroup
		done    atomic.Int64
		errs    = make([]error, clients)
		began   = time.Now()
	)
	for i := range clients {
		working.Go(func() {
			for errs[i] == nil && time.Since(began) < span {
				if errs[i] = t.login(ctx); errs[i] == nil {
					done.Add(1)
				}
			}
		})
	}
	working.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), errors.Join(errs...)
}
