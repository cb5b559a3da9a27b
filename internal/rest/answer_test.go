package rest_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain fails the tests if one of them leaves a goroutine behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftovers(); code == 0 && left != "" {
		fmt.Fprintln(os.Stderr, "goroutines left behind:\n"+left)
		code = 1
	}
	os.Exit(code)
}

// leftovers returns the stacks that run code of ours or of net/http, once they
// had time to end.
func leftovers() string {
	var left []string
	for range 200 {
		var b strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
			return err.Error()
		}
		left = nil
		for stack := range strings.SplitSeq(b.String(), "\n\n") {
			if strings.Contains(stack, "rest.") && !strings.Contains(stack, "rest_test.leftovers") || strings.Contains(stack, "net/http.(*conn)") {
				left = append(left, stack)
			}
		}
		if left == nil {
			return ""
		}
		<-time.After(10 * time.Millisecond)
	}
	return strings.Join(left, "\n\n")
}

// TestEveryAnswer checks what all answers have in common: the constant header,
// a length, and one JSON object.
func TestEveryAnswer(t *testing.T) {
	s := open(t)
	s.lamps.put(t, sampleLamps()...)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/api/security/lamps", "", 200},
		{"GET", deskPath, "", 200},
		{"GET", deskPath + "?return_timeout=120", "", 200},
		{"PATCH", deskPath + "?return_timeout=120", `{"level":1}`, 200},
		{"POST", "/api/security/lamps", `{"name":"a","secret_key":"b"}`, 201},
		{"POST", "/api/security/lamps", `{"records":[{"name":"c","secret_key":"b"}]}`, 202},
		{"OPTIONS", "/api/cluster", "", 200},
		{"DELETE", deskPath, "", 200},
		{"GET", deskPath, "", 404},
		{"PUT", deskPath, "", 405},
		{"GET", "/nothing", "", 404},
		{"POST", "/api/security/lamps", `{`, 400},
	} {
		a := s.do(t, c.method, c.path, c.body)
		if a.StatusCode != c.status {
			t.Errorf("%s %s: %s, want %d", c.method, c.path, a.Status, c.status)
		}
		checkConstantHeader(t, a.Header)
		if a.ContentLength != int64(len(a.text)) || a.Header.Get("Date") == "" {
			t.Errorf("%s %s: length %d, date %q", c.method, c.path, a.ContentLength, a.Header.Get("Date"))
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(a.text), &object); err != nil {
			t.Errorf("%s %s: %v", c.method, c.path, err)
		}
		if _, failed := object["error"]; failed != (c.status >= 400) {
			t.Errorf("%s %s: %s with %s", c.method, c.path, a.Status, a.text)
		}
	}
}

func TestWhichMediaTypesGetLinks(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		accept []string
		want   string
	}{
		{nil, "application/hal+json"},
		{[]string{""}, "application/hal+json"},
		{[]string{"*/*"}, "application/hal+json"},
		{[]string{"text/html"}, "application/hal+json"},
		{[]string{"application/hal+json"}, "application/hal+json"},
		{[]string{"application/json"}, "application/json"},
		{[]string{"Application/JSON; charset=utf-8"}, "application/json"},
		{[]string{"application/json, application/hal+json"}, "application/hal+json"},
		{[]string{"application/json", "application/hal+json"}, "application/hal+json"},
		{[]string{"application/json, */*"}, "application/hal+json"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+s.addr+"/api/cluster", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("admin", password)
		req.Header["Accept"] = c.accept
		resp, err := s.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get("Content-Type"); got != c.want {
			t.Errorf("Accept %q got %s, want %s", c.accept, got, c.want)
		}
	}
}

func TestOnlyHTTP11OverNewTLSIsSpoken(t *testing.T) {
	s := open(t)
	c, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("negotiated %q", got)
	}
	_ = c.Close()
	old := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if c, err := tls.Dial("tcp", s.addr, old); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

func TestAReaderWhoDoesNotReadIsCutOff(t *testing.T) {
	s := open(t, withWriteTimeout(300*time.Millisecond))
	long := strings.Repeat("x", 4000)
	var rows []*lamp
	for i := range 5000 {
		rows = append(rows, &lamp{name: string(rune('a'+i%26)) + strings.Repeat("b", i/26), on: true, mode: "safe", level: 1, comment: long})
	}
	slices.SortFunc(rows, func(a, b *lamp) int { return strings.Compare(a.name, b.name) })
	for _, l := range rows {
		l.owner.UUID, l.owner.Name = clusterUUID, ownerNames[clusterUUID]
	}
	s.lamps.rows = rows
	c := s.dial(t)
	if _, err := c.Write([]byte("GET /api/security/lamps?fields=comment HTTP/1.1\r\nHost: lab-a\r\n" + credential + "\r\n")); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if strings.Contains(s.log.String(), "response not delivered") {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Error("the server goes on writing to nobody")
}
