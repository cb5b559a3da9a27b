package duosim_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/duosim"
)

// A desk is the control handler behind a server.
type desk struct {
	*bench
	url string
}

func newDesk(t *testing.T, config duosim.Config) *desk {
	t.Helper()
	b := start(t, config)
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = duosim.NewServer(b.sim.Control(), nil)
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(b.sim.Close) // before the server, which waits for its streams
	return &desk{bench: b, url: srv.URL}
}

// do sends a request as curl would and returns status and body.
func (d *desk) do(t *testing.T, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	resp, err := d.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// form sends a form as a browser without scripts would.
func (d *desk) form(t *testing.T, path string, values url.Values, headers ...string) (int, string) {
	t.Helper()
	return d.do(t, "POST", path, values.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

func TestTheControlAPI(t *testing.T) {
	d := newDesk(t, duosim.Config{})
	_, made := d.do(t, "POST", "/api/integrations", `{"name":"mine"}`)
	var keys struct {
		IKey string `json:"integration_key"`
		SKey string `json:"secret_key"`
	}
	if err := json.Unmarshal([]byte(made), &keys); err != nil || len(keys.IKey) != 20 || !strings.HasPrefix(keys.IKey, "DI") || len(keys.SKey) != 40 {
		t.Fatalf("%s %v", made, err)
	}
	for _, tc := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/integrations", "", 200, `"integration_key":"` + keys.IKey + `"`},
		{"PATCH", "/api/integrations/" + keys.IKey, `{"off":true}`, 200, "{}"},
		{"PATCH", "/api/integrations/" + keys.IKey, `{}`, 400, `"code":"missing_field"`},
		{"PATCH", "/api/integrations/DI", `{"off":true}`, 404, `"code":"not_found"`},
		{"POST", "/api/integrations", `{"integration_key":"XX"}`, 400, `"target":"integration_key"`},
		{"POST", "/api/integrations", `{"secret_key":"short"}`, 400, `"target":"secret_key"`},
		{"POST", "/api/integrations", `{"integration_key":"` + keys.IKey + `"}`, 409, `"code":"exists"`},
		{"POST", "/api/users", `{"name":"erik","devices":[{"name":"Phone"}]}`, 200, `"state":"active"`},
		{"POST", "/api/users", `{"name":"Erik"}`, 409, `"code":"exists"`},
		{"POST", "/api/users", `{"name":"x","devices":[{"type":"fax"},{"number":"1","capabilities":["fly"]}]}`, 400, `devices[1]: capability \"fly\"`},
		{"POST", "/api/users", `{"name":"x","colour":"red"}`, 400, `unknown field \"colour\"`},
		{"POST", "/api/users", `{"name":"x"} {}`, 400, `"code":"bad_json"`},
		{"POST", "/api/users", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, 413, `"code":"too_large"`},
		{"GET", "/api/users/ERIK", "", 200, `"capabilities":["auto","push","mobile_otp"]`},
		{"GET", "/api/users/none", "", 404, `"code":"not_found"`},
		{"PATCH", "/api/users/erik", `{"state":"locked_out"}`, 200, `"state":"locked_out"`},
		{"PATCH", "/api/users/erik", `{"state":"frozen"}`, 400, `"target":"state"`},
		{"POST", "/api/users/erik/bypass_codes", `{"count":2}`, 200, `["`},
		{"POST", "/api/users/erik/bypass_codes", `{"count":99}`, 400, `"target":"count"`},
		{"GET", "/api/users", "", 200, `"name":"erik"`},
		{"DELETE", "/api/users/erik", "", 200, "{}"},
		{"DELETE", "/api/users/erik", "", 404, `"code":"not_found"`},
		{"GET", "/api/settings", "", 200, `"poll_hold":"25s"`},
		{"PATCH", "/api/settings", `{"clock_shift":"-400s","lockout_after":0}`, 200, `"clock_shift":"-6m40s"`},
		{"PATCH", "/api/settings", `{"push_life":"never"}`, 400, `is not a time span`},
		{"PATCH", "/api/settings", `{"sms_batch":11}`, 400, `"target":"settings.sms_batch"`},
		{"PATCH", "/api/settings", `{"clock_shift":"0s"}`, 200, `"lockout_after":0`},
		{"POST", "/api/faults", `{"do":"http","status":503,"step":"preauth","times":2,"delay":"1s"}`, 200, `"id":"f1"`},
		{"POST", "/api/faults", `{"do":"nothing"}`, 400, `"target":"do"`},
		{"GET", "/api/faults", "", 200, `"delay":"1s"`},
		{"DELETE", "/api/faults/f1", "", 200, "{}"},
		{"DELETE", "/api/faults", "", 200, "{}"},
		{"GET", "/api/pushes", "", 200, "[]"},
		{"POST", "/api/pushes/none", `{"answer":"approve"}`, 404, `"target":"txid"`},
		{"GET", "/api/journal?after=x", "", 400, `"target":"after"`},
		{"GET", "/api/journal", "", 200, "[]"},
		{"GET", "/api/nothing", "", 404, `"code":"no_such_api"`},
		{"PUT", "/api/users", "", 404, `"code":"no_such_api"`},
	} {
		status, body := d.do(t, tc.method, tc.path, tc.body)
		if status != tc.status || !strings.Contains(body, tc.want) || strings.Contains(body, keys.SKey) || strings.Contains(body, testSKey) {
			t.Errorf("%s %s %.80s: HTTP %d %.300s", tc.method, tc.path, tc.body, status, body)
		}
	}
}

func TestAPushIsAnsweredThroughTheControlAPI(t *testing.T) {
	d := newDesk(t, duosim.Config{})
	done := make(chan reply)
	go func() {
		done <- d.post(t, "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto")
	}()
	p, err := d.sim.WaitPending(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if status, body := d.do(t, "POST", "/api/pushes/"+p.TxID, `{"answer":"maybe"}`); status != 400 {
		t.Errorf("HTTP %d %s", status, body)
	}
	if status, body := d.do(t, "POST", "/api/pushes/"+p.TxID, `{"answer":"fraud"}`); status != 200 {
		t.Errorf("HTTP %d %s", status, body)
	}
	if r := <-done; r.text("status") != "fraud" {
		t.Errorf("%s", r.Body)
	}
	d.get(t, "/auth/v2/check")
	for query, want := range map[string]int{"": 2, "?user=ALICE": 1, "?step=check": 1, "?after=1": 1, "?after=2": 0} {
		_, body := d.do(t, "GET", "/api/journal"+query, "")
		var entries []duosim.Entry
		if err := json.Unmarshal([]byte(body), &entries); err != nil || len(entries) != want {
			t.Errorf("%q: %d entries, %v", query, len(entries), err)
		}
	}
	if d.do(t, "POST", "/api/reset", ""); len(d.sim.Journal()) != 0 || len(d.sim.Users()) != len(seed().Users) {
		t.Error("reset did not begin anew")
	}
}

func TestBrowsersOfOtherSitesAreKeptOut(t *testing.T) {
	d := newDesk(t, duosim.Config{Hosts: []string{"sim.example"}})
	for _, tc := range []struct {
		name, method string
		headers      []string
		want         int
	}{
		{"a name that was made to resolve here", "GET", []string{"Host", "evil.example"}, 421},
		{"an address that is not the loopback", "GET", []string{"Host", "192.0.2.1:80"}, 421},
		{"a name that looks alike", "GET", []string{"Host", "localhost.evil.example"}, 421},
		{"localhost", "GET", []string{"Host", "localhost:1"}, 200},
		{"the loopback of IPv6", "GET", []string{"Host", "[::1]:1"}, 200},
		{"a host of the configuration", "GET", []string{"Host", "SIM.example"}, 200},
		{"a form of another site", "POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a form of another site, old browser", "POST", []string{"Origin", "https://evil.example"}, 403},
		{"a form of this page", "POST", []string{"Sec-Fetch-Site", "same-origin"}, 303},
		{"curl", "POST", nil, 303},
	} {
		path := "/"
		if tc.method == "POST" {
			path = "/auto_approve"
		}
		if status, body := d.do(t, tc.method, path, "", tc.headers...); status != tc.want {
			t.Errorf("%s: HTTP %d %.100s", tc.name, status, body)
		}
	}
}

func TestThePhonePageWithoutScripts(t *testing.T) {
	d := newDesk(t, duosim.Config{})
	if err := d.sim.AddUser(duosim.User{Name: "<b>eve</b>", Devices: []duosim.Device{{Name: `"><script>`, Number: "1234"}}}); err != nil {
		t.Fatal(err)
	}
	r := d.post(t, "/auth/v2/auth", "username", "<b>eve</b>", "factor", "push", "device", "auto", "async", "1",
		"ipaddr", "203.0.113.5", "type", "Sudo", "pushinfo", "Command=rm%20-rf%20<i>&Note=a%1b[31mb%e2%80%ae")
	txid := r.text("txid")
	status, body := d.do(t, "GET", "/", "")
	for _, want := range []string{"Sudo request", "&lt;b&gt;eve", "203.0.113.5", "rm -rf &lt;i&gt;", "a\uFFFD[31mb\uFFFD", "/pushes/" + txid, "Approve", "Deny", "It’s fraud", `http-equiv="refresh"`} {
		if !strings.Contains(body, want) {
			t.Errorf("HTTP %d: the page lacks %q", status, want)
		}
	}
	for _, bad := range []string{"<b>eve", "<script>\"", "\x1b", "\u202e", "style=", "http://", "https://", "onclick"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if status, body := d.form(t, "/pushes/"+txid, url.Values{"answer": {"deny"}}); status != 303 {
		t.Fatalf("HTTP %d %s", status, body)
	}
	d.get(t, "/auth/v2/auth_status", "txid", txid)
	if r := d.get(t, "/auth/v2/auth_status", "txid", txid); r.text("status") != "deny" {
		t.Errorf("%s", r.Body)
	}
	if status, body := d.form(t, "/pushes/"+txid, url.Values{"answer": {"approve"}}); status != 404 || !strings.Contains(body, "Back to the phone") {
		t.Errorf("an answer too late: HTTP %d %s", status, body)
	}
	name := url.PathEscape("<b>eve</b>")
	for path, values := range map[string]url.Values{"/users/" + name + "/state": {"state": {"disabled"}}, "/users/" + name + "/bypass_codes": nil, "/auto_approve": {"on": {"true"}}} {
		if status, body := d.form(t, path, values); status != 303 {
			t.Errorf("%s: HTTP %d %s", path, status, body)
		}
	}
	if u, err := d.sim.User("<b>eve</b>"); err != nil || u.State != duosim.Disabled || len(u.BypassCodes) != 1 || !d.sim.Settings().AutoApprove {
		t.Errorf("%+v %v", u, err)
	}
	if _, body := d.do(t, "GET", "/?q=TABL", ""); !strings.Contains(body, "tablet") || strings.Contains(body, ">alice<") {
		t.Error("the search does not search")
	}
}

func TestThePageTellsBrowsersToLoadNothingElse(t *testing.T) {
	d := newDesk(t, duosim.Config{})
	for path, want := range map[string]string{"/": "text/html", "/phone/phone.css": "text/css", "/phone/phone.js": "text/javascript", "/phone/icon.svg": "image/svg+xml", "/portal?code=x": "text/html"} {
		resp, err := d.http.Get(d.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		policy := resp.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), want) || !strings.HasPrefix(policy, "default-src 'none'") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, resp.Header)
		}
	}
	if status, _ := d.do(t, "GET", "/phone/page.html", ""); status != 404 {
		t.Errorf("a template is served: HTTP %d", status)
	}
}

func TestThePageIsLive(t *testing.T) {
	d := newDesk(t, duosim.Config{})
	resp, err := d.http.Get(d.url + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return "end: " + lines.Text()
	}
	if got := next(); got != "open" || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%s %v", got, resp.Header)
	}
	d.post(t, "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto", "async", "1")
	if got := next(); got != "change" {
		t.Error(got)
	}
	if _, body := d.do(t, "GET", "/live", ""); !strings.Contains(body, "Login request") || strings.Contains(body, "<html") {
		t.Errorf("%s", body)
	}
	d.sim.Close()
	for range 10 { // changes already on their way
		if got := next(); got == "end: " {
			return
		}
	}
	t.Error("the stream does not end with the simulator")
}
