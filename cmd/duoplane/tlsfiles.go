package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/duoplane/duoplane/internal/durable"
	"github.com/duoplane/duoplane/internal/localca"
)

// renewBefore is how long before its end a certificate of our own is replaced
// at a start.
const renewBefore = 90 * 24 * time.Hour

// Names in the folder for certificates of our own.
const (
	authorityFile = "authority.pem" // key and certificate, for the service
	caFile        = "ca.pem"        // the certificate, for clients
	serverFile    = "server.pem"    // key and chain of the REST API
)

// ownCertificate returns a certificate for the names, signed by the authority
// in dir; whatever of it is missing is made. Clients trust dir/ca.pem.
func ownCertificate(dir string, names []string) (tls.Certificate, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return tls.Certificate{}, err
	}
	ca, err := authority(dir)
	if err != nil {
		return tls.Certificate{}, err
	}
	path := filepath.Join(dir, serverFile)
	cert, err := localca.LoadLeaf(path, path)
	switch {
	case err == nil && fits(cert.Leaf, ca, names):
		return cert, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return tls.Certificate{}, fmt.Errorf("%w; remove the file to get a new certificate", err)
	}
	if cert, err = ca.Leaf(names...); err != nil {
		return tls.Certificate{}, err
	}
	return cert, localca.SaveLeaf(path, cert)
}

// authority returns the authority in dir and writes its certificate out.
func authority(dir string) (*localca.CA, error) {
	path := filepath.Join(dir, authorityFile)
	ca, err := localca.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		if ca, err = localca.New(localca.ECDSA); err == nil {
			err = ca.Save(path)
		}
	}
	if err != nil {
		return nil, err
	}
	return ca, durable.Replace(filepath.Join(dir, caFile), ca.PEM(), 0o644)
}

// fits reports whether a certificate still does for a server of these names.
func fits(leaf *x509.Certificate, ca *localca.CA, names []string) bool {
	_, err := leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), CurrentTime: time.Now().Add(renewBefore)})
	return err == nil && !slices.ContainsFunc(names, func(name string) bool { return leaf.VerifyHostname(name) != nil })
}

// readRoots reads an option's file of trusted authorities; no file means nil,
// the system's.
func readRoots(option, path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // x509's own way to say "the system's"
	}
	pem, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, faultf(option, "%v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, faultf(option, "%s holds no certificate in PEM", path)
	}
	return roots, nil
}

// readPair reads a certificate and its key out of two options' files; no files
// mean nil.
func readPair(option, certPath, keyPath string) (*tls.Certificate, error) {
	if certPath == "" {
		return nil, nil //nolint:nilnil // the option was not given
	}
	cert, err := localca.LoadLeaf(certPath, keyPath)
	if err != nil {
		return nil, faultf(option, "%v", err)
	}
	return &cert, nil
}
