package duosim_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duosim"
)

var update = flag.Bool("update", false, "write the replies into testdata/wire")

// TestRequestsOfEveryClientAsRecorded plays conversations recorded from real
// clients, each on one connection, byte for byte but for the signature: the
// recordings do not hold a key. A file of testdata/wire is a comment, then
// exchanges:
//
//	>>> VERSION DIGEST HOST      how the client signs; "unsigned" for no signature
//	the request: head, empty line, body
//	<<< STATUS FIT               and what the journal says fitted
//	the reply, BSON shown as JSON
//
// {txid} in a request is the last txid of a reply.
func TestRequestsOfEveryClientAsRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("(-recorded +got):\n%s", diff)
			}
		})
	}
}

// replay sends the requests of a file and returns the file with the replies
// that came.
func replay(t *testing.T, text string) string {
	t.Helper()
	now := time.Date(2026, 11, 21, 19, 52, 19, 0, time.UTC)
	settings := duosim.DefaultSettings()
	settings.AutoApprove, settings.VerifiedPush = true, 3
	settings.SMSBatch = 3
	first, _, _ := strings.Cut(text, "\n")
	settings.Strict = strings.Contains(first, "strict")
	b := start(t, duosim.Config{
		Seed: duosim.Seed{Settings: settings}, Now: func() time.Time { return now },
		Random: rand.NewChaCha8([32]byte{1}), PortalURL: "http://localhost:8445",
	})
	conn, err := tls.Dial("tcp", b.addr, &tls.Config{RootCAs: b.pool, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the test is over
	reader := bufio.NewReader(conn)
	head, rest, _ := strings.Cut(text, ">>> ")
	out, txid := head, ""
	for exchange := range strings.SplitSeq(rest, ">>> ") {
		how, after, _ := strings.Cut(exchange, "\n")
		asked, _, _ := strings.Cut(after, "<<< ")
		raw, method := rawRequest(how, strings.ReplaceAll(asked, "{txid}", txid))
		if _, err := io.WriteString(conn, raw); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("after %s: %v", raw, err)
		}
		status, shown := b.shown(t, resp)
		if tx := findTxid(shown); tx != "" {
			txid = tx
			shown = strings.ReplaceAll(shown, txid, "{txid}")
		}
		out += ">>> " + how + "\n" + asked + "<<< " + status + "\n" + shown + "\n"
	}
	return out
}

// shown is the reply as the journal has it, which for BSON is checked against
// the bytes.
func (b *bench) shown(t *testing.T, resp *http.Response) (status, text string) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	e := b.last(t)
	status = fmt.Sprintf("%d %s", resp.StatusCode, e.Signature.Verdict)
	if fit := e.Signature.Fit; fit != nil {
		status = fmt.Sprintf("%d %s %s date=%s host=%s", resp.StatusCode, fit.Version, fit.Digest, fit.Date, fit.Host)
	}
	if resp.Header.Get("Content-Type") == "application/bson" {
		doc, err := duosim.ReadBSON(body)
		if err != nil {
			t.Fatal(err)
		}
		body = doc
	}
	if resp.Header.Get("Content-Type") == "image/png" {
		body = []byte("image/png")
	}
	if diff := cmp.Diff(e.Reply, string(body)); diff != "" {
		t.Errorf("the journal differs from the reply:\n%s", diff)
	}
	return status, string(body)
}

func findTxid(body string) string {
	var reply struct{ Response struct{ Txid string } }
	_ = json.Unmarshal([]byte(body), &reply)
	return reply.Response.Txid
}

// rawRequest puts signature and framing into a recorded request.
func rawRequest(how, text string) (raw, method string) {
	head, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	lines := strings.Split(head, "\n")
	request := strings.Fields(lines[0])
	method = request[0]
	path, query, _ := strings.Cut(request[1], "?")
	date, chunked := "", false
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Date" || name == "X-Duo-Date" {
			date = value
		}
		chunked = chunked || name == "Transfer-Encoding"
	}
	if sign := strings.Fields(how); sign[0] != "unsigned" {
		s := signer{ikey: testIKey, skey: testSKey, version: sign[0], sha1: sign[1] == "sha1", host: sign[2]}
		form := query
		if method == "POST" {
			form = body
		}
		values, _ := url.ParseQuery(form)
		lines = append(lines, "Authorization: "+s.authorization(method, path, date, values, body))
	}
	switch {
	case chunked:
		body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	case method == "POST":
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body, method
}
