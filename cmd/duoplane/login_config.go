package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/duoplane/duoplane/internal/secret"
)

// defaultLoginConfig is where duoplane login looks for its configuration.
const defaultLoginConfig = "/etc/duoplane/login.yaml"

// maxLoginFile bounds the files that duoplane login reads.
const maxLoginFile = 1 << 20

// A loginConfig says which server decides and how to trust each other.
type loginConfig struct {
	endpoint *url.URL
	roots    *x509.CertPool
	account  string
	password secret.Text
	owner    string // "" for the account's SVM, else the cluster
}

// readLoginConfig reads the file. Whatever is wrong with it, or with who may
// read it, is an error and closes the door.
func readLoginConfig(path string) (*loginConfig, error) {
	doc, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	keys := []string{"endpoint", "ca_file", "token", "owner"}
	known := map[string]bool{}
	for _, k := range keys {
		known[k] = true
	}
	values, problems := readConfig(path, doc, known)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	for _, k := range keys[:3] {
		if values[k].text == "" {
			return nil, fmt.Errorf("%s lacks %q", path, k)
		}
	}
	cfg := &loginConfig{owner: values["owner"].text}
	if cfg.endpoint, err = parseEndpoint(values["endpoint"].text); err != nil {
		return nil, fmt.Errorf("%s: %w", values["endpoint"].where, err)
	}
	account, password, ok := strings.Cut(values["token"].text, ":")
	if !ok || account == "" || password == "" {
		return nil, fmt.Errorf("%s: the token is not of the form name:password", values["token"].where)
	}
	cfg.account, cfg.password = account, secret.NewText(password)
	// There are no roots but these: the system's are found through variables
	// of the environment, which may be the user's.
	pem, err := readBounded(values["ca_file"].text)
	if err != nil {
		return nil, err
	}
	cfg.roots = x509.NewCertPool()
	if !cfg.roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", values["ca_file"].text)
	}
	return cfg, nil
}

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the endpoint is not of the form https://host:port")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// readPrivate reads a file that nobody but its owner may read or write, and
// whose owner is root or whom this process runs as.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the administrator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s has mode %04o: nobody but its owner may read or write it; use chmod 0600", path, info.Mode().Perm())
	case !ok || !slices.Contains([]int{0, os.Geteuid()}, int(stat.Uid)):
		return nil, fmt.Errorf("%s belongs to another user", path)
	}
	return readAtMost(f, path)
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the administrator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return readAtMost(f, path)
}

func readAtMost(f *os.File, path string) ([]byte, error) {
	doc, err := io.ReadAll(io.LimitReader(f, maxLoginFile+1))
	if err == nil && len(doc) > maxLoginFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxLoginFile)
	}
	return doc, err
}
