package duosim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duosim"
)

// try logs alice in with a passcode and returns result, status and text.
func (b *bench) try(t *testing.T, user, passcode string) string {
	t.Helper()
	r := b.post(t, "/auth/v2/auth", "username", user, "factor", "passcode", "passcode", passcode)
	return r.text("result") + "/" + r.text("status") + ": " + r.text("status_msg")
}

const (
	allowed   = "allow/allow: Success. Logging you in..."
	wrongCode = "deny/deny: Incorrect passcode. Please try again."
	usedCode  = "deny/deny: This passcode has already been used. Please generate a new passcode and try again."
)

func TestPreauthByState(t *testing.T) {
	b := start(t, duosim.Config{})
	for user, want := range map[string]string{
		"alice": "auth: Account is active", "AliCE": "auth: Account is active", "bypass": "allow: Second factor not required. Logging you in...",
		"locked":   "deny: Your account has been locked out. Please contact your administrator.",
		"disabled": "deny: Your account is disabled and cannot access this application. Please contact your administrator.",
		"new":      "enroll: Enroll an authentication device to proceed",
		"nobody":   "enroll: Enroll an authentication device to proceed",
		"tablet":   "auth: Account is active", "token": "auth: Account is active",
	} {
		r := b.post(t, "/auth/v2/preauth", "username", user)
		if got := r.text("result") + ": " + r.text("status_msg"); got != want {
			t.Errorf("%s: %s", user, got)
		}
	}
	for policy, want := range map[duosim.Policy]string{duosim.PolicyAllow: "allow/bypass", duosim.PolicyDeny: "/"} {
		b.configure(t, func(s *duosim.Settings) { s.UnknownUsers = policy })
		r := b.post(t, "/auth/v2/preauth", "username", "nobody")
		if r.text("result") != string(policy) {
			t.Errorf("policy %s: %s", policy, r.Body)
		}
		r = b.post(t, "/auth/v2/auth", "username", "nobody", "factor", "passcode", "passcode", "1")
		if got := r.text("result") + "/" + r.text("status"); got != want {
			t.Errorf("auth under policy %s: %s", policy, r.Body)
		}
	}
}

func TestAuthByState(t *testing.T) {
	b := start(t, duosim.Config{AutoApprove: true})
	for user, want := range map[string]string{
		"alice": "allow/allow", "bypass": "allow/bypass", "locked": "deny/locked_out", "disabled": "deny/deny", "new": "deny/deny",
	} {
		r := b.post(t, "/auth/v2/auth", "username", user, "factor", "push", "device", "auto")
		if got := r.text("result") + "/" + r.text("status"); got != want {
			t.Errorf("%s: %s", user, r.Body)
		}
	}
}

func TestMenusForEveryKindOfUser(t *testing.T) {
	b := start(t, duosim.Config{})
	for user, want := range map[string]struct {
		lines    string
		fallback string
	}{
		"tablet": {" 1. Duo Push to iPad (iOS)\n\nPasscode or option (1-1): ", "push1"},
		"token":  {"Enter a passcode: ", "passcode"},
		"nopush": {" 1. Phone call to XXX-XXX-0001\n 2. SMS passcodes to XXX-XXX-0001\n\nPasscode or option (1-2): ", "phone1"},
	} {
		r := b.post(t, "/auth/v2/preauth", "username", user, "text_prompt", "1")
		prompt, _ := r.fields()["prompt"].(map[string]any)
		text, _ := prompt["text"].(string)
		factors, _ := prompt["factors"].(map[string]any)
		if !strings.HasPrefix(text, "Duo two-factor login for "+user+"\n\n") || !strings.HasSuffix(text, want.lines) || factors["default"] != want.fallback {
			t.Errorf("%s: %q %v", user, text, factors)
		}
	}
	r := b.post(t, "/auth/v2/preauth", "username", "token")
	devices, _ := r.fields()["devices"].([]any)
	if diff := cmp.Diff([]string{"device", "name", "type"}, names(devices[0].(map[string]any))); diff != "" {
		t.Errorf("a token's row: %s", diff)
	}
}

