package load

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Trusting returns a client's configuration that trusts what the authorities
// in a PEM file signed, and nothing else.
func Trusting(caFile string) (*tls.Config, error) {
	pem, err := os.ReadFile(caFile) //nolint:gosec // a file that a server named
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}
