package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/rest"
)

var credential = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("admin:"+password)) + "\r\n"

// TestMalformedRequests sends what no HTTP client would. Whatever comes, the
// answer is an error object.
func TestMalformedRequests(t *testing.T) {
	s := open(t)
	const host = "Host: lab-a\r\n"
	long := strings.Repeat("a", 1<<20)
	for _, c := range []struct {
		name, request string
		status        int
		code          string
	}{
		{"no HTTP at all", "hello\r\n\r\n", 400, "2"},
		{"a raw space in the request line", "GET /api/security/lamps?order_by=name desc HTTP/1.1\r\n" + host + "\r\n", 400, "2"},
		{"a raw NUL in the path", "GET /api/\x00 HTTP/1.1\r\n" + host + "\r\n", 400, "2"},
		{"a raw NUL in a header", "GET /api/cluster HTTP/1.1\r\n" + host + "X: a\x00b\r\n\r\n", 400, "2"},
		{"a malformed percent-encoding in the path", "GET /api/%zz HTTP/1.1\r\n" + host + "\r\n", 400, "2"},
		{"no host", "GET /api/cluster HTTP/1.1\r\n\r\n", 400, "2"},
		{"two hosts", "GET /api/cluster HTTP/1.1\r\n" + host + host + "\r\n", 400, "2"},
		{"two lengths", "POST /api/security/lamps HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400, "2"},
		{"a negative length", "POST /api/security/lamps HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n{}", 400, "2"},
		{"an unknown transfer encoding", "POST /api/security/lamps HTTP/1.1\r\n" + host + "Transfer-Encoding: brotli\r\n\r\n{}", 501, "2"},
		{"a broken chunk", "POST /api/security/lamps HTTP/1.1\r\n" + host + credential + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "2"},
		{"a header without colon", "GET /api/cluster HTTP/1.1\r\n" + host + "nonsense\r\n\r\n", 400, "2"},
		{"HTTP of another version", "GET /api/cluster HTTP/3.7\r\n" + host + "\r\n", 505, "2"},
		{"a header that does not end", "GET /api/cluster HTTP/1.1\r\n" + host + "X: " + long + "\r\n\r\n", 431, "262245"},
		{"a query string of 1 MiB", "GET /api/security/lamps?name=" + long + " HTTP/1.1\r\n" + host + credential + "\r\n", 431, "262245"},
		{"a query string over the limit", "GET /api/security/lamps?name=" + long[:66<<10] + " HTTP/1.1\r\n" + host + credential + "\r\n", 414, "262245"},
		{"a path of 60 KiB", "GET /api/security/lamps/" + long[:60<<10] + "/x HTTP/1.1\r\n" + host + credential + "\r\n", 404, "4"},
		{"an absolute URL is only its path", "GET http://elsewhere/api/nothing HTTP/1.1\r\n" + host + credential + "\r\n", 404, "3"},
		{"bytes above ASCII in the path", "GET /api/security/lamps/x/\xff\xfe HTTP/1.1\r\n" + host + credential + "\r\n", 400, "2"},
		{"CONNECT", "CONNECT lab-a:443 HTTP/1.1\r\n" + host + credential + "\r\n", 404, "3"},
		{"a body announced beyond the limit", "POST /api/security/lamps HTTP/1.1\r\n" + host + credential + "Content-Length: 2097152\r\n\r\n{", 413, "262245"},
		{"credentials that are not UTF-8", "GET /api/cluster HTTP/1.1\r\n" + host + "Authorization: Basic /zr/\r\n\r\n", 401, "6691623"},
		{"credentials that are not base64", "GET /api/cluster HTTP/1.1\r\n" + host + "Authorization: Basic *\r\n\r\n", 401, "6691623"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := s.raw(t, c.request)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if got := errorOf(t, resp.text).Code; got != c.code {
				t.Errorf("code %q, want %q: %s", got, c.code, resp.text)
			}
			checkConstantHeader(t, resp.Header)
			if resp.ContentLength < 0 {
				t.Error("no Content-Length")
			}
		})
	}
}

// What net/http alone sees is refused with a hint at the likely mistake.
func TestMalformedRequestsAreToldWhatToDo(t *testing.T) {
	s := open(t)
	for _, c := range []struct{ name, request, want string }{
		{"a raw space in the URL", "GET /api/security/lamps?order_by=name desc HTTP/1.1\r\nHost: lab-a\r\n\r\n", "%20"},
		{"HTTP of another version", "GET /api/cluster HTTP/3.7\r\nHost: lab-a\r\n\r\n", "HTTP/1.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := errorOf(t, s.raw(t, c.request).text).Message; !strings.Contains(got, c.want) {
				t.Errorf("got %q, want it to hold %q", got, c.want)
			}
		})
	}
}

type errorObject struct{ Message, Code, Target string }

// errorOf reads an error object, strictly.
func errorOf(t *testing.T, body string) errorObject {
	t.Helper()
	var envelope struct {
		Error errorObject `json:"error"`
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&envelope); err != nil || envelope.Error.Message == "" {
		t.Fatalf("not an error object (%v): %.300s", err, body)
	}
	return envelope.Error
}

func checkConstantHeader(t *testing.T, h http.Header) {
	t.Helper()
	for name, want := range constantHeader {
		if got := h.Values(name); len(got) != 1 || got[0] != want[0] {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestPlainHTTPOnTheTLSPortIsToldSo(t *testing.T) {
	s := open(t)
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /api/cluster HTTP/1.1\r\nHost: lab-a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400 Bad Request\r\n") || !strings.Contains(string(answer), "https") {
		t.Errorf("got %q", answer)
	}
}

// TestSlowClientsAreCutOff opens connections that stop half-way and waits for
// the server to end them.
func TestSlowClientsAreCutOff(t *testing.T) {
	s := open(t, func(_ *rest.Config, c *rest.ServerConfig) {
		c.HeaderTimeout, c.ReadTimeout = time.Second, 2*time.Second
	})
	for _, c := range []struct{ name, sent string }{
		{"in the handshake", ""},
		{"in the header", "GET /api/cluster HTTP/1.1\r\nHost: la"},
		{"in the body", "POST /api/security/lamps HTTP/1.1\r\nHost: lab-a\r\n" + credential + "Content-Length: 100\r\n\r\n{"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var conn net.Conn
			var err error
			if c.sent == "" {
				conn, err = net.Dial("tcp", s.addr)
			} else {
				conn = s.dial(t)
				_, err = io.WriteString(conn, c.sent)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the server keeps the connection")
			}
			if c.name == "in the body" && !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
				t.Errorf("got %q", answer)
			}
		})
	}
}