func TestPasscodesAreGoodOnce(t *testing.T) {
	b := start(t, duosim.Config{})
	view, err := b.sim.User("alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{view.Devices[0].Passcode, "900000001"} {
		if got := b.try(t, "alice", " "+code[:3]+" "+code[3:]); got != allowed {
			t.Errorf("%s: %s", code, got)
		}
		if got := b.try(t, "alice", code); got != usedCode {
			t.Errorf("%s again: %s", code, got)
		}
	}
	for range 2 {
		if got := b.try(t, "alice", "123456"); got != allowed {
			t.Errorf("a reusable code: %s", got)
		}
	}
	token, _ := b.sim.User("token")
	if got := b.try(t, "token", token.Devices[0].Passcode); got != allowed {
		t.Errorf("a token: %s", got)
	}
	if got := b.try(t, "alice", token.Devices[0].Passcode); got != wrongCode {
		t.Errorf("another user's code: %s", got)
	}
}

func TestMessagesBringABatchOfPasscodes(t *testing.T) {
	b := start(t, duosim.Config{})
	r := b.post(t, "/auth/v2/auth", "username", "alice", "factor", "sms", "device", "DPFZRS9FB0D46QFTM891")
	if r.text("result") != "deny" || r.text("status") != "sent" {
		t.Fatalf("%s", r.Body)
	}
	view, _ := b.sim.User("alice")
	first := view.Devices[0].SMS
	if len(first) != 10 {
		t.Fatalf("%d codes", len(first))
	}
	for i, want := range []string{"1", "2"} {
		pre := b.post(t, "/auth/v2/preauth", "username", "alice")
		device, _ := pre.fields()["devices"].([]any)[0].(map[string]any)
		if device["sms_nextcode"] != want || first[i].Code[:1] != want {
			t.Errorf("next code: %v, want %s", device["sms_nextcode"], want)
		}
		if got := b.try(t, "alice", first[i].Code); got != allowed {
			t.Errorf("code %d: %s", i, got)
		}
		if got := b.try(t, "alice", first[i].Code); got != usedCode {
			t.Errorf("code %d again: %s", i, got)
		}
	}
	b.post(t, "/auth/v2/auth", "username", "alice", "factor", "sms", "device", "auto")
	if got := b.try(t, "alice", first[5].Code); got != wrongCode {
		t.Errorf("a code of the batch before: %s", got)
	}
}

func TestTooManyFailuresLockOut(t *testing.T) {
	settings := duosim.DefaultSettings()
	settings.LockoutAfter = 3
	b := start(t, duosim.Config{Seed: duosim.Seed{Settings: settings}})
	b.try(t, "alice", "1111")
	b.try(t, "alice", "123456") // a success counts the failures back
	b.try(t, "alice", "1111")
	if _, err := b.sim.AddFault(duosim.Fault{Do: duosim.DoDeny, User: "alice"}); err != nil {
		t.Fatal(err)
	}
	if r := b.post(t, "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto"); r.text("status") != "deny" {
		t.Errorf("%s", r.Body)
	}
	locked := "deny/locked_out: Your account has been locked out. Please contact your administrator."
	for _, code := range []string{"1111", "123456"} {
		if got := b.try(t, "alice", code); got != locked {
			t.Errorf("%s: %s", code, got)
		}
	}
	if err := b.sim.SetUserState("Alice", duosim.Active); err != nil {
		t.Fatal(err)
	}
	if got := b.try(t, "alice", "1111"); got != wrongCode {
		t.Errorf("after unlocking: %s", got)
	}
}

