package main

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/secret"
)

const loginToken = "host1:canary-token"

// writeLogin writes a configuration, and the authority beside it.
func writeLogin(t *testing.T, mode os.FileMode, lines ...string) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, doc := range map[string]string{"ca.pem": string(ca), "empty.pem": "nothing\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "login.yaml")
	doc := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "DIR", dir)
	if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFaultyLoginConfigurationClosesTheDoor(t *testing.T) {
	const (
		endpoint = "endpoint: https://duoplane.example.org:8443"
		ca       = "ca_file: DIR/ca.pem"
		token    = "token: " + loginToken
	)
	tests := []struct {
		name  string
		mode  os.FileMode
		lines []string
		want  string // a part of the error; "" for none
	}{
		{"as it should be", 0o600, []string{endpoint, ca, token}, ""},
		{"read-only, with an owner", 0o400, []string{endpoint, ca, token, "owner: svm1"}, ""},
		{"readable by all", 0o644, []string{endpoint, ca, token}, "has mode 0644"},
		{"readable by the group", 0o640, []string{endpoint, ca, token}, "has mode 0640"},
		{"writable by others", 0o602, []string{endpoint, ca, token}, "has mode 0602"},
		{"empty", 0o600, nil, `lacks "endpoint"`},
		{"without an authority", 0o600, []string{endpoint, token}, `lacks "ca_file"`},
		{"without a token", 0o600, []string{endpoint, ca}, `lacks "token"`},
		{"an unknown key", 0o600, []string{endpoint, ca, token, "fail_mode: safe"}, `login.yaml:4: "fail_mode" is not an option`},
		{"a key twice", 0o600, []string{endpoint, ca, token, token}, `login.yaml:4: "token" is given twice`},
		{"a list for a token", 0o600, []string{endpoint, ca, "token: {host1: canary-token}"}, `login.yaml:3: "token" needs a plain value`},
		{"no YAML", 0o600, []string{"canary-token: ["}, "is not YAML"},
		{"a token without a name", 0o600, []string{endpoint, ca, "token: canary-token"}, "name:password"},
		{"a token with an empty name", 0o600, []string{endpoint, ca, "token: ':canary-token'"}, "name:password"},
		{"no TLS", 0o600, []string{"endpoint: http://duoplane.example.org", ca, token}, "https://host:port"},
		{"a path", 0o600, []string{endpoint + "/api", ca, token}, "https://host:port"},
		{"a password in the address", 0o600, []string{"endpoint: https://u:canary-token@h", ca, token}, "https://host:port"},
		{"no address", 0o600, []string{"endpoint: ':'", ca, token}, "https://host:port"},
		{"an authority that is not there", 0o600, []string{endpoint, "ca_file: DIR/none.pem", token}, "none.pem: no such file"},
		{"an authority that is none", 0o600, []string{endpoint, "ca_file: DIR/empty.pem", token}, "holds no certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := readLoginConfig(writeLogin(t, tt.mode, tt.lines...))
			switch {
			case tt.want == "" && (err != nil || cfg.account != "host1" || !cfg.password.Equal(secret.NewText("canary-token"))):
				t.Errorf("got %+v, %v", cfg, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q in it", err, tt.want)
			case err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "\n")):
				t.Errorf("it tells the token, or more than a line: %v", err)
			}
		})
	}
	for name, path := range map[string]string{"a file that is not there": filepath.Join(t.TempDir(), "none"), "a folder": t.TempDir()} {
		if _, err := readLoginConfig(path); err == nil {
			t.Errorf("%s opens the door", name)
		}
	}
}

func TestAConfigurationOfAnotherUserClosesTheDoor(t *testing.T) {
	path := writeLogin(t, 0o600, "endpoint: https://h", "ca_file: DIR/ca.pem", "token: "+loginToken)
	if err := os.Chown(path, 12345, -1); err != nil { // not root: then it cannot be another's either
		if _, err := readLoginConfig("/etc/shadow"); err == nil {
			t.Error("a file of another user's was read")
		}
		return
	}
	if _, err := readLoginConfig(path); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("got %v", err)
	}
}

