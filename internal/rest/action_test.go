package rest_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// A greeting is what the toy endpoint takes and answers.
type greeting struct {
	name, answer string
	times        int64
	aloud        bool
	to           []string
	word         secret.Text
}

func greetingInput() *record.Schema[greeting] {
	return record.NewSchema("greeting_wish",
		record.Field[greeting]{
			Path: "guest.name", Kind: record.String, Use: record.Required, Max: 8, Doc: "Whom to greet.", Example: "ann",
			Get: func(g *greeting) record.Value { return record.Text(g.name) },
			Set: func(g *greeting, v record.Value) { g.name = v.Str() },
		},
		record.Field[greeting]{
			Path: "times", Kind: record.Int, Min: 1, Max: 3, Default: record.Integer(1), Doc: "How often.",
			Get: func(g *greeting) record.Value { return record.Integer(g.times) },
			Set: func(g *greeting, v record.Value) { g.times = v.Int() },
		},
		record.Field[greeting]{
			Path: "aloud", Kind: record.Bool, Doc: "How loud.",
			Get: func(g *greeting) record.Value { return record.Flag(g.aloud) },
			Set: func(g *greeting, v record.Value) { g.aloud = v.Bool() },
		},
		record.Field[greeting]{
			Path: "to", Kind: record.Strings, Doc: "Where to.", Use: record.Unsorted,
			Get: func(g *greeting) record.Value { return record.Texts(g.to) },
			Set: func(g *greeting, v record.Value) { g.to = v.Strings() },
		},
		record.Field[greeting]{
			Path: "word", Kind: record.Secret, Use: record.Clearable, Doc: "The password.",
			Get: func(*greeting) record.Value { return record.Value{} },
			Set: func(g *greeting, v record.Value) { g.word = v.Secret() },
		},
	)
}

func greetingOutput() *record.Schema[greeting] {
	return record.NewSchema("greeting",
		record.Field[greeting]{
			Path: "guest.name", Kind: record.String, Use: record.ReadOnly, Doc: "Who was greeted.",
			Get: func(g *greeting) record.Value { return record.Text(g.name) },
		},
		record.Field[greeting]{
			Path: "answer", Kind: record.String, Use: record.ReadOnly, Doc: "What was said.",
			Get: func(g *greeting) record.Value { return record.Text(g.answer) },
		},
	)
}

// withGreetings mounts an endpoint; hold runs in its held action.
func withGreetings(hold func(context.Context)) siteOption {
	greet := func(_ context.Context, caller svm.Caller, key []string, in record.Input[greeting]) (*greeting, error) {
		g, err := in.New()
		if err != nil {
			return nil, err
		}
		if key[0] == "nowhere" {
			return nil, fault.New(fault.NotFound, "", "entry doesn't exist")
		}
		g.answer = strings.Repeat("hello ", int(g.times)) + "from " + caller.Name + " at " + strings.Join(key, "/") + " " + strings.Join(g.to, "+")
		if g.word.Len() > 0 {
			g.answer += " with a word"
		}
		return g, nil
	}
	wait := func(ctx context.Context, _ svm.Caller, _ []string, _ record.Input[greeting]) (*greeting, error) {
		hold(ctx)
		return &greeting{answer: "late"}, ctx.Err()
	}
	return func(c *rest.Config, _ *rest.ServerConfig) {
		c.Resources = append(c.Resources,
			rest.Endpoint{
				Path: "/toys/{owner.uuid}/greet", Keys: []string{"Owner of the toys."}, Name: "greet", Tag: "Toys", Title: "greetings", Doc: "Greets.",
				Get: rest.Action[greeting, greeting]{
					Operation: "greet_get", Summary: "Greet", Input: greetingInput(), Output: greetingOutput(), Do: greet,
				},
				Post: rest.Action[greeting, greeting]{
					Operation: "greet_post", Summary: "Greet secretly", Input: greetingInput(), Output: greetingOutput(), Do: greet,
				},
			},
			rest.Endpoint{
				Path: "/toys/wait", Name: "wait", Tag: "Toys", Title: "waits", Doc: "Waits.",
				Get: rest.Action[greeting, greeting]{
					Operation: "wait_get", Summary: "Wait", Output: greetingOutput(), Do: wait, Hold: 20 * time.Second,
				},
			},
		)
	}
}

