package duoapi_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
)

var sameSecret = cmp.Comparer(func(a, b secret.Text) bool { return a.Equal(b) })

func TestPreauthReplies(t *testing.T) {
	for _, test := range []struct {
		name, response string
		want           duoapi.PreauthReply
	}{
		{
			"devices",
			`{"result":"auth","status_msg":"Account is active","devices":[
			{"device":"DPFZRS9FB0D46QFTM891","type":"phone","number":"XXX-XXX-0100","name":"work","display_name":"work (XXX-XXX-0100)",
			 "capabilities":["auto","push","sms","phone","mobile_otp","telepathy"],"sms_nextcode":"2"},
			{"device":"DHEKH0JJIYC1LX3AZWO4","type":"token","name":"0"}],"extra":{"field":[1]}}`,
			duoapi.PreauthReply{Result: duoapi.PreauthAuth, StatusMsg: "Account is active", Devices: []duoapi.Device{
				{
					ID: "DPFZRS9FB0D46QFTM891", Type: "phone", Number: "XXX-XXX-0100", Name: "work", DisplayName: "work (XXX-XXX-0100)",
					Capabilities: []duoapi.Capability{"auto", "push", "sms", "phone", "mobile_otp", "telepathy"}, SMSNextCode: "2",
				},
				{ID: "DHEKH0JJIYC1LX3AZWO4", Type: "token", Name: "0"},
			}},
		},
		{
			"a verified push and a prompt",
			`{"result":"auth","status_msg":"","txid":"tx1","verification_code":"042","expiration":60,
			"prompt":{"text":"Duo two-factor login for alice\n\n","factors":{"default":"push1","1":"push1"}}}`,
			duoapi.PreauthReply{
				Result: duoapi.PreauthAuth, TxID: "tx1", VerificationCode: "042", Expiration: 60,
				Prompt: &duoapi.Prompt{Text: "Duo two-factor login for alice\n\n", Factors: map[string]string{"default": "push1", "1": "push1"}},
			},
		},
		{"codes that are numbers", `{"result":"auth","verification_code":376,"expiration":"60","devices":[{"device":"D","sms_nextcode":7}]}`, duoapi.PreauthReply{
			Result: duoapi.PreauthAuth, VerificationCode: "376", Expiration: 60, Devices: []duoapi.Device{{ID: "D", SMSNextCode: "7"}},
		}},
		{"enroll", `{"result":"enroll","status_msg":"Enroll","enroll_portal_url":"https://duo.example/portal?code=1"}`, duoapi.PreauthReply{
			Result: duoapi.PreauthEnroll, StatusMsg: "Enroll", EnrollPortalURL: "https://duo.example/portal?code=1",
		}},
		{"allow", `{"result":"allow","status_msg":"Bypass"}`, duoapi.PreauthReply{Result: duoapi.PreauthAllow, StatusMsg: "Bypass"}},
		{"deny without a word", `{"result":"deny"}`, duoapi.PreauthReply{Result: duoapi.PreauthDeny}},
		{"deny with a broken word", `{"result":"deny","status_msg":7,"devices":7,"prompt":7}`, duoapi.PreauthReply{Result: duoapi.PreauthDeny}},
		{"auth with one broken device", `{"result":"auth","devices":[7,{"name":"x"},{"device":"D"}]}`, duoapi.PreauthReply{
			Result: duoapi.PreauthAuth, Devices: []duoapi.Device{{ID: "D"}},
		}},
		{"nulls", `{"result":"auth","status_msg":null,"devices":null,"prompt":null,"expiration":null,"verification_code":null}`, duoapi.PreauthReply{Result: duoapi.PreauthAuth}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := serve(t, reply(test.response)).client(t).Preauth(t.Context(), duoapi.PreauthRequest{Username: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if d := (duoapi.Device{Capabilities: []duoapi.Capability{duoapi.CanPush}}); !d.Can(duoapi.CanPush) || d.Can(duoapi.CanSMS) {
		t.Error("Can")
	}
}

func TestRepliesThatLetNobodyIn(t *testing.T) {
	preauth := func(ctx context.Context, c *duoapi.Client) error {
		_, err := c.Preauth(ctx, duoapi.PreauthRequest{Username: "alice"})
		return err
	}
	sync := func(ctx context.Context, c *duoapi.Client) error { _, err := c.Auth(ctx, push(false)); return err }
	async := func(ctx context.Context, c *duoapi.Client) error { _, err := c.Auth(ctx, push(true)); return err }
	status := func(ctx context.Context, c *duoapi.Client) error { _, err := c.AuthStatus(ctx, "tx"); return err }
	enroll := func(ctx context.Context, c *duoapi.Client) error {
		_, err := c.Enroll(ctx, duoapi.EnrollRequest{})
		return err
	}
	enrolled := func(ctx context.Context, c *duoapi.Client) error {
		_, err := c.EnrollStatus(ctx, "DU1", secret.NewText("x"))
		return err
	}
	logo := func(ctx context.Context, c *duoapi.Client) error { _, err := c.Logo(ctx); return err }
	for _, test := range []struct {
		name     string
		call     func(context.Context, *duoapi.Client) error
		response string
	}{
		{"preauth without result", preauth, `{"status_msg":"x"}`},
		{"preauth with an empty result", preauth, `{"result":""}`},
		{"preauth with an unknown result", preauth, `{"result":"maybe"}`},
		{"preauth with a result in capitals", preauth, `{"result":"ALLOW"}`},
		{"preauth with a name in capitals", preauth, `{"Result":"allow"}`},
		{"preauth with two results", preauth, `{"result":"deny","result":"allow"}`},
		{"preauth with a list of results", preauth, `{"result":["allow"]}`},
		{"preauth that waits", preauth, `{"result":"waiting"}`},
		{"preauth that allows with a broken text", preauth, `{"result":"allow","status_msg":7}`},
		{"auth that waits", sync, `{"result":"waiting","status":"pushed"}`},
		{"auth with a transaction only", sync, `{"txid":"1"}`},
		{"auth that allows with a broken status", sync, `{"result":"allow","status":{}}`},
		{"auth without transaction", async, `{"result":"allow","status":"allow"}`},
		{"auth with an empty transaction", async, `{"txid":""}`},
		{"auth with an endless transaction", async, `{"txid":"` + string(make256('a')) + `"}`},
		{"status without result", status, `{"status":"allow"}`},
		{"status with an unknown result", status, `{"result":"bypass"}`},
		{"status that is a text", status, `"allow"`},
		{"status that is a list", status, `[{"result":"allow"}]`},
		{"enroll without user", enroll, `{"activation_code":"x"}`},
		{"enroll with broken codes", enroll, `{"user_id":"DU1","activation_code":"x","bypass_codes":[[]]}`},
		{"enroll_status in a word that is none", enrolled, `"done"`},
		{"enroll_status that is an object", enrolled, `{"result":"success"}`},
		{"a logo that is no image", logo, `{"time":1}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.call(t.Context(), serve(t, reply(test.response)).client(t))
			if e := failure(t, err, duoapi.KindMalformed, duoapi.StepReply); e.Detail == "" || e.HTTP != 200 {
				t.Errorf("got %#v", e)
			}
		})
	}
}

func make256(c byte) []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = c
	}
	return b
}

func TestStates(t *testing.T) {
	for _, test := range []struct {
		response string
		want     duoapi.State
	}{
		{`{"result":"waiting","status":"pushed","status_msg":"Pushed a login request to your device..."}`, duoapi.State{
			Result: duoapi.Waiting, Status: "pushed", StatusMsg: "Pushed a login request to your device...",
		}},
		{`{"result":"allow","status":"allow","status_msg":"Success. Logging you in...","trusted_device_token":"tok","reason":"Valid passcode"}`, duoapi.State{
			Result: duoapi.Allow, Status: "allow", StatusMsg: "Success. Logging you in...", Reason: "Valid passcode", TrustedDeviceToken: secret.NewText("tok"),
		}},
		{`{"result":"deny","status":"fraud","status_msg":7}`, duoapi.State{Result: duoapi.Deny, Status: "fraud"}},
	} {
		f := serve(t, reply(test.response))
		got, err := f.client(t).AuthStatus(t.Context(), "tx")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got, sameSecret); diff != "" {
			t.Error(diff)
		}
		if test.want.Result == duoapi.Waiting {
			continue
		}
		now, err := f.client(t).Auth(t.Context(), push(false))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(duoapi.AuthReply{State: test.want}, now, sameSecret); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEnrolments(t *testing.T) {
	f := serve(t, reply(`{"user_id":"DU1","username":"bob","activation_code":"duo://x","activation_barcode":"https://d/qr","activation_url":"https://d/a","expiration":1800000000,"bypass_codes":["001234567",407176182]}`))
	got, err := f.client(t).Enroll(t.Context(), duoapi.EnrollRequest{Username: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	want := duoapi.EnrollReply{
		UserID: "DU1", Username: "bob", ActivationCode: secret.NewText("duo://x"), ActivationBarcode: "https://d/qr",
		ActivationURL: "https://d/a", Expiration: time.Unix(1800000000, 0),
		BypassCodes: []secret.Text{secret.NewText("001234567"), secret.NewText("407176182")},
	}
	if diff := cmp.Diff(want, got, sameSecret); diff != "" {
		t.Error(diff)
	}
	for _, word := range []duoapi.EnrollState{duoapi.EnrollSuccess, duoapi.EnrollInvalid, duoapi.EnrollWaiting} {
		got, err := serve(t, reply(`"`+string(word)+`"`)).client(t).EnrollStatus(t.Context(), "DU1", secret.NewText("x"))
		if err != nil || got != word {
			t.Errorf("got %q, %v; want %q", got, err, word)
		}
	}
}

func TestLogos(t *testing.T) {
	png := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "Image/PNG")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "\x89PNG")
		}
	}
	got, err := serve(t, png(200)).client(t).Logo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(duoapi.Logo{ContentType: "Image/PNG", Data: []byte("\x89PNG")}, got); diff != "" {
		t.Error(diff)
	}
	_, err = serve(t, png(404)).client(t).Logo(t.Context())
	fails(t, err, duoapi.KindRejected, duoapi.StepReply)
	_, err = serve(t, answer(400, `{"stat":"FAIL","code":40001}`)).client(t).Logo(t.Context())
	fails(t, err, duoapi.KindRejected, duoapi.StepReply)
}
