package main

import (
	"context"
	"net"
	"os"
	"path/filepath"

	"github.com/duoplane/duoplane/internal/localca"
)

// freePorts returns addresses on 127.0.0.1 that nobody listens at.
func freePorts(ctx context.Context, n int) (addrs []string, err error) {
	var lc net.ListenConfig
	for range n {
		l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}

// certificate makes a certificate for 127.0.0.1: the file that has it with its
// key, and its authority, whose own certificate is beside it in ca.pem.
func certificate(dir string) (file string, ca *localca.CA, err error) {
	if ca, err = localca.New(localca.ECDSA); err != nil {
		return "", nil, err
	}
	leaf, err := ca.Leaf("127.0.0.1")
	if err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), ca.PEM(), 0o600); err != nil {
		return "", nil, err
	}
	file = filepath.Join(dir, "server.pem")
	return file, ca, localca.SaveLeaf(file, leaf)
}
