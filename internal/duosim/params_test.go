package duosim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duosim"
)

func TestWrongParametersAreNamed(t *testing.T) {
	b := start(t, duosim.Config{})
	long := strings.Repeat("x", 300)
	for _, tc := range []struct {
		path   string
		code   int
		detail string
		pairs  []string
	}{
		{"/auth/v2/preauth", 40001, "username", nil},
		{"/auth/v2/preauth", 40002, "username", []string{"username", "alice", "user_id", "DU"}},
		{"/auth/v2/preauth", 40002, "user_id", []string{"user_id", "DU"}},
		{"/auth/v2/preauth", 40002, "username", []string{"username", long}},
		{"/auth/v2/preauth", 40002, "username", []string{"username", "\xff"}},
		{"/rest/v1/preauth", 40001, "user", []string{"username", "alice"}},
		{"/auth/v2/auth", 40001, "factor", []string{"username", "alice"}},
		{"/auth/v2/auth", 40002, "factor", []string{"username", "alice", "factor", "voodoo"}},
		{"/auth/v2/auth", 40001, "device", []string{"username", "alice", "factor", "push"}},
		{"/auth/v2/auth", 40002, "device", []string{"username", "alice", "factor", "push", "device", "DPX"}},
		{"/auth/v2/auth", 40002, "device", []string{"username", "nopush", "factor", "push", "device", "auto"}},
		{"/auth/v2/auth", 40001, "passcode", []string{"username", "alice", "factor", "passcode"}},
		{"/auth/v2/auth", 40001, "prompt", []string{"username", "alice", "factor", "prompt"}},
		{"/auth/v2/auth", 40002, "async", []string{"username", "alice", "factor", "passcode", "passcode", "1", "async", "maybe"}},
		{"/auth/v2/auth", 40002, "username", []string{"username", "nobody", "factor", "passcode", "passcode", "1"}},
		{"/auth/v2/auth", 40002, "pushinfo", []string{"username", "alice", "factor", "push", "device", "auto", "pushinfo", strings.Repeat("a", 20_000)}},
		{"/auth/v2/auth", 40002, "txid", []string{"username", "alice", "factor", "push", "device", "auto", "txid", "nope"}},
		{"/auth/v2/auth", 40001, "txid", []string{"username", "alice", "factor", "prompt", "prompt", "verified_push1"}},
		{"/rest/v1/auth", 40001, "auto", []string{"user", "alice", "factor", "auto"}},
		{"/rest/v1/auth", 40002, "phone", []string{"user", "alice", "factor", "push", "phone", "phone9"}},
		{"/rest/v1/auth", 40002, "factor", []string{"user", "alice", "factor", "prompt", "prompt", "1"}},
		{"/rest/v1/auth.json", 40002, "user", []string{"user", "nobody", "factor", "auto", "auto", "1"}},
		{"/auth/v2/enroll", 40002, "username", []string{"username", "ALICE"}},
		{"/auth/v2/enroll", 40002, "username", []string{"username", "a\nb"}},
		{"/auth/v2/enroll", 40002, "valid_secs", []string{"valid_secs", "-1"}},
		{"/auth/v2/enroll", 40002, "bypass_codes", []string{"bypass_codes", "99"}},
		{"/auth/v2/enroll_status", 40001, "user_id", nil},
		{"/auth/v2/nothing", 40401, "", nil},
		{"/auth/v2/ping", 40401, "", nil},
		{"/rest/v1/enroll", 40401, "", nil},
		{"//auth/v2/preauth", 40401, "", nil},
	} {
		r := b.post(t, tc.path, tc.pairs...)
		if r.HTTP != tc.code/100 || r.Code != tc.code || r.Detail != tc.detail || r.Stat != "FAIL" {
			t.Errorf("%s %.80q: HTTP %d %s", tc.path, tc.pairs, r.HTTP, r.Body)
		}
	}
	if r := b.get(t, "/auth/v2/auth_status"); r.Code != 40001 {
		t.Errorf("%s", r.Body)
	}
}

