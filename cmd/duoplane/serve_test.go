package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/duoplane/duoplane/internal/secret"
)

const (
	testPassword = "correct-horse-battery-1"
	pathProfiles = "/api/security/authentication/duo/profiles"
)

func startSim(t *testing.T) *program {
	t.Helper()
	return start(t, nil, "sim", "--sim-listen=127.0.0.1:0", "--sim-control-listen=127.0.0.1:0")
}

// startServe serves a data directory whose profiles trust the simulator.
func startServe(t *testing.T, dir string, sim *program, args ...string) *program {
	t.Helper()
	args = append([]string{
		"serve", "--data-dir", dir, "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0", "--log-level=debug", "--duo-ca-file", sim.ready.SimCAFile,
	}, args...)
	return start(t, []string{passwordVariable + "=" + testPassword}, args...)
}

// profileBody is a profile for the simulator's integration.
func profileBody(sim *program, owner string) string {
	return fmt.Sprintf(`{"owner.name":%q,"api_host":%q,"integration_key":%q,"secret_key":%q}`,
		owner, strings.TrimPrefix(sim.ready.SimURL, "https://"), sim.ready.SimIntegrationKey, sim.ready.SimSecretKey)
}

func count(t *testing.T, c *client, path string) int {
	t.Helper()
	var page struct {
		Count int `json:"num_records"`
	}
	if err := json.Unmarshal([]byte(c.must(200, "GET", path, "")), &page); err != nil {
		t.Fatal(err)
	}
	return page.Count
}

// TestNothingAcknowledgedIsLostByKill writes a thousand profiles, kills the
// process and looks whether all are there and every secret still opens: a
// status of Ok takes a request signed with the profile's secret key.
func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	const profiles = 1000
	sim, dir := startSim(t), filepath.Join(t.TempDir(), "data")
	p := startServe(t, dir, sim)
	c := p.client(testPassword)
	names := make(chan string)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for name := range names {
				if status, text, err := c.do(http.MethodPost, "/api/svm/svms", fmt.Sprintf(`{"name":%q}`, name)); err != nil || status != 201 {
					t.Errorf("%s: %d %v %s", name, status, err, text)
				}
				if status, text, err := c.do(http.MethodPost, pathProfiles, profileBody(sim, name)); err != nil || status != 201 {
					t.Errorf("profile of %s: %d %v %s", name, status, err, text)
				}
			}
		})
	}
	for i := range profiles {
		names <- fmt.Sprintf("tenant%04d", i)
	}
	close(names)
	writers.Wait()
	p.signal(syscall.SIGKILL)

	p = startServe(t, dir, sim)
	c = p.client(testPassword)
	if got := count(t, c, pathProfiles+"?return_records=false"); got != profiles {
		t.Errorf("%d of %d profiles are left", got, profiles)
	}
	// The statuses are asked in parts, each within the time of one request.
	opened := 0
	for digit := range 10 {
		opened += count(t, c, fmt.Sprintf("%s?return_records=false&status=Ok&owner.name=tenant*%d", pathProfiles, digit))
	}
	if opened != profiles {
		t.Errorf("%d of %d secrets still open", opened, profiles)
		t.Log(c.must(200, "GET", pathProfiles+"?status=!Ok&max_records=3", ""))
	}
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Errorf("SIGTERM ended it with %d:\n%s", code, p.output())
	}
}

