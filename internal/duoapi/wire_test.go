package duoapi_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
)

// verify signs a request anew from what came over the wire, as the service
// has to, and returns the parameters. It is written from the description of
// the protocol and shares nothing with the client.
func verify(t *testing.T, r seen) url.Values {
	t.Helper()
	host, _, _ := strings.Cut(r.host, ":")
	lines := []string{r.header.Get("Date"), r.method, host, r.path}
	form := r.query
	sum := sha512.Sum512(nil)
	empty := hex.EncodeToString(sum[:])
	params := url.Values{}
	isJSON := r.header.Get("Content-Type") == "application/json"
	if isJSON {
		object := map[string]string{}
		if err := json.Unmarshal([]byte(r.body), &object); err != nil {
			t.Fatal(err)
		}
		for name, value := range object {
			params.Set(name, value)
		}
		sum := sha512.Sum512([]byte(r.body))
		lines = append(lines, "", hex.EncodeToString(sum[:]), empty)
	} else {
		if r.method == http.MethodPost {
			form = r.body
		}
		params, _ = url.ParseQuery(form)
		var pairs []string
		for name, values := range params {
			for _, value := range values {
				pairs = append(pairs, strings.ReplaceAll(url.QueryEscape(name)+"="+url.QueryEscape(value), "+", "%20"))
			}
		}
		slices.Sort(pairs)
		lines = append(lines, strings.Join(pairs, "&"))
	}
	_, given, _ := (&http.Request{Header: r.header}).BasicAuth()
	for _, version := range [][]string{lines, append(slices.Clone(lines), empty, empty)} {
		mac := hmac.New(sha512.New, []byte(testSkey))
		mac.Write([]byte(strings.Join(version, "\n")))
		if hex.EncodeToString(mac.Sum(nil)) == given {
			return params
		}
	}
	t.Errorf("the signature of %s %s does not fit", r.method, r.path)
	return params
}

// reply answers every call with a response.
func reply(response string) http.HandlerFunc {
	return answer(200, `{"stat":"OK","response":`+response+`}`)
}

func TestRequestsOnTheWire(t *testing.T) {
	for _, test := range []struct {
		name     string
		response string
		call     func(context.Context, *duoapi.Client) error
		want     string // method, path, parameters
	}{
		{"check", `{"time":1}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Check(ctx)
			return err
		}, "GET /auth/v2/check map[]"},
		{"preauth with everything", `{"result":"deny"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Preauth(ctx, duoapi.PreauthRequest{
				Username: "jörg@example.com", IPAddr: "2001:db8::7", Hostname: "c1 node", TrustedDeviceToken: secret.NewText("tok"),
				VerifiedPush: true, TextPrompt: true, FailMode: "closed",
			})
			return err
		}, "POST /auth/v2/preauth map[client_supports_verified_push:[1] failmode:[closed] hostname:[c1 node] ipaddr:[2001:db8::7] text_prompt:[1] trusted_device_token:[tok] username:[jörg@example.com]]"},
		{"preauth by id, with nothing else", `{"result":"deny"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Preauth(ctx, duoapi.PreauthRequest{UserID: "DU1"})
			return err
		}, "POST /auth/v2/preauth map[user_id:[DU1]]"},
		{"a verified push", `{"txid":"1"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Auth(ctx, duoapi.AuthRequest{
				Username: "alice", Factor: duoapi.FactorPush, Device: "DP1", Async: true, IPAddr: "192.0.2.1", Hostname: "h",
				Type: "SSH login", DisplayUsername: "alice@svm1", TxID: "tx1",
				PushInfo: duoapi.PushInfo{{Name: "Server IP", Value: "192.0.2.10"}, {Name: "Command", Value: "echo a&b=c+ü"}},
			})
			return err
		}, "POST /auth/v2/auth map[async:[1] device:[DP1] display_username:[alice@svm1] factor:[push] hostname:[h] ipaddr:[192.0.2.1] pushinfo:[Server%20IP=192.0.2.10&Command=echo%20a%26b%3Dc%2B%C3%BC] txid:[tx1] type:[SSH login] username:[alice]]"},
		{"a passcode", `{"result":"allow"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Auth(ctx, duoapi.AuthRequest{UserID: "DU1", Factor: duoapi.FactorPasscode, Passcode: secret.NewText("123456")})
			return err
		}, "POST /auth/v2/auth map[factor:[passcode] passcode:[123456] user_id:[DU1]]"},
		{"an answer to a prompt", `{"txid":"1"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Auth(ctx, duoapi.AuthRequest{Username: "alice", Factor: duoapi.FactorPrompt, Prompt: secret.NewText("\n"), Async: true})
			return err
		}, "POST /auth/v2/auth map[async:[1] factor:[prompt] prompt:[\n] username:[alice]]"},
		{"auth_status", `{"result":"waiting"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.AuthStatus(ctx, "a b&c=d")
			return err
		}, "GET /auth/v2/auth_status map[txid:[a b&c=d]]"},
		{"enroll", `{"user_id":"DU1","activation_code":"x"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Enroll(ctx, duoapi.EnrollRequest{Username: "bob", Valid: time.Hour, BypassCodes: 3})
			return err
		}, "POST /auth/v2/enroll map[bypass_codes:[3] username:[bob] valid_secs:[3600]]"},
		{"enroll without anything", `{"user_id":"DU1","activation_code":"x"}`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.Enroll(ctx, duoapi.EnrollRequest{})
			return err
		}, "POST /auth/v2/enroll map[]"},
		{"enroll_status", `"waiting"`, func(ctx context.Context, c *duoapi.Client) error {
			_, err := c.EnrollStatus(ctx, "DU1", secret.NewText("code"))
			return err
		}, "POST /auth/v2/enroll_status map[activation_code:[code] user_id:[DU1]]"},
	} {
		for _, signing := range []duoapi.Signing{duoapi.SignForm, duoapi.SignJSON} {
			t.Run(fmt.Sprint(test.name, " signed ", signing), func(t *testing.T) {
				f := serve(t, reply(test.response))
				c := f.client(t, func(c *duoapi.Config) { c.Signing, c.UserAgent = signing, "tester/1" })
				if err := test.call(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				got := f.last()
				if diff := cmp.Diff(test.want, fmt.Sprintf("%s %s %v", got.method, got.path, verify(t, got))); diff != "" {
					t.Error(diff)
				}
				ikey, _, _ := (&http.Request{Header: got.header}).BasicAuth()
				if ikey != testIkey || got.header.Get("User-Agent") != "tester/1" {
					t.Errorf("keyed %q by %q", ikey, got.header.Get("User-Agent"))
				}
			})
		}
	}
}