func TestAVerifiedPushWantsItsCode(t *testing.T) {
	settings := duosim.DefaultSettings()
	settings.VerifiedPush = 6
	b := start(t, duosim.Config{Strict: true, Seed: duosim.Seed{Settings: settings}})
	offer := func() (txid, code string) {
		r := b.post(t, "/auth/v2/preauth", "username", "alice", "client_supports_verified_push", "1")
		if len(r.text("verification_code")) != 6 {
			t.Fatalf("%s", r.Body)
		}
		return r.text("txid"), r.text("verification_code")
	}
	push := func(txid string) reply {
		return b.post(t, "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto", "async", "1", "txid", txid)
	}
	txid, code := offer()
	if r := b.post(t, "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto", "async", "1"); r.Code != 40001 || r.Detail != "txid" {
		t.Errorf("a strict service takes a push without its txid: %s", r.Body)
	}
	if r := push(txid); r.text("txid") != txid {
		t.Fatalf("%s", r.Body)
	}
	if r := push(txid); r.Code != 40002 {
		t.Errorf("the same offer again: %s", r.Body)
	}
	if r := b.get(t, "/auth/v2/auth_status", "txid", txid); !strings.Contains(r.text("status_msg"), code) {
		t.Errorf("the code is not shown: %s", r.Body)
	}
	if err := b.sim.Answer(txid, duosim.Approve, "wrong"); err == nil {
		t.Error("a wrong code was taken")
	}
	if p := b.sim.Pending(); len(p) != 1 || p[0].Digits != 6 {
		t.Errorf("%+v", p)
	}
	if err := b.sim.Answer(txid, duosim.Approve, code); err != nil {
		t.Error(err)
	}
	if r := b.get(t, "/auth/v2/auth_status", "txid", txid); r.text("result") != "allow" {
		t.Errorf("%s", r.Body)
	}
	txid, _ = offer()
	push(txid)
	for range 3 {
		_ = b.sim.Answer(txid, duosim.Approve, "000")
	}
	b.get(t, "/auth/v2/auth_status", "txid", txid)
	if r := b.get(t, "/auth/v2/auth_status", "txid", txid); r.text("result") != "deny" || r.text("status_msg") != "Incorrect verification code." {
		t.Errorf("three wrong codes: %s", r.Body)
	}
	if r := b.post(t, "/auth/v2/preauth", "username", "alice"); r.text("verification_code") != "" {
		t.Errorf("a client that cannot show a code got one: %s", r.Body)
	}
}

func TestAnOfferIsForItsUserAndItsMinute(t *testing.T) {
	now := time.Now()
	settings := duosim.DefaultSettings()
	settings.VerifiedPush = 3
	b := start(t, duosim.Config{Seed: duosim.Seed{Settings: settings}, Now: func() time.Time { return now }})
	offer := func() string {
		return b.post(t, "/auth/v2/preauth", "username", "alice", "client_supports_verified_push", "1").text("txid")
	}
	push := func(user, txid string) reply {
		return b.post(t, "/auth/v2/auth", "username", user, "factor", "push", "device", "auto", "async", "1", "txid", txid)
	}
	if r := push("tablet", offer()); r.Code != 40002 || r.Detail != "txid" {
		t.Errorf("another user's: %s", r.Body)
	}
	other, err := b.sim.AddIntegration(duosim.Integration{})
	if err != nil {
		t.Fatal(err)
	}
	r := request("POST", "https://"+b.addr, "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto", "async", "1", "txid", offer())
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	form := r.PostForm
	sign := signer{ikey: other.IKey, skey: other.SKey.Reveal(), version: "v2", host: b.addr}
	r.Body, _ = r.GetBody()
	r.Header.Set("Authorization", sign.authorization("POST", "/auth/v2/auth", r.Header.Get("Date"), form, ""))
	if got := b.send(t, r); got.Code != 40002 || got.Detail != "txid" {
		t.Errorf("another application's: %s", got.Body)
	}
	txid := offer()
	now = now.Add(61 * time.Second)
	if r := push("alice", txid); r.Code != 40002 {
		t.Errorf("a minute later: %s", r.Body)
	}
	if r := push("alice", offer()); r.text("txid") == "" {
		t.Errorf("%s", r.Body)
	}
}

func TestAUserWithoutAnythingToLogInWithHasToEnroll(t *testing.T) {
	b := start(t, duosim.Config{})
	if err := b.sim.AddUser(duosim.User{Name: "bare", State: duosim.Active}); err != nil {
		t.Fatal(err)
	}
	if r := b.post(t, "/auth/v2/preauth", "username", "bare"); r.text("result") != "enroll" {
		t.Errorf("%s", r.Body)
	}
}

