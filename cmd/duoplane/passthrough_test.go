package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

const cliPrefix = "/api/private/cli/"

// verbMethods are the verbs that are methods of their directory's path. All
// others are words of the path, and POST.
var verbMethods = map[string]string{"show": "GET", "create": "POST", "modify": "PATCH", "delete": "DELETE"}

// commandsBelow walks the command line's own help and returns every command
// below a directory.
func commandsBelow(t *testing.T, c *ssh.Client, directory string) (commands []string) {
	t.Helper()
	for line := range strings.Lines(says(t, c, "help "+directory)) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		name := strings.TrimSpace(directory + " " + words[0])
		if below, is := strings.CutSuffix(name, ">"); is {
			commands = append(commands, commandsBelow(t, c, below)...)
			continue
		}
		commands = append(commands, name)
	}
	return commands
}

// says runs a command over SSH, which must succeed, and returns its output.
func says(t *testing.T, c *ssh.Client, line string) string {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.CombinedOutput(line)
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// allowed is what OPTIONS answers, in alphabetical order.
func (c *client) allowed(path string) []string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodOptions, c.url+path, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth(c.user, c.pass)
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
		c.t.Errorf("OPTIONS %s: %s, %v", path, res.Status, err)
	}
	return slices.Sorted(strings.SplitSeq(res.Header.Get("Allow"), ", "))
}

// passthroughs are the paths of commands, each with what it should allow.
func passthroughs(commands []string) map[string][]string {
	methods := make(map[string][]string)
	for _, name := range commands {
		words := strings.Fields(name)
		verb := len(words) - 1
		method, ok := verbMethods[words[verb]]
		if !ok {
			method, verb = "POST", len(words)
		}
		if name == "security login duo history" { // which is a show
			method = "GET"
		}
		path := strings.Join(words[:verb], "/")
		methods[path] = append(methods[path], method)
	}
	for path, allowed := range methods {
		if slices.Contains(allowed, "GET") {
			allowed = append(allowed, "HEAD")
		}
		methods[path] = append(allowed, "OPTIONS")
		slices.Sort(methods[path])
	}
	return methods
}

