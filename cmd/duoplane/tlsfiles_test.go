package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/localca"
)

func TestOurCertificateIsKeptWhileItFits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	first, err := ownCertificate(dir, []string{"localhost", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	ca := read(t, dir, caFile)

	again, err := ownCertificate(dir, []string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Certificate[0], again.Certificate[0]) {
		t.Error("a second start made another certificate")
	}

	moved, err := ownCertificate(dir, []string{"localhost", "duoplane.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first.Certificate[0], moved.Certificate[0]) {
		t.Error("a certificate without the new name was kept")
	}
	if read(t, dir, caFile) != ca {
		t.Error("the authority changed with the certificate: every client would have to be told")
	}
}

func TestWhatIsMissingOfOurCertificateIsMadeAgain(t *testing.T) {
	for _, name := range []string{caFile, serverFile, authorityFile} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := ownCertificate(dir, []string{"localhost"}); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			cert, err := ownCertificate(dir, []string{"localhost"})
			if err != nil {
				t.Fatal(err)
			}
			ca, err := localca.Load(filepath.Join(dir, authorityFile))
			if err != nil {
				t.Fatal(err)
			}
			if !fits(cert.Leaf, ca, []string{"localhost"}) || read(t, dir, caFile) != string(ca.PEM()) {
				t.Error("the certificate, the authority and ca.pem do not belong together")
			}
		})
	}
}

func TestADamagedCertificateIsNotReplacedInSilence(t *testing.T) {
	for _, name := range []string{serverFile, authorityFile} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := ownCertificate(dir, []string{"localhost"}); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte("no PEM"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := ownCertificate(dir, []string{"localhost"}); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error that names %s", err, path)
			}
		})
	}
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}
