package localca_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/localca"
)

func newCA(t *testing.T, kind localca.Kind) *localca.CA {
	t.Helper()
	ca, err := localca.New(kind)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func leaf(t *testing.T, ca *localca.CA, names ...string) tls.Certificate {
	t.Helper()
	cert, err := ca.Leaf(names...)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// serve answers 204 over TLS with the certificate and returns the port.
func serve(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(t.Output(), nil), slog.LevelDebug)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	return port
}

func get(t *testing.T, pool *x509.CertPool, maxVersion uint16, addr, name string) error {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name, MaxVersion: maxVersion}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("https://" + addr)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func TestClientsThatTrustTheAuthorityReachTheServer(t *testing.T) {
	for name, kind := range map[string]localca.Kind{"ECDSA": localca.ECDSA, "RSA": localca.RSA} {
		t.Run(name, func(t *testing.T) {
			ca := newCA(t, kind)
			port := serve(t, leaf(t, ca, "localhost", "127.0.0.1", "::1"))
			for _, max := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				for _, server := range []string{"localhost", "127.0.0.1", "::1"} {
					if err := get(t, ca.Pool(), max, "127.0.0.1:"+port, server); err != nil {
						t.Errorf("TLS %x to %s: %v", max, server, err)
					}
				}
			}
			if err := get(t, ca.Pool(), 0, "127.0.0.1:"+port, "example.com"); err == nil {
				t.Error("a client took the certificate for a name that is not in it")
			}
			if err := get(t, newCA(t, kind).Pool(), 0, "127.0.0.1:"+port, "localhost"); err == nil {
				t.Error("a client took the certificate of another authority")
			}
		})
	}
}

func TestAnAddressIsEnteredAsHostNameForOldClients(t *testing.T) {
	cert := leaf(t, newCA(t, localca.RSA), "localhost", "127.0.0.1", "::1").Leaf
	if diff := cmp.Diff([]string{"localhost", "127.0.0.1"}, cert.DNSNames); diff != "" {
		t.Errorf("host names (-want +got):\n%s", diff)
	}
	var ips []string
	for _, ip := range cert.IPAddresses {
		ips = append(ips, ip.String())
	}
	if diff := cmp.Diff([]string{"127.0.0.1", "::1"}, ips); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

func TestNamesThatCannotStandInACertificateAreRefused(t *testing.T) {
	ca := newCA(t, localca.ECDSA)
	for _, names := range [][]string{nil, {"höst"}, {""}, {"a b"}, {"a..b"}, {strings.Repeat("a.", 130) + "b"}} {
		if _, err := ca.Leaf(names...); err == nil {
			t.Errorf("Leaf(%q) gave a certificate", names)
		}
	}
}

func TestASavedAuthorityGoesOn(t *testing.T) {
	for name, kind := range map[string]localca.Kind{"ECDSA": localca.ECDSA, "RSA": localca.RSA} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ca-key.pem")
			before := newCA(t, kind)
			for range 2 { // the second time over the first
				if err := before.Save(path); err != nil {
					t.Fatal(err)
				}
			}
			after, err := localca.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(before.PEM()), string(after.PEM())); diff != "" {
				t.Error(diff)
			}
			port := serve(t, leaf(t, after, "localhost"))
			if err := get(t, before.Pool(), 0, "127.0.0.1:"+port, "localhost"); err != nil {
				t.Errorf("a certificate signed after loading: %v", err)
			}
			if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
				t.Errorf("files left behind: %v", entries)
			}
		})
	}
}

func TestASavedLeafIsServed(t *testing.T) {
	ca := newCA(t, localca.ECDSA)
	path := filepath.Join(t.TempDir(), "server.pem")
	if err := localca.SaveLeaf(path, leaf(t, ca, "localhost")); err != nil {
		t.Fatal(err)
	}
	cert, err := localca.LoadLeaf(path, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := get(t, ca.Pool(), 0, "127.0.0.1:"+serve(t, cert), "localhost"); err != nil {
		t.Error(err)
	}
	if _, err := localca.Load(path); err == nil {
		t.Error("a server's certificate was loaded as an authority")
	}
}

func TestAKeyFileThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca-key.pem")
	if err := newCA(t, localca.ECDSA).Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("saved with mode %v, %v", info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := localca.Load(path)
		if err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

func TestFilesThatAreNotWhatTheyShouldBe(t *testing.T) {
	dir := t.TempDir()
	if _, err := localca.Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
	one, two := filepath.Join(dir, "1.pem"), filepath.Join(dir, "2.pem")
	for _, path := range []string{one, two} {
		if err := newCA(t, localca.ECDSA).Save(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := localca.LoadLeaf(one, two); err == nil {
		t.Error("a certificate was loaded with another's key")
	}
	if err := os.WriteFile(one, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := localca.Load(one); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a file far too large: %v", err)
	}
	if err := localca.SaveLeaf(filepath.Join(dir, "no", "such", "dir.pem"), leaf(t, newCA(t, localca.ECDSA), "a")); err == nil {
		t.Error("saved into a directory that is not there")
	}
}
