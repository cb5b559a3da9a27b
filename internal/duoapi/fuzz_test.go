package duoapi

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

// Whatever comes back, it is an error of a known kind or an answer out of the
// few that exist, and it lets in only what says "allow".
func FuzzReply(f *testing.F) {
	for _, body := range []string{
		`{"stat":"OK","response":{"time":1800000000}}`,
		`{"stat":"OK","response":{"result":"allow","status":"allow","status_msg":"Success. Logging you in..."}}`,
		`{"stat":"OK","response":{"result":"auth","devices":[{"device":"DP","capabilities":["push"]}],"prompt":{"text":"","factors":{"1":"push1"}}}}`,
		`{"stat":"OK","response":{"txid":"45f7c92b-f45f-4862-8545-e0f58e78075a"}}`,
		`{"stat":"OK","response":"waiting"}`,
		`{"stat":"FAIL","code":"","message":null,"message_detail":[]}`,
	} {
		f.Add(200, "application/json", "1", []byte(body))
	}
	f.Add(429, "", "Sat, 21 Nov 2026 20:00:06 GMT", []byte("{}"))
	f.Add(204, "image/png", "", []byte("\x89PNG"))
	c, err := New(Config{Host: "duo.example", IntegrationKey: vectorIkey, SecretKey: secret.NewText(vectorSkey)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, kind, retry string, body []byte) {
		h := http.Header{"Content-Type": {kind}, "Retry-After": {retry}}
		res := reply{status: status, header: h, body: body, sent: time.Now(), received: time.Now()}
		if e := c.judge(request{call: CallPreauth}, res); e != nil {
			if e.Kind.Reason() == "" || e.RetryAfter < 0 || e.Code < 0 || e.Code > 99_999 || len([]rune(e.Message)) > maxText+1 {
				t.Fatalf("%#v", e)
			}
			return
		}
		if status < 200 || status > 299 {
			t.Fatalf("HTTP %d is no error", status)
		}
		v := response(res)
		if pre, err := readPreauth(v); err == nil {
			switch pre.Result {
			case PreauthAllow, PreauthAuth, PreauthDeny, PreauthEnroll:
			default:
				t.Fatalf("result %q", pre.Result)
			}
		}
		if s, err := readState(v, Waiting, Allow, Deny); err == nil && s.Result != Waiting && s.Result != Allow && s.Result != Deny {
			t.Fatalf("result %q", s.Result)
		}
		if s, err := readAuth(v, false); err == nil && s.Result != Allow && s.Result != Deny {
			t.Fatalf("result %q", s.Result)
		}
		if s, err := readAuth(v, true); err == nil && (s.TxID == "" || s.Result != "") {
			t.Fatalf("reply %v", s)
		}
		if _, err := readEnroll(v); err != nil && errors.Unwrap(err) != nil {
			t.Fatal(err)
		}
	})
}
