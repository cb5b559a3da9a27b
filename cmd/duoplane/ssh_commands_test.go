package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// call sends a request as the administrator, to the programs whose ready files
// were read last, and returns the body of a success.
func call(ts *testscript.TestScript, method, address, body string) string {
	pem, err := os.ReadFile(ts.Getenv("CA_FILE"))
	ts.Check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	ts.Check(err)
	req.SetBasicAuth("admin", ts.Getenv("ADMIN_PASSWORD"))
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: tr, Timeout: startLimit}).Do(req)
	ts.Check(err)
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	ts.Check(err)
	if res.StatusCode/100 != 2 {
		ts.Fatalf("%s %s %s: %s\n%s", method, address, body, res.Status, text)
	}
	return string(text)
}

// callAPI is call with a path below the server's /api/, callDuo with one below
// the simulator's.
func callAPI(ts *testscript.TestScript, method, path, body string) string {
	return call(ts, method, ts.Getenv("API_URL")+"/api/"+path, body)
}

func callDuo(ts *testscript.TestScript, method, path, body string) string {
	return call(ts, method, ts.Getenv("SIM_CONTROL_URL")+"/api/"+path, body)
}

// cmdRest sends a request below /api as the administrator.
func cmdRest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: rest method path [body]")
	}
	_, _ = fmt.Fprint(ts.Stdout(), callAPI(ts, args[0], args[1], strings.Join(args[2:], "")))
}

// cmdDuo sends a request to the simulator's control.
func cmdDuo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: duo method path [body]")
	}
	_, _ = fmt.Fprint(ts.Stdout(), callDuo(ts, args[0], args[1], strings.Join(args[2:], "")))
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
	name := ts.Getenv("SVM")
	callAPI(ts, http.MethodPost, "svm/svms", merged(ts, fields{"name": name}, nil))
	if len(args) > 0 {
		callAPI(ts, http.MethodPost, "security/authentication/duo/profiles", merged(ts, fields{
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
	name := args[0]
	callAPI(ts, http.MethodPost, "security/accounts", merged(ts, fields{
		"name": name, "owner": fields{"name": ts.Getenv("SVM")}, "role": "vsadmin", "password": sshPassword,
		"applications": []fields{{"application": "ssh", "authentication_methods": []string{"password"}}},
	}, args[1:]))
	callDuo(ts, http.MethodPost, "users", merged(ts, fields{"name": name, "devices": []fields{
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
	var before []struct{ ID, User string }
	ts.Check(json.Unmarshal([]byte(callDuo(ts, http.MethodGet, "faults", "")), &before))
	for _, f := range before {
		if f.User == args[0] {
			callDuo(ts, http.MethodDelete, "faults/"+f.ID, "")
		}
	}
	if len(args) == 2 {
		now := fields{"user": args[0], "do": args[1]}
		more := args[1:]
		if !strings.HasPrefix(args[1], "{") {
			more = nil
		}
		callDuo(ts, http.MethodPost, "faults", merged(ts, now, more))
	}
}

// cmdPending waits until a push to a user waits for an answer, and puts its id
// into $TXID.
func cmdPending(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pending user")
	}
	var pushes []struct{ TxID, User string }
	waitFor(func() bool {
		ts.Check(json.Unmarshal([]byte(callDuo(ts, http.MethodGet, "pushes", "")), &pushes))
		for _, p := range pushes {
			if p.User == args[0] {
				ts.Setenv("TXID", p.TxID)
				return true
			}
		}
		return false
	})
	if ts.Getenv("TXID") == "" {
		ts.Fatalf("no push to %s", args[0])
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

// cmdLogins compares all logins of a user, the oldest first, with lines of
// decision, reason, factor and tries; "-" is no factor. Of a client that went
// away the decision may come after the client's end.
func cmdLogins(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: logins user login...")
	}
	var got []string
	waitFor(func() bool {
		var page struct {
			Records []struct {
				Decision, Reason, Factor string
				Tries                    int
			}
		}
		text := callAPI(ts, http.MethodGet, "duoplane/logins?fields=*&order_by=id&user="+url.QueryEscape(args[0]), "")
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
