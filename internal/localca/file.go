package localca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxFile bounds what is read of a certificate or key file.
const maxFile = 1 << 20

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
	keyPEM, err := readKeyFile(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	certPEM := keyPEM
	if certFile != keyFile {
		if certPEM, err = readFile(certFile, nil); err != nil {
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
	return WriteFile(path, out, 0o600)
}

// WriteFile puts data at path so that a reader, or a machine that loses power,
// finds the old content or the new, never a part: temporary file, fsync,
// rename, fsync of the directory.
func WriteFile(path string, data []byte, mode os.FileMode) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", path, err), ignoreClosed(tmp.Close()), os.Remove(tmp.Name()))
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return err
	}
	if err = tmp.Chmod(mode); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // G304: the operator names the place
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func readKeyFile(path string) ([]byte, error) {
	return readFile(path, func(info os.FileInfo) error {
		if perm := info.Mode().Perm(); perm&0o077 != 0 {
			return fmt.Errorf("key file %s may be used by others than its owner (mode %04o): run chmod 600 %s", path, perm, path)
		}
		return nil
	})
}

// readFile asks check about the opened file, not about the path, which could
// name another file a moment later.
func readFile(path string, check func(os.FileInfo) error) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(info); err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("read %s: larger than %d bytes", path, maxFile)
	}
	return data, nil
}
