package rest_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/secret"
)

const deskPath = "/api/security/lamps/" + clusterUUID + "/desk"

func TestABodyOverTheLimitIsRefused(t *testing.T) {
	s := open(t)
	body := `{"name":"a","comment":"` + strings.Repeat("x", 2<<20) + `"}`
	a := s.do(t, "POST", "/api/security/lamps", body)
	if a.StatusCode != http.StatusRequestEntityTooLarge || errorOf(t, a.text).Code != "262245" {
		t.Errorf("got %s: %s", a.Status, a.text)
	}
	if got := s.lamps.names(); got != "" {
		t.Errorf("lamps were made: %s", got)
	}
}

func TestTooManyRecordsAreRefused(t *testing.T) {
	s := open(t)
	body := `{"records":[` + strings.Repeat(`{"name":"a"},`, 10_000) + `{"name":"a"}]}`
	a := s.do(t, "POST", "/api/security/lamps", body)
	if e := errorOf(t, a.text); a.StatusCode != http.StatusBadRequest || e.Target != "records" {
		t.Errorf("got %s: %s", a.Status, a.text)
	}
}

func TestMoreRequestsThanTheLimitAreRefused(t *testing.T) {
	s := open(t, func(c *rest.Config, _ *rest.ServerConfig) { c.MaxRequests = 1 })
	s.lamps.put(t, sampleLamps()...)
	entered, leave := make(chan struct{}), make(chan struct{})
	s.lamps.hooks.before = func(string, []string) error {
		close(entered)
		<-leave
		return nil
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if a := s.do(t, "GET", deskPath, ""); a.StatusCode != http.StatusOK {
			t.Errorf("the first request got %s", a.Status)
		}
	})
	<-entered
	a := s.do(t, "GET", deskPath, "")
	close(leave)
	wg.Wait()
	if a.StatusCode != http.StatusServiceUnavailable || errorOf(t, a.text).Code != "7" || a.Header.Get("Retry-After") == "" {
		t.Errorf("got %s, Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.text)
	}
	s.lamps.mu.Lock()
	s.lamps.hooks.before = nil
	s.lamps.mu.Unlock()
	if a := s.do(t, "GET", deskPath, ""); a.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %s", a.Status)
	}
}

