package sshlogins

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/process"
	"github.com/duoplane/duoplane/internal/durable"
)

// BareCommand is the argument that makes the program the bare server.
const BareCommand = "bare-ssh-server"

// answer is what the bare server says to every command.
const answer = "Cluster UUID: 7c1f0a52-3b6e-11f0-9d44-d039ea4b1c20\nCluster Name: cluster-1\n"

// startBare starts the bare server as a process of its own, like Duoplane.
func startBare(ctx context.Context, env *harness.Env, who *person) (addr string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	var told struct{ Addr string }
	ready := filepath.Join(env.Dir, "bare-ssh.json")
	p, err := process.Start(ctx, process.Command{
		Program: self, Args: []string{BareCommand, ready}, Stdin: []byte(who.authorized()), Ready: ready,
	}, &told)
	if err != nil {
		return "", err
	}
	env.Defer(p.Stop)
	return told.Addr, nil
}

// ServeBare is the bare server's process: it lets in whoever has the key that
// stands on its input, and tells in the ready file where it listens.
func ServeBare(ctx context.Context, args []string, stdin io.Reader, _ io.Writer) error {
	text, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	theirs, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return err
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	host, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return err
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(theirs.Marshal()) {
			return nil, errors.New("another key")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	told, err := json.Marshal(struct{ Addr string }{listener.Addr().String()})
	if err != nil {
		return err
	}
	if err := durable.Replace(args[0], told, 0o600); err != nil {
		return err
	}
	var working sync.WaitGroup
	defer working.Wait()
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		nc, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { _ = nc.Close() })
		working.Go(func() { serveBare(nc, config) })
	}
}

// serveBare answers one connection until it ends.
func serveBare(nc net.Conn, config *ssh.ServerConfig) {
	defer nc.Close() //nolint:errcheck // the client has it all
	_, channels, requests, err := ssh.NewServerConn(nc, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for nch := range channels {
		ch, requests, err := nch.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(true, nil)
				if r.Type == "exec" {
					_, _ = io.Copy(ch, strings.NewReader(answer))
					_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
					_ = ch.Close()
				}
			}
		}()
	}
}
