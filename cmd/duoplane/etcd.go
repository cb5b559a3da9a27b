package main

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

// An etcdAccess is what it takes to talk to an etcd cluster beside its address.
type etcdAccess struct {
	tls      *tls.Config // nil: plain
	password secret.Text
}

// storeConfig says where the records are.
func (o *storeOptions) storeConfig(data *dataDir, access etcdAccess) etcdstore.Config {
	if len(o.EtcdEndpoints) == 0 {
		return etcdstore.Config{Dir: data.join("store")}
	}
	return etcdstore.Config{
		Endpoints: o.EtcdEndpoints, TLS: access.tls, User: o.EtcdUser, Password: access.password, Prefix: o.EtcdPrefix,
	}
}

// readEtcd reads what it takes to talk to an etcd cluster.
func (o *storeOptions) readEtcd() (etcdAccess, error) {
	roots, rootsErr := readRoots("etcd-ca-file", o.EtcdCAFile)
	cert, certErr := readPair("etcd-cert-file", o.EtcdCertFile, o.EtcdKeyFile)
	password, passwordErr := readPassword("etcd-password-file", o.EtcdPasswordFile)
	access := etcdAccess{password: password}
	if len(o.EtcdEndpoints) > 0 && strings.HasPrefix(o.EtcdEndpoints[0], "https://") {
		access.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
		if cert != nil {
			access.tls.Certificates = []tls.Certificate{*cert}
		}
	}
	return access, errors.Join(rootsErr, certErr, passwordErr)
}

// readPassword reads the first line of a file that nobody else may read.
func readPassword(option, path string) (secret.Text, error) {
	if path == "" {
		return secret.Text{}, nil
	}
	data, err := durable.ReadPrivate(path)
	if err != nil {
		return secret.Text{}, faultf(option, "%v", err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	password := secret.NewText(strings.TrimRight(line, "\r"))
	if password.IsZero() {
		return secret.Text{}, faultf(option, "the first line of %s is empty; it must be the password", path)
	}
	return password, nil
}
