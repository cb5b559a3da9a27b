package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// world is the scenario's.
func world(ts *testscript.TestScript) *sshWorld { return ts.Value(worldKey{}).(*sshWorld) }

// call sends a request and returns the body of a success.
func (w *sshWorld) call(ts *testscript.TestScript, method, address, body string) string {
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	ts.Check(err)
	req.SetBasicAuth(w.admin.user, w.admin.pass)
	req.Header.Set("Content-Type", "application/json")
	res, err := w.admin.http.Do(req)
	ts.Check(err)
	defer res.Body.Close() //nolint:errcheck // only read
	var text bytes.Buffer
	_, err = text.ReadFrom(res.Body)
	ts.Check(err)
	if res.StatusCode/100 != 2 {
		ts.Fatalf("%s %s %s: %s\n%s", method, address, body, res.Status, &text)
	}
	return text.String()
}

// cmdRest sends a request below /api as the administrator.
func cmdRest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: rest method path [body]")
	}
	w := world(ts)
	_, _ = fmt.Fprint(ts.Stdout(), w.call(ts, args[0], w.admin.url+"/api/"+args[1], strings.Join(args[2:], "")))
}

// cmdDuo sends a request to the simulator's control.
func cmdDuo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: duo method path [body]")
	}
	w := world(ts)
	_, _ = fmt.Fprint(ts.Stdout(), w.call(ts, args[0], w.control+"/api/"+args[1], strings.Join(args[2:], "")))
}

// merged is a record with the fields of a script's JSON objects on top.
func merged(ts *testscript.TestScript, f fields, objects []string) string {
	for _, text := range objects {
		var more fields
		ts.Check(json.Unmarshal([]byte(text), &more))
		maps.Copy(f, more)
	}
	doc, err := json.Marshal(f)
	ts.Check(err)
	return string(doc)
}

// cmdTenant makes the scenario's SVM, and a Duo profile with the fields given;
// without any there is no profile.
func cmdTenant(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: tenant [profile...]")
	}
	w, name := world(ts), ts.Getenv("SVM")
	w.call(ts, http.MethodPost, w.admin.url+"/api/svm/svms", merged(ts, fields{"name": name}, nil))
	if len(args) > 0 {
		w.call(ts, http.MethodPost, w.admin.url+"/api/security/authentication/duo/profiles", merged(ts, fields{
			"owner": fields{"name": name}, "api_host": ts.Getenv("SIM_HOST"),
			"integration_key": ts.Getenv("SIM_INTEGRATION_KEY"), "secret_key": ts.Getenv("SIM_SECRET_KEY"),
		}, args))
	}
}

// cmdPerson makes an account of the scenario's SVM, and somebody of that name
// at Duo with a telephone and a token. The token's secret is that of RFC 4226,
// so that its first codes are 755224, 287082, 359152.
func cmdPerson(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: person name [account...]")
	}
	w, name := world(ts), args[0]
	w.call(ts, http.MethodPost, w.admin.url+"/api/security/accounts", merged(ts, fields{
		"name": name, "owner": fields{"name": ts.Getenv("SVM")}, "role": "vsadmin", "password": sshPassword,
		"applications": []fields{{"application": "ssh", "authentication_methods": []string{"password"}}},
	}, args[1:]))
	w.call(ts, http.MethodPost, w.control+"/api/users", merged(ts, fields{"name": name, "devices": []fields{
		{"type": "phone", "number": "+1 555 010 1234"},
		{"type": "token", "name": "HT-1", "otp": fields{"kind": "hotp", "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}},
	}}, nil))
}

// cmdDoes says what Duo or the person with the telephone does at a user's next
// logins: a word such as approve, a fault's fields, or nothing of either.
func cmdDoes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: does user [word|fault]")
	}
	w := world(ts)
	var before []struct{ ID, User string }
	ts.Check(json.Unmarshal([]byte(w.call(ts, http.MethodGet, w.control+"/api/faults", "")), &before))
	for _, f := range before {
		if f.User == args[0] {
			w.call(ts, http.MethodDelete, w.control+"/api/faults/"+f.ID, "")
		}
	}
	if len(args) == 2 {
		now := fields{"user": args[0], "do": args[1]}
		more := args[1:]
		if !strings.HasPrefix(args[1], "{") {
			more = nil
		}
		w.call(ts, http.MethodPost, w.control+"/api/faults", merged(ts, now, more))
	}
}

// cmdKeypair makes a key: a private file, a public one, and $KEY for commands.
func cmdKeypair(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keypair file")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	block, err := ssh.MarshalPrivateKey(private, "")
	ts.Check(err)
	shown, err := ssh.NewPublicKey(public)
	ts.Check(err)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(shown)))
	file := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	ts.Check(os.WriteFile(file+".pub", []byte(line+"\n"), 0o600))
	ts.Setenv("KEY", line)
}

// cmdAnswers lays out what is typed at ssh's prompts, from the first on.
func cmdAnswers(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: answers answer...")
	}
	var lines strings.Builder
	for _, a := range args {
		lines.WriteString(a + "\n")
	}
	ts.Check(os.WriteFile(ts.Getenv(answersVariable), []byte(lines.String()), 0o600))
	ts.Check(os.RemoveAll(ts.Getenv(askedVariable)))
}

// cmdLogins compares all logins of a user, the oldest first, with lines of
// decision, reason, factor and tries; "-" is no factor. Of a client that went
// away the decision may come after the client's end.
func cmdLogins(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: logins user login...")
	}
	w := world(ts)
	var got []string
	waitFor(func() bool {
		var page struct {
			Records []struct {
				Decision, Reason, Factor string
				Tries                    int
			}
		}
		text := w.call(ts, http.MethodGet, w.admin.url+"/api/duoplane/logins?fields=*&order_by=id&user="+url.QueryEscape(args[0]), "")
		ts.Check(json.Unmarshal([]byte(text), &page))
		got = nil
		for _, r := range page.Records {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %d", r.Decision, r.Reason, orDash(r.Factor), r.Tries)))
		}
		return len(got) >= len(args)-1
	})
	if !slices.Equal(got, args[1:]) {
		ts.Fatalf("the logins of %s are\n%s\nand not\n%s", args[0], strings.Join(got, "\n"), strings.Join(args[1:], "\n"))
	}
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// waitFor looks until something has happened.
func waitFor(happened func() bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for !happened() {
		select {
		case <-tick.C:
		case <-limit:
			return // what is missing is told by what follows
		}
	}
}

// cmdAwait runs a program until its output holds a text: for what follows a
// login in its own time.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await text program arguments...")
	}
	var out string
	waitFor(func() bool {
		ts.Check(ts.Exec(args[1], args[2:]...))
		out = ts.ReadFile("stdout")
		return strings.Contains(out, args[0])
	})
	if !strings.Contains(out, args[0]) {
		ts.Fatalf("%s never prints %q:\n%s", args[1], args[0], out)
	}
}