func TestCredentialsAreCheckedInTheServicesOrder(t *testing.T) {
	b := start(t, duosim.Config{})
	other, err := b.sim.AddIntegration(duosim.Integration{Kind: duosim.KindOther})
	if err != nil {
		t.Fatal(err)
	}
	good := signer{ikey: testIKey, skey: testSKey, version: "v2", host: b.addr}
	stranger := good
	stranger.ikey = "DI000000000000000000"
	foreign := good
	foreign.ikey, foreign.skey = other.IKey, other.SKey.Reveal()
	bad := good
	bad.skey = strings.Repeat("x", 40)
	v1 := good
	v1.version, v1.sha1 = "v1", true
	now := time.Now()
	for name, tc := range map[string]struct {
		signer *signer
		date   string
		strict bool
		want   int
	}{
		"no credentials":                    {nil, "now", false, 40101},
		"an unknown key":                    {&stranger, "now", false, 40102},
		"an unknown key and no date":        {&stranger, "", true, 40102},
		"a wrong key":                       {&bad, "now", false, 40103},
		"a wrong key and a stale date":      {&bad, now.Add(-time.Hour).Format(time.RFC1123Z), false, 40105},
		"a date that is none":               {&good, "yesterday", false, 40105},
		"a date six minutes early":          {&good, now.Add(-6 * time.Minute).Format(time.RFC1123Z), false, 40105},
		"a date six minutes late":           {&good, now.Add(6 * time.Minute).Format(time.RFC1123Z), false, 40105},
		"a date four minutes early":         {&good, now.Add(-4 * time.Minute).Format(time.RFC1123Z), false, 0},
		"another time zone":                 {&good, now.In(time.FixedZone("", 19800)).Format(time.RFC1123Z), true, 0},
		"GMT":                               {&good, now.UTC().Format(http.TimeFormat), true, 0},
		"an application of another kind":    {&foreign, "now", false, 40301},
		"version 1 without a date":          {&v1, "", false, 0},
		"version 1 without a date, strict":  {&v1, "", true, 40104},
		"version 1 beside a date, strictly": {&v1, "now", true, 40103},
	} {
		t.Run(name, func(t *testing.T) {
			b.configure(t, func(s *duosim.Settings) { s.Strict = tc.strict })
			r, _ := http.NewRequest("POST", "https://"+b.addr+"/auth/v2/preauth", strings.NewReader("username=bypass"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			date := tc.date
			if date == "now" {
				date = now.Format(time.RFC1123Z)
			}
			if date != "" {
				r.Header.Set("Date", date)
			}
			if tc.signer != nil {
				r.Header.Set("Authorization", tc.signer.authorization("POST", "/auth/v2/preauth", date, url.Values{"username": {"bypass"}}, ""))
			}
			if got := b.send(t, r); got.Code != tc.want {
				t.Errorf("HTTP %d %s", got.HTTP, got.Body)
			}
		})
	}
}

func TestRequestsOfIllWill(t *testing.T) {
	b := start(t, duosim.Config{})
	post := func(kind, body string, signed bool) *http.Request {
		r, _ := http.NewRequest("POST", "https://"+b.addr+"/auth/v2/preauth", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Date", time.Now().Format(time.RFC1123Z))
		if signed {
			s := signer{ikey: testIKey, skey: testSKey, version: "v5", host: b.addr}
			r.Header.Set("Authorization", s.authorization("POST", "/auth/v2/preauth", r.Header.Get("Date"), nil, body))
		}
		return r
	}
	const form, js = "application/x-www-form-urlencoded", "application/json"
	for name, tc := range map[string]struct {
		request *http.Request
		want    int
	}{
		"a body too large":          {post(form, strings.Repeat("a", 70_000), false), 41301},
		"a form that is none":       {post(form, "a=%zz", false), 40002},
		"too many parameters":       {post(form, strings.Repeat("a=b&", 300), false), 40002},
		"another content type":      {post("text/plain", "username=alice", false), 40106},
		"JSON that is an array":     {post(js, `["username"]`, true), 40002},
		"JSON with a nested object": {post(js, `{"username":{"a":1}}`, true), 40002},
		"JSON with null":            {post(js, `{"username":null}`, true), 40002},
		"JSON cut short":            {post(js, `{"username":"a`, true), 40002},
		"JSON and more":             {post(js, `{"username":"alice"} {}`, true), 40002},
		"a name twice in JSON":      {post(js, `{"username":"alice","username":"bob"}`, true), 40002},
		"no body":                   {post(js, "", true), 40002},
		"JSON unsigned and broken":  {post(js, `{`, false), 40101},
	} {
		if got := b.send(t, tc.request); got.Code != tc.want || got.HTTP != tc.want/100 {
			t.Errorf("%s: HTTP %d %s", name, got.HTTP, got.Body)
		}
	}
	for name, auth := range map[string]string{
		"another scheme": "Bearer x", "not base64": "Basic §", "no colon": "Basic YWJj", "nothing": "Basic", "NULs": "Basic AAA6AAA=", "not text": "Basic //86//8=",
	} {
		r := post(form, "username=alice", false)
		r.Header.Set("Authorization", auth)
		if got := b.send(t, r); got.HTTP != 401 {
			t.Errorf("%s: HTTP %d %s", name, got.HTTP, got.Body)
		}
	}
	if got := b.post(t, "/auth/v2/preauth", "username", "bypass"); got.text("result") != "allow" {
		t.Errorf("afterwards: %s", got.Body)
	}
}

// FuzzRequests sends any head and body there can be through the handler. A
// panic of the handler itself would be answered with 500, which no request
// deserves.
func FuzzRequests(f *testing.F) {
	f.Add("POST", "/auth/v2/auth", "localhost", "Basic AAA6AAA=", "application/x-www-form-urlencoded", "a=b&username=%00")
	f.Add("GET", "/rest/v1/status.bson?txid=%00", "[::1", "Basic RElYWVpWNllNOElGWVZXQklOQ0E6eA==", "", "")
	f.Add("POST", "/portal?code=x", "", "", "application/json", `{"a":1e999}`)
	f.Fuzz(func(t *testing.T, method, target, host, authorization, kind, body string) {
		d := newDirect(t, same)
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		r.Header["Authorization"], r.Header["Content-Type"] = []string{authorization}, []string{kind}
		w := httptest.NewRecorder()
		d.api.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("HTTP %d %s", w.Code, w.Body)
		}
	})
}
