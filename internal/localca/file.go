package localca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/duoplane/duoplane/internal/durable"
)

// Save writes the authority, key and certificate in one PEM file of mode 0600,
// so that the two can never be of different authorities. What clients get is
// PEM.
func (c *CA) Save(path string) error {
	return savePair(path, c.key, c.cert.Raw)
}

// Load reads what Save wrote. The error is fs.ErrNotExist when there is no
// such file, so that a caller may make a new authority then, and only then.
func Load(path string) (*CA, error) {
	pair, err := LoadLeaf(path, path)
	if err != nil {
		return nil, err
	}
	if !pair.Leaf.IsCA {
		return nil, fmt.Errorf("%s: the certificate is not an authority's", path)
	}
	ca := &CA{cert: pair.Leaf}
	switch key := pair.PrivateKey.(type) {
	case *ecdsa.PrivateKey:
		ca.kind, ca.key = ECDSA, key
	case *rsa.PrivateKey:
		ca.kind, ca.key = RSA, key
	default:
		return nil, fmt.Errorf("%s: an authority's key must be ECDSA or RSA", path)
	}
	return ca, nil
}

// SaveLeaf writes a server's key and certificate chain in one PEM file of mode
// 0600.
func SaveLeaf(path string, leaf tls.Certificate) error {
	key, ok := leaf.PrivateKey.(crypto.Signer)
	if !ok {
		return fmt.Errorf("save %s: the certificate has no private key", path)
	}
	return savePair(path, key, leaf.Certificate...)
}

// LoadLeaf reads a server's certificate chain and key, which may be the same
// file. A key file that anybody but its owner may read is refused: its key has
// to be taken for known.
func LoadLeaf(certFile, keyFile string) (tls.Certificate, error) {
	keyPEM, err := durable.ReadPrivate(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	certPEM := keyPEM
	if certFile != keyFile {
		if certPEM, err = durable.Read(certFile); err != nil {
			return tls.Certificate{}, err
		}
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}

func savePair(path string, key crypto.Signer, chain ...[]byte) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, cert := range chain {
		out = append(out, encodeCert(cert)...)
	}
	return durable.Replace(path, out, 0o600)
}
