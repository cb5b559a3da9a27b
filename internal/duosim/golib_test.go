package duosim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	duoapi "github.com/duosecurity/duo_api_golang"
	"github.com/duosecurity/duo_api_golang/authapi"
	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duosim"
)

// library is Duo's own Go client, pointed at the simulator.
func library(b *bench, skey string) *authapi.AuthApi {
	return authapi.NewAuthApi(*duoapi.NewDuoApi(testIKey, skey, b.addr, "test", duoapi.SetTimeout(10*time.Second), duoapi.SetProxy(nil),
		duoapi.SetTransport(func(t *http.Transport) { t.TLSClientConfig.RootCAs = b.pool })))
}

func TestDuosGoLibraryLogsIn(t *testing.T) {
	b := start(t, duosim.Config{Strict: true, AutoApprove: true})
	lib := library(b, testSKey)
	ping, err := lib.Ping()
	if err != nil || ping.Stat != "OK" || time.Since(time.Unix(ping.Response.Time, 0)).Abs() > time.Minute {
		t.Fatalf("ping: %+v %v", ping, err)
	}
	check, err := lib.Check()
	if err != nil || check.Stat != "OK" {
		t.Fatalf("check: %+v %v", check, err)
	}
	pre, err := lib.Preauth(authapi.PreauthUsername("ALICE"), authapi.PreauthIpAddr("203.0.113.5"))
	if err != nil || pre.Response.Result != "auth" || pre.Response.Status_Msg != "Account is active" {
		t.Fatalf("preauth: %+v %v", pre, err)
	}
	d := pre.Response.Devices[0]
	if d.Device != "DPFZRS9FB0D46QFTM891" || d.Number != "XXX-XXX-1234" || d.Type != "phone" {
		t.Errorf("device: %+v", d)
	}
	if diff := cmp.Diff([]string{"auto", "push", "sms", "phone", "mobile_otp"}, d.Capabilities); diff != "" {
		t.Error(diff)
	}
	auth, err := lib.Auth("push", authapi.AuthUsername("alice"), authapi.AuthDevice("auto"), authapi.AuthAsync(),
		authapi.AuthDisplayUsername("Al ice"), authapi.AuthPushinfo("from=a b&x=é~*"), authapi.AuthType("Login"))
	if err != nil || auth.Response.Txid == "" {
		t.Fatalf("auth: %+v %v", auth, err)
	}
	var told []string
	for range 5 {
		status, err := lib.AuthStatus(auth.Response.Txid)
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, status.Response.Result+"/"+status.Response.Status)
		if status.Response.Result != "waiting" {
			break
		}
	}
	if diff := cmp.Diff([]string{"waiting/pushed", "allow/allow"}, told); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	sync, err := lib.Auth("passcode", authapi.AuthUsername("alice"), authapi.AuthPasscode("123456"))
	if err != nil || sync.Response.Result != "allow" || sync.Response.Status_Msg != "Success. Logging you in..." {
		t.Errorf("passcode: %+v %v", sync, err)
	}
	for _, e := range b.sim.Journal()[1:] {
		want := &duosim.Fit{Version: "v2", Digest: "sha512", Date: "date", Host: "host:port", Order: "names"}
		if diff := cmp.Diff(want, e.Signature.Fit); diff != "" || e.Status != 200 {
			t.Errorf("%s: HTTP %d, signature (-want +got):\n%s", e.Path, e.Status, diff)
		}
	}
}

func TestDuosGoLibrarySignsVersion5(t *testing.T) {
	b := start(t, duosim.Config{Strict: true})
	lib := library(b, testSKey)
	for _, tc := range []struct {
		method, path string
		params       duoapi.JSONParams
		want         string
	}{
		{"POST", "/auth/v2/preauth", duoapi.JSONParams{"username": "jörg <&>"}, "enroll"},
		{"POST", "/auth/v2/auth", duoapi.JSONParams{"username": "alice", "factor": "passcode", "passcode": "900000001", "async": "0"}, "allow"},
		{"GET", "/auth/v2/check", duoapi.JSONParams{}, ""},
		{"GET", "/auth/v2/check", duoapi.JSONParams{"a b": "ö+/"}, ""},
	} {
		_, body, err := lib.JSONSignedCall(tc.method, tc.path, tc.params) //nolint:bodyclose // the library has read and closed it
		var reply struct {
			Stat     string
			Response struct{ Result string }
		}
		if err != nil || json.Unmarshal(body, &reply) != nil || reply.Stat != "OK" || reply.Response.Result != tc.want {
			t.Errorf("%s %s: %s %v", tc.method, tc.path, body, err)
		}
		if e := b.last(t); e.Signature.Fit == nil || e.Signature.Fit.Version != "v5" && len(tc.params) > 0 {
			t.Errorf("%s %s: %+v", tc.method, tc.path, e.Signature)
		}
	}
}

func TestAWrongKeyIsRefusedAndExplained(t *testing.T) {
	b := start(t, duosim.Config{})
	resp, body, err := library(b, testSKey[:39]+"x").SignedCall("POST", "/auth/v2/preauth", url.Values{"username": {"alice"}}) //nolint:bodyclose // as above
	if err != nil || resp.StatusCode != 401 {
		t.Fatalf("%v %v", resp, err)
	}
	if diff := cmp.Diff(`{"stat":"FAIL","code":40103,"message":"Invalid signature in request credentials"}`, string(body)); diff != "" {
		t.Error(diff)
	}
	e := b.last(t)
	want := resp.Request.Header.Get("Date") + "\nPOST\nlocalhost\n/auth/v2/preauth\nusername=alice"
	if diff := cmp.Diff(want, e.Signature.Expected); diff != "" || e.Signature.Verdict != "does not fit" || e.Code != 40103 {
		t.Errorf("journal: %+v\n%s", e, diff)
	}
}
