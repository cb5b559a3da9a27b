package etcdservers

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	prefix   = "/duoplane/v1/"
	password = "correct-horse-battery-1"
	// limit is how long anything may take that happens by itself.
	limit    = time.Minute
	linkedIn = "v3.7" // the release that duoplane itself is built with
	// contract are the store's tests of clusters that show a server's ways.
	contract = "OnACluster|TestWhileEtcdIsAway|TestAGap|TestOthersMayShare|TestBreaksOfTheWatch"
)

func TestDuoplaneOnTheEtcdOfEachRelease(t *testing.T) {
	duoplane := build(t, "../..", "./cmd/duoplane", "duoplane")
	for _, release := range []string{"v3.5", "v3.6", "v3.7"} {
		t.Run(release, func(t *testing.T) {
			etcd := build(t, release, ".", "etcd")
			t.Run("the store's tests", func(t *testing.T) {
				if release == linkedIn {
					return // "go test ./..." has them
				}
				test := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run", contract, "./internal/store/etcdstore", "-etcd="+etcd)
				test.Dir = "../.."
				if out, err := test.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
			t.Run("two servers with certificates and a user", func(t *testing.T) { twoServers(t, duoplane, startCluster(t, etcd)) })
		})
	}
}

// A cluster is an etcd of one member that asks for certificates and passwords.
type cluster struct {
	certificates

	url      string
	password string // file with the one of user duoplane
	restart  func()
}

// startCluster runs etcd at an address of its own, where it can be started
// again, and lets a user in who may touch nothing but the prefix.
func startCluster(t *testing.T, etcd string) *cluster {
	t.Helper()
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), 1+rand.IntN(250), 1+rand.IntN(250))
	c := &cluster{certificates: newCertificates(t, host), url: "https://" + host + ":2379"}
	dir := t.TempDir()
	c.password = filepath.Join(dir, "password")
	if err := os.WriteFile(c.password, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func() (stop func(), gone <-chan struct{}) {
		return start(t, syscall.SIGKILL, etcd, "--data-dir="+filepath.Join(dir, "data"), "--logger=zap", "--log-level=warn",
			"--listen-client-urls="+c.url, "--advertise-client-urls="+c.url,
			"--client-cert-auth", "--trusted-ca-file="+c.ca, "--cert-file="+c.cert, "--key-file="+c.key,
			"--listen-peer-urls=http://127.0.0.1:0", "--initial-advertise-peer-urls=http://member.invalid:2380",
			"--initial-cluster=default=http://member.invalid:2380")
	}
	stop, gone := run()
	c.restart = func() {
		stop()
		stop, _ = run()
	}
	admin := &http.Client{Transport: &http.Transport{TLSClientConfig: c.config}, Timeout: limit}
	t.Cleanup(admin.CloseIdleConnections)
	type object = map[string]any
	coded := func(key string) string { return base64.StdEncoding.EncodeToString([]byte(key)) }
	end := strings.TrimSuffix(prefix, "/") + "0" // the byte after the slash
	for _, step := range []struct {
		path string
		body object
	}{
		{"user/add", object{"name": "root", "password": password}},
		{"user/grant", object{"user": "root", "role": "root"}},
		{"user/add", object{"name": "duoplane", "password": password}},
		{"role/add", object{"name": "duoplane"}},
		{"role/grant", object{"name": "duoplane", "perm": object{"permType": "READWRITE", "key": coded(prefix), "range_end": coded(end)}}},
		{"user/grant", object{"user": "duoplane", "role": "duoplane"}},
		{"enable", object{}},
	} {
		eventually(t, gone, step.path, func() error {
			err := call(admin, http.MethodPost, c.url+"/v3/auth/"+step.path, step.body, nil)
			if err != nil && strings.Contains(err.Error(), "already exists") {
				return nil // the answer to an earlier try was lost
			}
			return err
		})
	}
	return c
}

// twoServers share the cluster, also after it was restarted.
func twoServers(t *testing.T, duoplane string, c *cluster) {
	dir := t.TempDir()
	one, other := startServer(t, duoplane, dir, "one", c), startServer(t, duoplane, dir, "other", c)
	if err := one.call(http.MethodPost, "/svm/svms", map[string]any{"name": "svm1"}, nil); err != nil {
		t.Fatal(err)
	}
	var page struct{ Records []struct{ UUID string } }
	if err := other.call(http.MethodGet, "/svm/svms?name=svm1", nil, &page); err != nil || len(page.Records) != 1 {
		t.Fatalf("%v: %+v", err, page)
	}
	path := "/svm/svms/" + page.Records[0].UUID
	seen := func(text string) {
		t.Helper()
		var svm struct{ Comment string }
		if err := other.call(http.MethodGet, path+"?fields=comment", nil, &svm); err != nil || svm.Comment != text {
			t.Errorf("the other server says %q, %v; want %q", svm.Comment, err, text)
		}
	}
	change := func(text string) error {
		return one.call(http.MethodPatch, path, map[string]any{"comment": text}, nil)
	}
	if err := change("before"); err != nil {
		t.Fatal(err)
	}
	seen("before")
	c.restart() // and it knows nobody's token any more
	eventually(t, nil, "a change afterwards", func() error { return change("after") })
	eventually(t, nil, "a read afterwards", func() error { return other.call(http.MethodGet, path, nil, nil) })
	seen("after")
	if err := change("at last"); err != nil {
		t.Error(err)
	}
	seen("at last")
}

// A server is a running "duoplane serve".
type server struct {
	http *http.Client
	url  string
}

func startServer(t *testing.T, duoplane, dir, name string, c *cluster) *server {
	t.Helper()
	t.Setenv("DUOPLANE_ADMIN_PASSWORD", password)
	ready := filepath.Join(dir, name+".json")
	_, gone := start(t, syscall.SIGTERM, duoplane, "serve", "--data-dir="+filepath.Join(dir, name), "--keyset-file="+filepath.Join(dir, "keyset.json"),
		"--api-listen=127.0.0.1:0", "--ssh-listen=off", "--ready-file="+ready, "--etcd-prefix="+prefix, "--etcd-endpoints="+c.url,
		"--etcd-ca-file="+c.ca, "--etcd-cert-file="+c.cert, "--etcd-key-file="+c.key, "--etcd-user=duoplane", "--etcd-password-file="+c.password)
	var answer struct {
		APIURL string `json:"api_url"`
		CAFile string `json:"ca_file"`
	}
	eventually(t, gone, "the ready file", func() error {
		doc, err := os.ReadFile(ready)
		if err != nil {
			return err
		}
		return json.Unmarshal(doc, &answer)
	})
	ca, err := os.ReadFile(answer.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}, Timeout: limit}
	t.Cleanup(client.CloseIdleConnections)
	return &server{client, answer.APIURL}
}

func (s *server) call(method, path string, body, into any) error {
	return call(s.http, method, s.url+"/api"+path, body, into)
}

// call sends one request; into, if any, gets the answer.
func call(client *http.Client, method, url string, body, into any) error {
	var doc []byte
	if body != nil {
		var err error
		if doc, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(doc))
	if err != nil {
		return err
	}
	req.SetBasicAuth("admin", password)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 400 {
		return fmt.Errorf("%s %s: %d %s", method, url, res.StatusCode, strings.Join(strings.Fields(string(text)), " "))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