// TestPlantedSecretsAppearNowhere gives secrets by every door, right and wrong,
// and then looks for them in all that the program answered, said and wrote.
func TestPlantedSecretsAppearNowhere(t *testing.T) {
	const key, proxy = "cAnArYsEcReTkEyaaaabbbbccccddddeeeeffff1", "canary-proxy-password-7"
	sim, dir := startSim(t), filepath.Join(t.TempDir(), "data")
	p := startServe(t, dir, sim)
	c := p.client(testPassword)
	body := fmt.Sprintf(`{"api_host":"127.0.0.1:1","integration_key":"DIAAAAAAAAAAAAAAAAAA","secret_key":%q,"http_proxy":"http://joe:%s@127.0.0.1:2"}`, key, proxy)
	uuid := p.ready.ClusterUUID
	var said strings.Builder
	for _, r := range []struct {
		method, path, body string
	}{
		{"POST", pathProfiles + "?return_records=true", body},
		{"POST", pathProfiles, body}, // exists
		{"POST", pathProfiles, strings.Replace(body, "{", `{"owner.name":"nobody",`, 1)},
		{"POST", pathProfiles, strings.Replace(body, "DIA", "D A", 1)},
		{"POST", pathProfiles, body + "x"},
		{"POST", pathProfiles, `{"records":[` + body + `]}`},
		{"POST", pathProfiles + "?secret_key=" + key, body},
		{"GET", pathProfiles + "?secret_key=" + key, ""},
		{"GET", pathProfiles + "?fields=secret_key", ""},
		{"GET", pathProfiles + "?fields=**&http_proxy=*" + proxy + "*", ""},
		{"GET", pathProfiles + "?fields=**&query_fields=*&query=*" + proxy + "*", ""},
		{"GET", pathProfiles + "/" + uuid, ""},
		{"PATCH", pathProfiles + "/" + uuid, fmt.Sprintf(`{"secret_key":%q,"http_proxy":"joe:%s@127.0.0.1:3"}`, key, proxy)},
		{"PATCH", pathProfiles + "/" + uuid, fmt.Sprintf(`{"secret_key":["%s"]}`, key)},
		{"PATCH", pathProfiles + "/" + uuid, fmt.Sprintf(`{"secret_key":"%s with a space"}`, key)},
		{"PATCH", pathProfiles + "/" + uuid, fmt.Sprintf(`{"http_proxy":"http://joe:%s@"}`, proxy)},
		{"PATCH", pathProfiles + "/" + uuid, fmt.Sprintf(`{"%s":1}`, "comment")},
		{"PATCH", pathProfiles + "?comment=null", fmt.Sprintf(`{"secret_key":%q}`, key)},
		{"GET", pathProfiles + "?fields=*", ""},
		{"GET", "/api/security/audit/messages?fields=**", ""},
		{"GET", "/api/private/cli/security/audit/log?fields=entry", ""},
		{"GET", "/docs/api/swagger.yaml", ""},
		{"GET", "/docs/api", ""},
	} {
		status, text, err := c.do(r.method, r.path, r.body)
		if err != nil {
			t.Fatalf("%s %s: %v", r.method, r.path, err)
		}
		// An answer may repeat the caller's own query in a link to itself.
		fmt.Fprintf(&said, "%s %s: %d %s\n", r.method, r.path[:strings.IndexAny(r.path+"?", "?")], status, withoutLinks(text))
	}
	if !strings.Contains(said.String(), `"http_proxy": "http://joe:`) {
		t.Fatalf("no answer shows the proxy, so a mask proves nothing:\n%s", said.String())
	}
	if n := strings.Count(said.String(), "secret_key=sha256:"+secret.NewText(key).Fingerprint()); n < 4 { // input and entry of both changes
		t.Errorf("the audit log's messages tell the secret key's fingerprint %d times:\n%s", n, said.String())
	}
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Errorf("SIGTERM ended it with %d", code)
	}
	if !strings.Contains(read(t, dir, "audit", "audit.log"), `"secret_key":"sha256:`+secret.NewText(key).Fingerprint()) {
		t.Error("the audit log does not tell the secret key's fingerprint")
	}
	for name, text := range writtenBy(t, dir) {
		mustNotHold(t, name, text, key, proxy, testPassword)
	}
	mustNotHold(t, "output", p.output(), key, proxy, testPassword)
	mustNotHold(t, "answers", said.String(), key, proxy, testPassword)
}

func mustNotHold(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if i := strings.Index(text, s); i >= 0 {
			t.Errorf("%s holds a planted secret: …%q…", where, text[max(0, i-80):min(len(text), i+len(s)+20)])
		}
	}
}

// withoutLinks leaves out lines that hold a URL of the API.
func withoutLinks(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, `"href": "/api/`) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// writtenBy returns every file below a folder.
func writtenBy(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 6 {
		t.Fatalf("only %d files below %s", len(files), dir)
	}
	return files
}