func TestEveryCommandIsInThePassthrough(t *testing.T) {
	s := newSSHTarget(t)
	c := dialSSH(t, s.ready.SSHAddr, "127.0.0.1", "admin", ssh.Password(s.ready.AdminPassword))
	got := commandsBelow(t, c, "")
	var want []string
	for directory, verbs := range map[string]string{
		"security login duo":       "create modify show delete test explain history",
		"security login duo group": "create modify show delete",
		"security login":           "create modify show delete password lock unlock",
		"security login publickey": "create modify show delete",
		"security login banner":    "show modify",
		"security login motd":      "show modify",
		"security audit log":       "show",
		"vserver":                  "create show rename delete modify",
		"cluster identity":         "show",
		"":                         "set rows history redo exit quit logout help top up",
	} {
		for verb := range strings.FieldsSeq(verbs) {
			want = append(want, strings.TrimSpace(directory+" "+verb))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	// The shell's own, of one word, are nothing without a session.
	got = slices.DeleteFunc(got, func(name string) bool { return !strings.Contains(name, " ") })
	for path, allow := range passthroughs(got) {
		if is := s.allowed(cliPrefix + path); !slices.Equal(is, allow) {
			t.Errorf("OPTIONS %s: Allow is %q, not %q", path, is, allow)
		}
	}
}

func TestEveryVerbOfThePassthroughAnswers(t *testing.T) {
	s := newSSHTarget(t)
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(newSigner(t).PublicKey())))
	host := strings.TrimPrefix(s.ready.SimURL, "https://")
	for _, call := range []struct {
		status             int
		method, path, body string
		want               string // in the answer
	}{
		{201, "POST", "vserver", `{"vserver":"t1","comment":"one"}`, `"num_records": 1`},
		{409, "POST", "vserver", `{"vserver":"t1"}`, "duplicate entry"},
		{200, "PATCH", "vserver?vserver=t1", `{"comment":"two"}`, `"num_records": 1`},
		{200, "POST", "vserver/rename", `{"vserver":"t1","newname":"t2"}`, `"num_records": 1`},
		{200, "GET", "vserver?vserver=t2&fields=comment", "", `"comment": "two"`},
		{200, "GET", "cluster/identity", "", `"name": "cluster-1"`},

		{201, "POST", "security/login/duo", fmt.Sprintf(`{"vserver":"t2","integration_key":%q,"secret_key":%q,"api-host":%q,"enabled":"false"}`,
			s.ready.SimIntegrationKey, s.ready.SimSecretKey, host), `"num_records": 1`},
		{200, "GET", "security/login/duo?vserver=t2&fields=is-enabled,apihost", "", `"is_enabled": false`},
		{200, "GET", "security/login/duo?vserver=t2&fields=enabled,api_host", "", `"apihost": "` + host},
		{200, "PATCH", "security/login/duo?vserver=t2", `{"is-enabled":true,"fail-mode":"secure"}`, `"num_records": 1`},
		{200, "GET", "security/login/duo?vserver=t2&fields=fail_mode,is_enabled", "", `"fail_mode": "secure"`},
		{400, "GET", "security/login/duo?fields=*", "", "262220"},
		{400, "PATCH", "security/login/duo", `{"comment":"all"}`, `"num_records": 0`},
		{200, "POST", "security/login/duo/test", `{"vserver":"t2"}`, `"num_records": 1`},

		{201, "POST", "security/login/duo/group", `{"vserver":"t2","group-name":"g1","exclude-users":["x"]}`, `"num_records": 1`},
		{200, "PATCH", "security/login/duo/group/?vserver=t2&group_name=g*", `{"excluded_users":["x","y"]}`, "1 entry was modified."},
		{200, "GET", "security/login/duo/group?vserver=t2&fields=excluded_users", "", `"y"`},
		{200, "POST", "security/login/duo/explain", `{"vserver":"t2","username":"una"}`, `"num_records": 1`},
		{200, "DELETE", "security/login/duo/group?vserver=t2&group-name=g1", "", `"num_records": 1`},
		{404, "DELETE", "security/login/duo/group?vserver=t2&group-name=g1", "", `"num_records": 0`},

		{201, "POST", "security/login", `{"vserver":"t2","user_or_group_name":"una","application":"ssh","authentication_method":"password","role":"vsadmin","password":"correct horse 1"}`, `"num_records": 1`},
		{201, "POST", "security/login", `{"vserver":"t2","username":"una","application":"ssh","authmethod":"publickey","role":"vsadmin"}`, `"num_records": 1`},
		{200, "GET", "security/login?vserver=t2&fields=role,is_account_locked", "", `"num_records": 2`},
		{200, "PATCH", "security/login?vserver=t2&username=una&application=ssh&authentication_method=password", `{"comment":"hers"}`, `"num_records": 1`},
		{200, "POST", "security/login/lock", `{"vserver":"t2","username":"una"}`, `"num_records": 1`},
		{200, "POST", "security/login/unlock/", `{"vserver":"t2","user-or-group-name":"una"}`, `"num_records": 1`},
		{200, "POST", "security/login/password", `{"vserver":"t2","username":"una","password":"correct horse 2"}`, `"num_records": 1`},
		{404, "POST", "security/login/lock", `{"vserver":"t2","username":"nobody"}`, "entry doesn't exist"},

		{201, "POST", "security/login/publickey", fmt.Sprintf(`{"vserver":"t2","username":"una","index":0,"publickey":%q}`, key), `"num_records": 1`},
		{200, "PATCH", "security/login/publickey?vserver=t2&username=una&index=0", `{"comment":"of her laptop"}`, `"num_records": 1`},
		{200, "GET", "security/login/publickey?vserver=t2&fields=public-key,comment", "", "of her laptop"},
		{200, "DELETE", "security/login/publickey?vserver=t2&username=una&index=0", "", `"num_records": 1`},

		{200, "PATCH", "security/login/banner?vserver=t2", `{"message":"Go away."}`, `"num_records": 1`},
		{200, "GET", "security/login/banner?vserver=t2&fields=message", "", "Go away."},
		{200, "PATCH", "security/login/motd?vserver=t2", `{"message":"Hello.","is_cluster_message_enabled":"false"}`, `"num_records": 1`},
		{200, "GET", "security/login/motd?vserver=t2&fields=message,is-cluster-message-enabled", "", `"is_cluster_message_enabled": false`},

		{200, "GET", "security/login/duo/history?fields=decision", "", `"num_records": `},
		{200, "GET", "security/audit/log?fields=entry&max_records=5", "", `"entry": "`},

		{200, "DELETE", "security/login?vserver=t2&user_or_group_name=una&application=ssh&authentication-method=publickey", "", `"num_records": 1`},
		{200, "DELETE", "security/login/duo?vserver=t2", `{}`, `"num_records": 1`},
		{200, "DELETE", "vserver?vserver=t2", "", `"num_records": 1`},
		{405, "DELETE", "security/login/banner?vserver=*", "", `"error"`},
		{405, "GET", "security/login/lock", "", `"error"`},
		{404, "GET", "security/login/nonsense", "", `"error"`},
	} {
		status, text, err := s.do(call.method, cliPrefix+call.path, call.body)
		if err != nil || status != call.status || !strings.Contains(text, call.want) {
			t.Errorf("%s %s: %d %v, want %d with %s\n%s", call.method, call.path, status, err, call.status, call.want, text)
		}
	}
}