func TestRemovingAUserEndsTheirPushesAlone(t *testing.T) {
	b := start(t, duosim.Config{})
	push := func(user string) string {
		return b.post(t, "/auth/v2/auth", "username", user, "factor", "push", "device", "auto", "async", "1").text("txid")
	}
	gone, stays := push("alice"), push("tablet")
	if err := b.sim.RemoveUser("ALICE"); err != nil {
		t.Fatal(err)
	}
	b.get(t, "/auth/v2/auth_status", "txid", gone)
	if r := b.get(t, "/auth/v2/auth_status", "txid", gone); r.text("result") != "deny" {
		t.Errorf("%s", r.Body)
	}
	if p := b.sim.Pending(); len(p) != 1 || p[0].TxID != stays {
		t.Errorf("%+v", p)
	}
	if r := b.post(t, "/auth/v2/preauth", "username", "alice"); r.text("result") != "enroll" {
		t.Errorf("%s", r.Body)
	}
}

func TestATransactionBelongsToTheKeyItWasMadeWith(t *testing.T) {
	b := start(t, duosim.Config{})
	txid := b.post(t, "/auth/v2/auth", "username", "alice", "factor", "passcode", "passcode", "123456", "async", "1").text("txid")
	other, err := b.sim.AddIntegration(duosim.Integration{})
	if err != nil {
		t.Fatal(err)
	}
	b.fault(t, duosim.Fault{Do: duosim.DoHTTP, Status: 500, Integration: testIKey})
	r := request("GET", "https://"+b.addr, "/auth/v2/auth_status", "txid", txid)
	sign := signer{ikey: other.IKey, skey: other.SKey.Reveal(), version: "v2", host: b.addr}
	r.Header.Set("Authorization", sign.authorization("GET", "/auth/v2/auth_status", r.Header.Get("Date"), r.URL.Query(), ""))
	if got := b.send(t, r); got.Code != 40002 || got.Detail != "txid" {
		t.Errorf("%s", got.Body)
	}
	if got := b.get(t, "/auth/v2/auth_status", "txid", txid); got.HTTP != 500 {
		t.Errorf("the fault for the first key: %s", got.Body)
	}
}

func TestAPhoneShowsEverything(t *testing.T) {
	b := start(t, duosim.Config{})
	b.post(t, "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto", "async", "1", "ipaddr", "2001:db8::7 53422 x", "hostname", "web1",
		"type", "Sudo", "display_username", "Alice A.", "pushinfo", "Server+IP=192.0.2.10&Command=echo%20a%26b")
	got := b.sim.Pending()
	if len(got) != 1 {
		t.Fatal(got)
	}
	if life := got[0].Expires.Sub(got[0].Created); life != time.Minute || got[0].TxID == "" {
		t.Errorf("%+v", got[0])
	}
	got[0].TxID, got[0].Created, got[0].Expires = "", time.Time{}, time.Time{}
	want := duosim.Push{
		User: "alice", Factor: "push", Device: "XXX-XXX-1234", Application: "auth", Integration: testIKey, Type: "Sudo", DisplayUsername: "Alice A.",
		IPAddr: "2001:db8::7 53422 x", Hostname: "web1", Status: "pushed", Pushinfo: []duosim.Field{{Name: "Server IP", Value: "192.0.2.10"}, {Name: "Command", Value: "echo a&b"}},
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e := b.last(t); e.Param("type") != "Sudo" || len(e.Pushinfo) != 2 || e.User != "alice" || e.Step != "auth" {
		t.Errorf("%+v", e)
	}
}

func TestChoicesOfTheTextDialects(t *testing.T) {
	b := start(t, duosim.Config{AutoApprove: true})
	for typed, want := range map[string]string{
		"push": "allow", "PUSH1": "allow", " phone ": "allow", "phone1": "allow", "sms": "deny sent", "123456": "allow",
		"push2": "deny unavailable", "push0": "deny unavailable", "push99999999999999999999": "deny unavailable",
		"\n": "deny", "pushy": "deny", "verified_phone1": "deny", "1": "deny",
	} {
		r := b.post(t, "/auth/v2/auth", "username", "alice", "factor", "prompt", "prompt", typed)
		got := r.text("result")
		if s := r.text("status"); s != got {
			got += " " + s
		}
		if got != want {
			t.Errorf("%q: %s", typed, r.Body)
		}
	}
}
