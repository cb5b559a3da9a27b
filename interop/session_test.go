package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A session sends requests as one client with one account does. It is as
// strict as the strictest of NetApp's clients, go-openapi's: an answer that
// breaks a rule every one of them relies on fails the test wherever it occurs.
type session struct {
	base           string
	client         *http.Client
	user, password string
	header         http.Header // sent with every request
}

// reply is an answer whose form is already checked.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// object is a JSON object, numbers kept as written.
type object map[string]any

// admin returns a session of the cluster's administrator that sends header
// with every request.
func (s *server) admin(header http.Header) *session {
	return &session{base: s.APIURL, client: s.client(), user: s.AdminUser, password: s.AdminPassword, header: header}
}

// as returns the session of another account.
func (c *session) as(user, password string) *session {
	other := *c
	other.user, other.password = user, password
	return &other
}

// send sends a request; body "" means none. path starts with "/".
func (c *session) send(t *testing.T, method, path, body string) reply {
	t.Helper()
	return c.sendWith(t.Context(), t, method, path, body)
}

func (c *session) sendWith(ctx context.Context, t *testing.T, method, path, body string) reply {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, c.header)
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: reading the answer: %v", method, path, err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, body: text}
	if strings.HasPrefix(path, "/api/") && method != http.MethodHead {
		r.checkForm(t, method+" "+path)
	}
	return r
}

// want sends a request and fails unless it is answered with status.
func (c *session) want(t *testing.T, status int, method, path, body string) object {
	t.Helper()
	r := c.send(t, method, path, body)
	if r.status != status {
		t.Fatalf("%s %s %s: status %d, want %d\n%s", method, path, body, r.status, status, r.body)
	}
	return r.object(t)
}

// checkForm checks what holds for every answer of ONTAP's REST API.
func (r reply) checkForm(t *testing.T, what string) {
	t.Helper()
	kind, _, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "application/hal+json" {
		t.Errorf("%s: content type %q: go-openapi has no consumer for it", what, r.header.Get("Content-Type"))
	}
	if r.status != 200 && r.status != 201 && r.status != 202 && r.status < 400 {
		t.Errorf("%s: status %d, declared by no operation", what, r.status)
	}
	o := r.object(t)
	failure, failed := o["error"].(map[string]any)
	switch {
	case r.status < 400 && o["error"] != nil:
		t.Errorf("%s: an answer with %d holds an error: Ansible takes it for a failure\n%s", what, r.status, r.body)
	case r.status >= 400 && !failed:
		t.Errorf("%s: an answer with %d holds no error object\n%s", what, r.status, r.body)
	case r.status >= 400:
		for _, member := range []string{"code", "message"} {
			if text, ok := failure[member].(string); !ok || text == "" {
				t.Errorf("%s: error.%s is %v, want a string that is not empty", what, member, failure[member])
			}
		}
		if target, given := failure["target"]; given {
			if _, ok := target.(string); !ok {
				t.Errorf("%s: error.target is %v, want a string", what, target)
			}
		}
	}
}

// object decodes the body: exactly one JSON object that starts at its first
// byte, which is how NetApp's Python library tells JSON from other content.
func (r reply) object(t *testing.T) object {
	t.Helper()
	if !bytes.HasPrefix(r.body, []byte("{")) {
		t.Fatalf("the body does not start with {: %q", r.body)
	}
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("something follows the object: %s", r.body)
	}
	return o
}

// at returns the value at a dotted path; array elements go by their index.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			i := slices.Index([]string{"0", "1", "2", "3", "4"}, part)
			if i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// text returns the string at path, "" if there is none.
func (o object) text(path string) string {
	s, _ := o.at(path).(string)
	return s
}

// number returns the number at path as written, "" if there is none.
func (o object) number(path string) string {
	n, _ := o.at(path).(json.Number)
	return n.String()
}

// records returns the records of a list.
func (o object) records(t *testing.T) []object {
	t.Helper()
	list, ok := o["records"].([]any)
	if !ok {
		t.Fatalf("no records in %v", o)
	}
	var out []object
	for _, v := range list {
		r, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("a record is %v, want an object", v)
		}
		out = append(out, r)
	}
	return out
}

// jsonOf writes v as a request body.
func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