func TestLoginTakesTheHostAsLoginDuoDoes(t *testing.T) {
	for _, tt := range []struct{ name, args, want string }{
		{"apart", "login -h 192.0.2.1 -f bob", "login --host 192.0.2.1 -f bob"},
		{"together", "login -h192.0.2.1", "login --host=192.0.2.1"},
		{"behind a value", "login -f -h -h x", "login -f -h --host x"},
		{"of a command of its own", "login ls -h", "login ls -h"},
		{"behind the end of options", "login -- -h", "login -- -h"},
		{"of another command", "serve -h", "serve -h"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.Fields(tt.want), loginArgs(strings.Fields(tt.args))); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheShellIsTheUserDatabases(t *testing.T) {
	const file = "root:x:0:0:root:/root:/bin/bash\nnobody here\nold:x:10:10::/:\n:x:11:11::/:/bin/sh\nten:x:100:10::/home/ten:/bin/zsh\n"
	for uid, want := range map[int]passwd{0: {"root", "/bin/bash"}, 10: {"old", "/bin/sh"}, 100: {"ten", "/bin/zsh"}, 11: {}, 1: {}} {
		if got, ok := findUser(strings.NewReader(file), uid); got != want || ok != (want.name != "") {
			t.Errorf("%d: got %+v, %v", uid, got, ok)
		}
	}
}

func TestACommandIsMadeFitToBeTold(t *testing.T) {
	if got := shortCommand("a\xff\x00b" + strings.Repeat("é", 4000)); len(got) > 4100 || !strings.HasPrefix(got, "a??b") {
		t.Errorf("got %d bytes, %.10q", len(got), got)
	}
}

// A fakeDoor is a server that plays turns, one for each call.
type fakeDoor struct {
	turns []string // JSON, or "401" and the like for a status
	calls bytes.Buffer
}

func (d *fakeDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	body, _ := io.ReadAll(r.Body) // a short body shows in the comparison
	fmt.Fprintf(&d.calls, "%s %s as %s:%s %s\n", r.Method, r.URL.Path, user, password, body)
	if len(d.turns) == 0 {
		<-r.Context().Done() // nothing new for a poll
		return
	}
	next := d.turns[0]
	d.turns = d.turns[1:]
	var status int
	if n, _ := fmt.Sscanf(next, "%d", &status); n == 1 {
		w.WriteHeader(status)
		_, next, _ = strings.Cut(next, " ")
	}
	_, _ = io.WriteString(w, next)
}

func (d *fakeDoor) at(t *testing.T) *loginClient {
	t.Helper()
	return clientOf(t, d)
}

// clientOf returns a client of a door.
func clientOf(t *testing.T, door http.Handler) *loginClient {
	t.Helper()
	server := quiet(door)
	t.Cleanup(server.Close)
	cfg := &loginConfig{account: "host1", password: secret.NewText("token")}
	cfg.endpoint, _ = parseEndpoint(server.URL)
	cfg.roots = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return newLoginClient(cfg)
}

// quiet is a TLS server that does not complain of clients that go away.
func quiet(h http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	return server
}

func TestALoginGoesThroughItsTurns(t *testing.T) {
	d := &fakeDoor{turns: []string{
		`{"uuid":"u/1","state":"running","texts":["Hello"]}`,
		`{"uuid":"u/1","state":"running","texts":["Pushed a login request to your phone..."]}`,
		`{"uuid":"u/1","state":"done","texts":["Success. Logging you in..."],"decision":{"allow":true,"reason":"approved"}}`,
	}}
	var screen bytes.Buffer
	talk := conversation{client: d.at(t), person: &person{in: strings.NewReader(""), out: &screen}}
	got, err := talk.run(t.Context(), visit{User: "alice", Interactive: true})
	if err != nil || !got.Allow || got.Reason != "approved" {
		t.Errorf("got %+v, %v", got, err)
	}
	const wantCalls = `POST /api/duoplane/authenticate as host1:token {"username":"alice","interactive":true}
GET /api/duoplane/authenticate/u/1 as host1:token ` + `
GET /api/duoplane/authenticate/u/1 as host1:token ` + `
`
	if diff := cmp.Diff(wantCalls, d.calls.String()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if want := "Hello\nPushed a login request to your phone...\nSuccess. Logging you in...\n"; screen.String() != want {
		t.Errorf("the screen shows %q", screen.String())
	}
}

func TestWithoutATerminalNothingIsShown(t *testing.T) {
	d := &fakeDoor{turns: []string{
		`{"uuid":"u","state":"running","texts":["Pushed"]}`, `{"uuid":"u","state":"done","texts":["No"],"decision":{"allow":false,"reason":"refused"}}`,
	}}
	talk := conversation{client: d.at(t)}
	if got, err := talk.run(t.Context(), visit{User: "alice"}); err != nil || got.Allow {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhateverTheServerAnswersClosesTheDoor(t *testing.T) {
	for name, tt := range map[string]struct {
		turns []string
		want  string
	}{
		"a refused token":               {[]string{"401 {}"}, "refuses the token"},
		"an account without the role":   {[]string{"403 {}"}, "its role must be login"},
		"a message":                     {[]string{`503 {"error":{"message":"Too many\u001b[2J\nlogins"}}`}, "Too many?[2J?logins"},
		"a status alone":                {[]string{"500 <html>"}, "HTTP status 500"},
		"a redirect":                    {[]string{"302 "}, "HTTP status 302"},
		"no JSON":                       {[]string{"<html>welcome</html>"}, "does not answer as Duoplane does"},
		"an empty object":               {[]string{"{}"}, "does not answer as Duoplane does"},
		"a decision without a state":    {[]string{`{"uuid":"u","decision":{"allow":true}}`}, "a state nobody knows"},
		"a question for nobody":         {[]string{`{"uuid":"u","state":"asking","prompt":"? "}`}, "nobody to answer"},
		"a token that is revoked later": {[]string{`{"uuid":"u","state":"running"}`, "401 {}"}, "refuses the token"},
	} {
		t.Run(name, func(t *testing.T) {
			talk := conversation{client: (&fakeDoor{turns: tt.turns}).at(t)}
			got, err := talk.run(t.Context(), visit{User: "alice"})
			if err == nil || got.Allow || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestAServerThatIsNotThereClosesTheDoor(t *testing.T) {
	server := quiet(http.NotFoundHandler())
	other := (&fakeDoor{}).at(t)
	other.cfg.endpoint, _ = parseEndpoint("https://127.0.0.1:1")
	wrongName := (&fakeDoor{}).at(t)
	wrongName.cfg.endpoint, _ = parseEndpoint(strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	defer server.Close()
	for name, client := range map[string]*loginClient{"nobody listens": other, "a certificate for another name": wrongName} {
		if got, err := (&conversation{client: client}).run(t.Context(), visit{User: "alice"}); err == nil || got.Allow || !strings.Contains(err.Error(), "cannot be reached") {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestOnlyTheAnswersLineIsRead(t *testing.T) {
	in := strings.NewReader("1\r\nthe shell's\n" + strings.Repeat("x", 400) + "\n\xff\n")
	p := &person{in: in}
	for _, want := range []string{"1", "the shell's", strings.Repeat("x", 255), "?"} {
		if got, err := p.readLine(); err != nil || got != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if got, err := p.readLine(); err == nil {
		t.Errorf("at the end: %q", got)
	}
}