func TestPingIsNotSignedAndAsksForNoCompression(t *testing.T) {
	f := serve(t, script)
	if _, err := f.client(t).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.last(); got.header["Authorization"] != nil || got.header["Accept-Encoding"] != nil || got.method != "GET" || got.path != "/auth/v2/ping" {
		t.Errorf("got %+v", got)
	}
}

// Decoding twice, as the app's side does, gives back the fields.
func TestPushInfoSurvivesBothDecodings(t *testing.T) {
	fields := duoapi.PushInfo{{Name: "a b", Value: "c&d=e"}, {Name: "ü", Value: "+%20\n"}, {Name: "empty", Value: ""}}
	got, err := url.ParseQuery(fields.Encode())
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"a b": {"c&d=e"}, "ü": {"+%20\n"}, "empty": {""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := duoapi.PushInfo(nil).Encode(); got != "" {
		t.Errorf("nothing becomes %q", got)
	}
}

func TestRequestsThatMakeNoSenseAreNotSent(t *testing.T) {
	f := serve(t, script)
	c := f.client(t)
	auth := func(edit func(*duoapi.AuthRequest)) error {
		in := push(true)
		edit(&in)
		_, err := c.Auth(t.Context(), in)
		return err
	}
	preauth := func(in duoapi.PreauthRequest) error { _, err := c.Preauth(t.Context(), in); return err }
	_, noTx := c.AuthStatus(t.Context(), "")
	_, noCode := c.EnrollStatus(t.Context(), "DU1", none)
	for name, err := range map[string]error{
		"preauth for nobody":            preauth(duoapi.PreauthRequest{}),
		"preauth for two":               preauth(duoapi.PreauthRequest{Username: "a", UserID: "b"}),
		"auth for nobody":               auth(func(in *duoapi.AuthRequest) { in.Username = "" }),
		"auth for two":                  auth(func(in *duoapi.AuthRequest) { in.UserID = "b" }),
		"a push to no device":           auth(func(in *duoapi.AuthRequest) { in.Device = "" }),
		"a factor that is none":         auth(func(in *duoapi.AuthRequest) { in.Factor = "voice" }),
		"no factor":                     auth(func(in *duoapi.AuthRequest) { in.Factor = "" }),
		"a passcode that is absent":     auth(func(in *duoapi.AuthRequest) { in.Factor = duoapi.FactorPasscode }),
		"a prompt that is absent":       auth(func(in *duoapi.AuthRequest) { in.Factor = duoapi.FactorPrompt }),
		"push information without end":  auth(func(in *duoapi.AuthRequest) { in.PushInfo = duoapi.PushInfo{{"a", strings.Repeat("b", 19_998)}} }),
		"a status of no transaction":    noTx,
		"an enrolment without its code": noCode,
	} {
		if duoapi.KindOf(err) != duoapi.KindInvalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := f.requests(); got != nil {
		t.Errorf("sent %v", got)
	}
	if err := auth(func(in *duoapi.AuthRequest) { in.PushInfo = duoapi.PushInfo{{"a", strings.Repeat("b", 19_997)}} }); err != nil {
		t.Errorf("push information of 19,999 bytes: %v", err)
	}
}
