package duoapi_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
)

var (
	keyText = secret.NewText(testSkey)
	none    secret.Text
)

// canaries are every secret that goes into the calls below, as it is and as
// the proxy gets to see it.
var canaries = []string{
	testSkey, "canary-proxy-password", "canary-passcode", "canary-prompt", "canary-device-token", "canary-activation",
	base64.StdEncoding.EncodeToString([]byte("canary-user:canary-proxy-password")),
}

// quote answers with every value it was sent, and with the key it knows.
func quote(status int, form string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		text, _ := json.Marshal(fmt.Sprint(testSkey, r.Form))
		answer(status, strings.ReplaceAll(form, "ECHO", string(text)))(w, r)
	}
}

// mouthful is a raw server that answers with all canaries instead of HTTP.
func mouthful(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 1))
	_, _ = io.WriteString(conn, strings.Join(canaries, " ")+"\r\n\r\n")
	if c, ok := conn.(*tls.Conn); ok {
		_ = c.CloseWrite()
	}
}

func TestNoErrorHoldsASecret(t *testing.T) {
	ca := newAuthority(t)
	duos := map[string]*duoapi.Client{}
	for name, form := range map[string]string{
		"an error":                    `{"stat":"FAIL","code":40002,"message":ECHO,"message_detail":ECHO}`,
		"a reply with strange values": `{"stat":"OK","response":{"result":ECHO,"txid":[ECHO],"time":ECHO,"user_id":ECHO}}`,
		"a reply with strange names":  `{"stat":"OK","response":{ECHO:ECHO}}`,
		"a bare text":                 `{"stat":"OK","response":ECHO}`,
		"no JSON":                     `ECHO`,
	} {
		for _, status := range []int{200, 302, 400, 401, 500} {
			duos[fmt.Sprintf("%s with %d", name, status)] = serve(t, quote(status, form)).client(t, authenticated(t))
		}
	}
	duos["something that is not HTTP"] = client(t, listenTLS(t, ca, mouthful), ca)
	duos["something that is not TLS"] = client(t, listen(t, mouthful), ca)
	duos["something that is not a proxy"] = client(t, "api-1.duo.example", ca, via("canary-user:canary-proxy-password@"+listen(t, mouthful)))
	duos["a proxy that is not there"] = client(t, "api-1.duo.example", ca, via("canary-user:canary-proxy-password@"+closedPort(t)))
	duos["a proxy that quotes"] = client(t, "api-1.duo.example", ca, via("canary-user:canary-proxy-password@"+startTunnel(t, "", "u:p").addr))
	for name, c := range duos {
		t.Run(name, func(t *testing.T) {
			for _, err := range everyCall(t, c) {
				if err == nil {
					t.Error("a call without error")
				}
				leaks(t, err)
			}
			leaks(t, c)
		})
	}
}

// authenticated gives the client a proxy with a password.
func authenticated(t *testing.T) func(*duoapi.Config) {
	t.Helper()
	return func(c *duoapi.Config) {
		c.Proxy = secret.NewText("canary-user:canary-proxy-password@" + startTunnel(t, c.Host, "canary-user:canary-proxy-password").addr)
	}
}

func everyCall(t *testing.T, c *duoapi.Client) (errs []error) {
	t.Helper()
	code := push(true)
	code.Factor, code.Passcode = duoapi.FactorPasscode, secret.NewText("canary-passcode")
	typed := push(false)
	typed.Factor, typed.Prompt = duoapi.FactorPrompt, secret.NewText("canary-prompt")
	_, e1 := c.Check(t.Context())
	_, e2 := c.Auth(t.Context(), code)
	_, e3 := c.Auth(t.Context(), typed)
	_, e4 := c.Preauth(t.Context(), duoapi.PreauthRequest{Username: "alice", TrustedDeviceToken: secret.NewText("canary-device-token")})
	_, e5 := c.EnrollStatus(t.Context(), "DU1", secret.NewText("canary-activation"))
	_, e6 := c.Enroll(t.Context(), duoapi.EnrollRequest{})
	leaks(t, code)
	leaks(t, typed)
	errs = []error{e1, e2, e3, e4, e5, e6}
	for _, s := range c.Probe(t.Context()) {
		leaks(t, s)
		if s.Err != nil {
			errs = append(errs, s.Err)
		}
	}
	return errs
}

// leaks fails if there is a way to print v that shows a canary.
func leaks(t *testing.T, v any) {
	t.Helper()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("v", v))
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("v", v))
	text := log.String() + fmt.Sprintf("%v %+v %#v %s %q %d %x", v, v, v, v, v, v, v)
	if e, ok := v.(*duoapi.Error); ok {
		text += e.Error() + e.Reason() + e.Message + e.MessageDetail + e.Detail
	}
	if err, ok := v.(error); ok {
		if e, ok := errors.AsType[*duoapi.Error](err); ok {
			text += fmt.Sprintf("%+v", *e)
		}
	}
	for _, canary := range canaries {
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
			t.Errorf("%q in %s", canary, text)
		}
	}
}

func TestTextsOfDuoAreFitToShow(t *testing.T) {
	f := serve(t, answer(400, `{"stat":"FAIL","code":40002,"message":"a\u001b[31m\r\nb\u202ec\u0000`+strings.Repeat("é", 500)+`"}`))
	_, err := f.client(t).Check(t.Context())
	e := failure(t, err, duoapi.KindRejected, duoapi.StepReply)
	if want := "a?[31m??b?c?" + strings.Repeat("é", 188) + "…"; e.Message != want {
		t.Errorf("got %q, want %q", e.Message, want)
	}
}

func TestReasonsAreShortAndWhole(t *testing.T) {
	f := serve(t, answer(403, `{"stat":"FAIL","code":40301,"message":"Access forbidden","message_detail":"Wrong integration type for this API."}`))
	_, err := f.client(t).Check(t.Context())
	e := failure(t, err, duoapi.KindRejected, duoapi.StepReply)
	if got, want := e.Reason(), "Request is rejected (HTTP 403, code 40301)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := e.Error(), "duo check: Request is rejected (HTTP 403, code 40301): Access forbidden: Wrong integration type for this API."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
