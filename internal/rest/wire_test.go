package rest_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

var update = flag.Bool("update", false, "write the answers in testdata anew")

// TestWire holds every conversation of testdata/wire against the real
// resources, and TestConventions those of testdata/conventions against the
// lamps, which have every kind of field. The request goes out as it stands
// there, byte for byte, on a TLS connection of its own; the answer must be the
// one written below it. In a file
//
//	=== what this exchange shows
//	request line and header, empty line, body
//	---
//	status line, header, empty line, body
//
// follow each other, and every file begins with the same records. The
// request's "Authorization: NAME" becomes the Basic credential of an account,
// and its body gets a Content-Length. Of the answer's header only what differs
// between answers is written; TestEveryAnswer checks the rest.
func TestWire(t *testing.T) {
	converse(t, "testdata/wire", func(t *testing.T) (*site, *translation) {
		t.Helper()
		ids := new(translation)
		return open(t, serveReal(t, ids)), ids
	})
}

// TestConventions is described at TestWire.
func TestConventions(t *testing.T) {
	converse(t, "testdata/conventions", func(t *testing.T) (*site, *translation) {
		t.Helper()
		s := open(t)
		s.lamps.put(t, sampleLamps()...)
		return s, nil
	})
}

func converse(t *testing.T, dir string, start func(*testing.T) (*site, *translation)) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no conversations found:", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, ids := start(t)
			var got bytes.Buffer
			for _, e := range readConversation(t, string(text)) {
				answer := ids.toWritten(s.exchange(t, ids.toReal(e.request)))
				fmt.Fprintf(&got, "=== %s\n%s---\n%s", e.title, e.request, answer)
				if !*update {
					if diff := cmp.Diff(e.answer, answer); diff != "" {
						t.Errorf("%s: want -, got +\n%s", e.title, diff)
					}
				}
			}
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func sampleLamps() []*lamp {
	return []*lamp{
		{name: "desk", key: secret.NewText("canary-1"), fingerprint: "11111111", on: true, mode: "safe", level: 2, comment: "by the window"},
		{name: `CORP\a/b c`, key: secret.NewText("canary-2"), fingerprint: "22222222", on: true, mode: "safe", level: 1, users: []string{"ann", "bob"}},
		{owner: svm.Owner{UUID: engUUID}, name: "hall", key: secret.NewText("canary-3"), fingerprint: "33333333", mode: "secure", level: 3},
	}
}

type wireExchange struct{ title, request, answer string }

func readConversation(t *testing.T, text string) []wireExchange {
	t.Helper()
	var all []wireExchange
	for part := range strings.SplitSeq("\n"+strings.TrimSuffix(text, "\n"), "\n=== ") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		title, rest, _ := strings.Cut(part, "\n")
		request, answer, ok := strings.Cut(rest+"\n", "---\n")
		if !ok {
			t.Fatalf("%q has no --- between request and answer", title)
		}
		all = append(all, wireExchange{title, request, answer})
	}
	return all
}

// exchange sends one request and returns the answer as it is written down.
func (s *site) exchange(t *testing.T, request string) string {
	t.Helper()
	resp := s.raw(t, wireForm(request))
	if resp.StatusCode == http.StatusAccepted {
		s.awaitJobs(t)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", resp.Proto, resp.Status)
	var names []string
	for name, values := range resp.Header {
		if !slices.Equal(values, constantHeader[name]) && name != "Date" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		value := strings.Join(resp.Header[name], ", ")
		if name == "X-Request-Id" {
			value = "(id)"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	fmt.Fprintf(&b, "\n%s\n", resp.text)
	return b.String()
}

// constantHeader is what every answer carries.
var constantHeader = http.Header{
	"Server":                  {"Duoplane"},
	"X-Content-Type-Options":  {"nosniff"},
	"Cache-Control":           {"no-cache,no-store,must-revalidate"},
	"Content-Security-Policy": {"default-src 'self'"},
}

// wireForm turns a request as it is written down into what is sent.
func wireForm(text string) string {
	header, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(header, "\n"), "\n") {
		if name, ok := strings.CutPrefix(line, "Authorization: "); ok && !strings.Contains(name, " ") {
			line = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
		}
		b.WriteString(line + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

// raw sends bytes on a connection of their own and reads one response to its
// end.
func (s *site) raw(t *testing.T, request string) answer {
	t.Helper()
	c := s.dial(t)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no response to %.80q: %v", request, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return answer{resp, string(body)}
}

func (s *site) dial(t *testing.T) *tls.Conn {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}}
	c, err := d.DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c.(*tls.Conn)
}

// awaitJobs returns once no job is at work.
func (s *site) awaitJobs(t *testing.T) {
	t.Helper()
	for range 10_000 {
		a := s.do(t, "GET", "/api/cluster/jobs?state=queued|running&return_records=false&pretty=false", "", "Accept: application/json")
		if a.text == `{"num_records":0}` {
			return
		}
	}
	t.Fatal("a job does not end")
}