// TestFailuresOfOursAreLoggedOnce covers whatever is not the client's fault:
// the client gets a fixed sentence and the request's id, the log the rest.
func TestFailuresOfOursAreLoggedOnce(t *testing.T) {
	for _, c := range []struct {
		name, logged, code string
		before             func(string, []string) error
		status             int
	}{
		{"an error without a fault", "error=\"disk: planted cause\"", "262145", func(string, []string) error { return errors.New("disk: planted cause") }, 500},
		{"a panic", "error=\"panic: planted cause\"", "262145", func(string, []string) error { panic("planted cause") }, 500},
		{
			"the store away", "planted cause", "65541",
			func(string, []string) error {
				return fault.Wrap(errors.New("planted cause"), fault.Unavailable, "", "The store cannot be reached.")
			},
			503,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			s.lamps.put(t, sampleLamps()...)
			s.lamps.hooks.before = c.before
			a := s.do(t, "GET", deskPath, "")
			if a.StatusCode != c.status || errorOf(t, a.text).Code != c.code {
				t.Errorf("got %s: %s", a.Status, a.text)
			}
			if strings.Contains(a.text, "planted") || strings.Contains(a.text, "goroutine") {
				t.Errorf("the client sees the cause: %s", a.text)
			}
			id := a.Header.Get("X-Request-Id")
			var records []string
			for line := range strings.SplitSeq(s.log.String(), "\n") {
				if strings.Contains(line, "planted cause") {
					records = append(records, line)
				}
			}
			if len(records) != 1 || !strings.Contains(records[0], c.logged) || id == "" || !strings.Contains(records[0], "request="+id) {
				t.Errorf("want one record with id %q and %q, got %q", id, c.logged, records)
			}
			if c.name == "a panic" && strings.Count(s.log.String(), "[running]") != 1 {
				t.Errorf("want one stack in the log:\n%s", s.log)
			}
			if c.status == 503 && a.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

func TestAPanicEndsOneRequestOnly(t *testing.T) {
	s := open(t)
	s.lamps.put(t, sampleLamps()...)
	s.lamps.hooks.before = func(op string, _ []string) error {
		if op == "find" {
			panic("planted")
		}
		return nil
	}
	for range 3 {
		if a := s.do(t, "GET", deskPath, ""); a.StatusCode != http.StatusInternalServerError {
			t.Fatalf("got %s", a.Status)
		}
	}
	if a := s.do(t, "GET", "/api/security/lamps", ""); a.StatusCode != http.StatusOK {
		t.Errorf("the list after panics: %s", a.Status)
	}
}

// TestNothingSecretIsLogged plants canaries in every place a client can put
// one and looks for them in the log and the answers.
func TestNothingSecretIsLogged(t *testing.T) {
	s := open(t)
	s.lamps.put(t, &lamp{name: "desk", key: secret.NewText("canary-stored"), on: true, mode: "safe", level: 1})
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/api/security/lamps?secret_key=canary-query", ""},
		{"GET", deskPath + "?secret_key=canary-query", ""},
		{"PATCH", "/api/security/lamps?secret_key=canary-query", `{"level":1}`},
		{"POST", "/api/security/lamps?secret_key=canary-query", `{}`},
		{"GET", "/api/security/lamps?secret_key=canary-query%zz", ""},
		{"GET", "/api/security/lamps?secret_key=canary-query%00", ""},
		{"POST", "/api/security/lamps", `{"name":"b","secret_key":"canary-body","level":9}`},
		{"POST", "/api/security/lamps", `{"name":"b","secret_key":"canary-body","secret_key":"canary-body"}`},
		{"POST", "/api/security/lamps", `{"name":"b","secret_key":{"a":"canary-body"}}`},
		{"POST", "/api/security/lamps", `{"name":"b","secret_key":"canary-body`},
		{"POST", "/api/security/lamps", `{"name":"b","secret_key":"canary-body"}`},
		{"POST", "/api/security/lamps?return_timeout=10", `{"records":[{"name":"b","secret_key":"canary-body"},{"name":"c","secret_key":"canary-body"}]}`},
		{"PATCH", deskPath + "?return_records=true", `{"secret_key":"canary-body"}`},
		{"GET", "/api/security/lamps?fields=**", ""},
		{"GET", "/api/security/lamps?query=canary*&query_fields=*", ""},
		{"GET", "/docs/api", ""},
		{"GET", "/docs/api/swagger.yaml", ""},
	} {
		a := s.do(t, c.method, c.path, c.body)
		text := strings.ReplaceAll(a.text, "query=canary", "") // what a client asked for may be in its links
		if strings.Contains(text, "canary") {
			t.Errorf("%s %s answers with a canary: %s", c.method, c.path, a.text)
		}
	}
	if log := s.log.String(); strings.Contains(log, "canary") || !strings.Contains(log, "msg=request") {
		t.Errorf("a canary in the log, or no log:\n%s", log)
	}
}

// TestWhoIsLoggedWhere holds the levels of the request log.
func TestWhoIsLoggedWhere(t *testing.T) {
	s := open(t)
	s.lamps.put(t, sampleLamps()...)
	s.do(t, "GET", deskPath, "")
	s.do(t, "PATCH", deskPath+"?comment=x", `{"level":1}`)
	s.do(t, "PATCH", deskPath, `{"level":1}`)
	s.do(t, "PATCH", deskPath, `{"level":1}`, "Authorization: ")
	s.do(t, "FLOOD", deskPath, "")
	for _, want := range []string{
		"level=DEBUG msg=request method=GET route=/api/security/lamps/{owner.uuid}/{name} status=200 caller=admin from=127.0.0.1",
		"level=INFO msg=request method=PATCH route=/api/security/lamps/{owner.uuid}/{name} status=400 caller=admin from=127.0.0.1",
		"level=INFO msg=request method=PATCH route=/api/security/lamps/{owner.uuid}/{name} status=200 caller=admin from=127.0.0.1",
		`level=DEBUG msg=request method=PATCH route="" status=401 caller="" from=""`,
		"level=DEBUG msg=request method=other route=/api/security/lamps/{owner.uuid}/{name} status=405 caller=admin from=127.0.0.1",
	} {
		found := false
		for line := range strings.SplitSeq(s.log.String(), "\n") {
			found = found || withoutVariables(line) == want
		}
		if !found {
			t.Errorf("the log lacks %s:\n%s", want, s.log)
		}
	}
}

// withoutVariables takes time, id and duration out of a line of the log.
func withoutVariables(line string) string {
	var kept []string
	for field := range strings.FieldsSeq(line) {
		switch name, _, _ := strings.Cut(field, "="); name {
		case "time", "request", "took":
		default:
			kept = append(kept, field)
		}
	}
	return strings.Join(kept, " ")
}

func TestAClientThatAsksBeforeSendingIsAnsweredAtOnce(t *testing.T) {
	s := open(t)
	a := s.raw(t, "POST /api/security/lamps HTTP/1.1\r\nHost: lab-a\r\n"+credential+"Content-Length: 2097152\r\nExpect: 100-continue\r\n\r\n")
	if a.StatusCode != http.StatusRequestEntityTooLarge || errorOf(t, a.text).Code != "262245" {
		t.Errorf("got %s: %s", a.Status, a.text)
	}
}
