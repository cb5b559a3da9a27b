package interop

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A contract stands between clients and the server and has Prism compare every
// call with Duoplane's OpenAPI document:
//
//	client --TLS--> front --> prism proxy --errors --> back --TLS--> server
//
// Front and back are there because Prism serves no TLS and sends a rebuilt
// request on: front hands Prism the request in the shape the document
// describes (below /api, body as JSON), back gives the server the very request
// the client sent. The client gets what Prism answers, a violation included.
type contract struct {
	server *server
	front  *httptest.Server
	client *http.Client // towards the server
	prism  string       // base URL

	mu         sync.Mutex // guards what follows
	calls      map[string]*call
	checked    int
	violations []string
}

// call is one request as the client sent it.
type call struct {
	method, uri string
	header      http.Header
	body        []byte
}

const callHeader = "X-Interop-Call"

// startContract starts Prism in front of s. The end of the test fails on any
// violation, and if nothing was checked at all.
func startContract(t *testing.T, s *server, tools string) *contract {
	t.Helper()
	c := &contract{server: s, client: s.client(), calls: map[string]*call{}}
	back := httptest.NewServer(http.HandlerFunc(c.serveBack))
	t.Cleanup(back.Close)

	document := filepath.Join(t.TempDir(), "swagger.yaml")
	if err := os.WriteFile(document, fetchDocument(t, s), 0o600); err != nil {
		t.Fatal(err)
	}
	prism := startProcess(t, func(error) {}, filepath.Join(tools, "prism"), "proxy", document, back.URL,
		"--errors", "--cors=false", "--host", "127.0.0.1", "--port", "0")
	listening := regexp.MustCompile(`listening on (http://\S+)`)
	prism.await(t, func() bool {
		found := listening.FindStringSubmatch(prism.out.String())
		if found != nil {
			c.prism = found[1]
		}
		return found != nil
	})

	c.front = httptest.NewTLSServer(http.HandlerFunc(c.serveFront))
	t.Cleanup(c.front.Close)
	t.Cleanup(func() { c.verify(t) })
	return c
}

// url is where clients reach the server through the contract.
func (c *contract) url() string { return c.front.URL }

// trustFile writes one CA file with the contract's certificate and the
// server's, for clients that talk to both.
func (c *contract) trustFile(t *testing.T) string {
	t.Helper()
	ca, err := os.ReadFile(c.server.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.front.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "trust.pem")
	if err := os.WriteFile(file, append(ca, own...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// verify reports what Prism found.
func (c *contract) verify(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.violations {
		t.Errorf("violation of our OpenAPI document: %s", v)
	}
	if c.checked == 0 {
		t.Error("no call went through prism")
	}
	t.Logf("prism compared %d calls with the OpenAPI document: %d violations", c.checked, len(c.violations))
}

func (c *contract) serveFront(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	in := &call{method: r.Method, uri: r.RequestURI, header: r.Header.Clone(), body: body}
	if !describable(r) {
		c.forward(w, r, in)
		return
	}
	out, err := c.ask(r, in)
	answer(w, out, err)
}

// describable says whether an OpenAPI document can describe the request: HEAD
// and OPTIONS follow from HTTP, and Prism would answer a request without
// credentials itself.
func describable(r *http.Request) bool {
	_, _, known := r.BasicAuth()
	return known && r.Method != http.MethodHead && r.Method != http.MethodOptions && strings.HasPrefix(r.URL.Path, "/api/")
}

// ask sends the call through Prism.
func (c *contract) ask(r *http.Request, in *call) (reply, error) {
	c.mu.Lock()
	id := strconv.Itoa(len(c.calls))
	c.calls[id] = in
	c.checked++
	c.mu.Unlock()

	body := normalised(in.body)
	path := strings.TrimPrefix(strings.ReplaceAll(r.URL.EscapedPath(), "//", "/"), "/api")
	out, err := http.NewRequestWithContext(r.Context(), in.method, c.prism+path+"?"+r.URL.RawQuery, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	out.Header = in.header.Clone()
	out.Header.Set(callHeader, id)
	if len(body) > 0 {
		out.Header.Set("Content-Type", "application/json")
	}
	got, err := roundTrip(http.DefaultTransport, out)
	if err != nil {
		return reply{}, fmt.Errorf("prism: %w", err)
	}
	c.inspect(in, got)
	return got, nil
}

// inspect notes a violation that Prism reports.
func (c *contract) inspect(in *call, got reply) {
	found := got.header.Get("Sl-Violations")
	if found == "" && got.header.Get("Content-Type") != "application/problem+json" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, fmt.Sprintf("%s %s %s\n  %s\n  %s", in.method, in.uri, in.body, found, got.body))
}

// serveBack gives the server the request the client sent.
func (c *contract) serveBack(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	in := c.calls[r.Header.Get(callHeader)]
	c.mu.Unlock()
	if in == nil {
		http.Error(w, "a request nobody sent", http.StatusBadGateway)
		return
	}
	c.forward(w, r, in)
}

func (c *contract) forward(w http.ResponseWriter, r *http.Request, in *call) {
	out, err := http.NewRequestWithContext(r.Context(), in.method, c.server.APIURL+in.uri, bytes.NewReader(in.body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	out.Header = in.header.Clone()
	got, err := roundTrip(c.client.Transport, out)
	answer(w, got, err)
}

// roundTrip sends one request and reads the whole answer.
func roundTrip(by http.RoundTripper, r *http.Request) (reply, error) {
	resp, err := by.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	body, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: body}, err
}

// answer passes on what came back.
func answer(w http.ResponseWriter, got reply, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	maps.Copy(w.Header(), got.header)
	w.WriteHeader(got.status)
	_, _ = w.Write(got.body) // a client that went away is its own test's failure
}

// normalised writes a JSON body as JavaScript would, so that the length Prism
// passes on stays true.
func normalised(body []byte) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return body
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return body
	}
	return bytes.TrimSpace(out.Bytes())
}
