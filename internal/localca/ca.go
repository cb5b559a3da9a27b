// Package localca is a certificate authority of one's own: what a server gets
// its TLS certificate from when nobody gave it one. The authority's
// certificate is handed to clients as a file (curl --cacert, a Duo client's
// cafile); no trust store of the machine is ever touched.
package localca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// A Kind is the kind of keys an authority and its leaves have.
type Kind uint8

const (
	// ECDSA is P-256: small and fast, for every present-day client.
	ECDSA Kind = iota
	// RSA is 2048 bits: what the Duo Unix clients of all ages were tried with.
	RSA
)

const (
	caLife   = 10 * 365 * 24 * time.Hour
	leafLife = 397 * 24 * time.Hour // the most that browsers take
	// backdate makes a fresh certificate good for a client whose clock is late.
	backdate = time.Hour
)

// A CA signs server certificates. It is immutable and may be shared.
type CA struct {
	kind Kind
	cert *x509.Certificate
	key  crypto.Signer
}

// New makes a CA with a fresh key, good for ten years. Nothing is written.
func New(kind Kind) (*CA, error) {
	key, err := newKey(kind)
	if err != nil {
		return nil, err
	}
	serial := newSerial()
	now := time.Now()
	template := &x509.Certificate{
		// The number keeps two authorities apart in a list of trusted ones.
		Subject:               pkix.Name{Organization: []string{"Duoplane"}, CommonName: "Duoplane local CA " + serial.short()},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	template.SerialNumber = serial.int()
	cert, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &CA{kind: kind, cert: cert, key: key}, nil
}

// PEM returns the authority's certificate, without its key.
func (c *CA) PEM() []byte { return encodeCert(c.cert.Raw) }

// Pool returns a pool that trusts this authority and nothing else.
func (c *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.cert)
	return pool
}

// Leaf returns a certificate for a server with a fresh key of the authority's
// kind, good for 397 days, whose chain ends with the authority. Each name is a
// host name or an IP address. An IPv4 address is entered as a host name too:
// Duo Unix up to 2.2.3 looks for it nowhere else.
func (c *CA) Leaf(names ...string) (tls.Certificate, error) {
	if len(names) == 0 {
		return tls.Certificate{}, errors.New("local CA: a certificate needs a name")
	}
	key, err := newKey(c.kind)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: newSerial().int(),
		Subject:      pkix.Name{Organization: []string{"Duoplane"}, CommonName: names[0]},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if template.NotAfter.After(c.cert.NotAfter) {
		template.NotAfter = c.cert.NotAfter
	}
	if c.kind == RSA {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment // TLS 1.2 without Diffie-Hellman
	}
	for _, name := range names {
		addr, err := netip.ParseAddr(name)
		if err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.WithZone("").AsSlice())
		}
		if err != nil && !validHost(name) {
			return tls.Certificate{}, fmt.Errorf("local CA: %q is neither a host name nor an IP address", name)
		}
		if err != nil || addr.Is4() {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	cert, err := sign(template, c.cert, key.Public(), c.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{cert.Raw, c.cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

// validHost reports whether a name can be a server's: dot-separated labels of
// letters, digits, hyphens and underscores. x509 itself would sign anything.
func validHost(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notHostChar) {
			return false
		}
	}
	return true
}

func notHostChar(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", r)
}

func newKey(kind Kind) (crypto.Signer, error) {
	var key crypto.Signer
	var err error
	if kind == RSA {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("local CA: make a key: %w", err)
	}
	return key, nil
}

// sign creates a certificate and reads it back: a name that cannot stand in a
// certificate shows here and not at the first client.
func sign(template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return nil, fmt.Errorf("local CA: sign a certificate for %q: %w", template.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("local CA: read the certificate for %q back: %w", template.Subject.CommonName, err)
	}
	return cert, nil
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