func TestAnActionTakesParametersAndBodies(t *testing.T) {
	s := open(t, withGreetings(nil))
	const at = "/api/toys/a%2Fb/greet"
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string // a part of the answer
	}{
		{"parameters", "GET", at + "?guest.name=ann&times=2&to=here,there", "", 200, `"hello hello from admin at a/b here+there"`},
		{"a body", "POST", at, `{"guest":{"name":"ann"},"to":["x"],"word":"canary"}`, 200, `"hello from admin at a/b x with a word"`},
		{"dotted members", "POST", at, `{"guest.name":"ann"}`, 200, `"guest":{"name":"ann"}`},
		{"an empty secret", "POST", at, `{"guest":"ann","word":""}`, 200, `"answer":"hello from`},
		{"a required parameter missing", "GET", at, "", 400, `"target":"guest.name"`},
		{"a required member missing, the body too", "POST", at, "", 400, `"target":"guest.name"`},
		{"a value out of range", "GET", at + "?guest.name=ann&times=9", "", 400, `"target":"times"`},
		{"an unknown parameter", "GET", at + "?guest.name=ann&x=1", "", 400, `"target":"x"`},
		{"a parameter twice", "GET", at + "?guest.name=ann&guest.name=bob", "", 400, `specified twice`},
		{"a body for GET", "GET", at + "?guest.name=ann", `{"times":1}`, 400, `takes no body`},
		{"a parameter for POST", "POST", at + "?guest.name=ann", `{"guest":"ann"}`, 400, `"error"`},
		{"an unknown member", "POST", at, `{"guest":"ann","x":1}`, 400, `"target":"x"`},
		{"no JSON", "POST", at, `hello`, 400, `"262199"`},
		{"what it refuses itself", "GET", "/api/toys/nowhere/greet?guest.name=a", "", 404, `"4"`},
		{"a method there is not", "DELETE", at, "", 405, `"3"`},
		{"the path above", "GET", "/api/toys/a", "", 404, "API not found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sep := "?"
			if strings.Contains(tt.path, "?") {
				sep = "&"
			}
			a := s.do(t, tt.method, tt.path+sep+"pretty=false", tt.body)
			if a.StatusCode != tt.status || !strings.Contains(a.text, tt.want) {
				t.Errorf("got %s %s, want %d with %s", a.Status, a.text, tt.status, tt.want)
			}
		})
	}
	if a := s.do(t, "OPTIONS", at, ""); a.Header.Get("Allow") != "GET, HEAD, OPTIONS, POST" {
		t.Errorf("Allow: %q", a.Header.Get("Allow"))
	}
	if strings.Contains(s.log.String(), "canary") {
		t.Error("a secret is in the log")
	}
}

func TestActionsAreForThoseWhoMay(t *testing.T) {
	s := open(t, withGreetings(nil))
	if a := s.do(t, "POST", "/api/toys/a/greet", `{"guest":"ann"}`, "Authorization: "+basic("reader")); a.StatusCode != http.StatusForbidden {
		t.Errorf("a reader got %s", a.Status)
	}
	if a := s.do(t, "GET", "/api/toys/a/greet?guest.name=ann", "", "Authorization: "+basic("reader")); a.StatusCode != http.StatusOK {
		t.Errorf("a reader got %s", a.Status)
	}
}

func TestAHeldRequestIsNotCounted(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := open(t, withGreetings(func(context.Context) { close(entered); <-leave }), func(c *rest.Config, _ *rest.ServerConfig) { c.MaxRequests = 1 })
	var wg sync.WaitGroup
	wg.Go(func() {
		if a := s.do(t, "GET", "/api/toys/wait", ""); a.StatusCode != http.StatusOK || !strings.Contains(a.text, "late") {
			t.Errorf("the held request got %s", a.Status)
		}
	})
	<-entered
	for range 2 {
		if a := s.do(t, "GET", "/api/cluster", ""); a.StatusCode != http.StatusOK {
			t.Errorf("beside a held request: %s", a.Status)
		}
	}
	close(leave)
	wg.Wait()
}

func TestTheDocumentsTellOfActions(t *testing.T) {
	s := open(t, withGreetings(nil))
	yaml := s.do(t, "GET", "/docs/api/swagger.yaml", "").text
	for _, want := range []string{
		"/toys/{owner_uuid}/greet:", "operationId: greet_get", "operationId: greet_post", "#/definitions/greeting_wish", "name: guest.name",
		"description: Owner of the toys.", "Where to. Several are separated by commas.", "Required: guest.name.",
	} {
		if !strings.Contains(yaml, want) {
			t.Errorf("the document lacks %q", want)
		}
	}
	if n := strings.Count(yaml, "\n    greeting:\n"); n != 1 {
		t.Errorf("the answer is defined %d times", n)
	}
	page := s.do(t, "GET", "/docs/api", "").text
	for _, want := range []string{"/api/toys/{owner.uuid}/greet", "greet_post", "Whom to greet.", "What was said."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func basic(user string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
