package duoclients

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func pingAndCheck(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active())
	for _, name := range []string{"ping", "check"} {
		if got := k.call(t, name, map[string]string{}); got.Error != "" || got.Result != "ok" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// awkward is what every library's encoding differs on, in pushinfo encoded once
// more.
const awkward = "From=a%20b&Command=x%3D%C3%A9~%2A%27%28%29%21%2B%2F"

func approvedPush(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active(), approves())
	want(t, "preauth", k.ask(t, "preauth", map[string]string{"ipaddr": fromAddr}), "auth", "")
	want(t, "push", k.push(t, awkward), "allow", "Success. Logging you in...")
	k.wantRequests(t, append([]string{"preauth: auth"}, k.pushed("status: waiting", "status: allow")...)...)
	_, entries := s.journal(t, k.user)
	shown := []field{{"From", "a b"}, {"Command", "x=é~*'()!+/"}}
	if diff := cmp.Diff(shown, entries[1].Pushinfo); diff != "" {
		t.Errorf("pushinfo as the phone shows it (-want +got):\n%s", diff)
	}
	if got := entries[0].param("ipaddr"); got != fromAddr {
		t.Errorf("ipaddr arrived as %q, want %s", got, fromAddr)
	}
}

func refusedPush(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active(), denies())
	want(t, "push", k.push(t, ""), "deny", "Login request denied.")
	k.wantRequests(t, k.pushed("status: waiting", "status: deny")...)
}

func passcodes(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active())
	want(t, "the first time", k.passcode(t, rightCode), "allow", "Success. Logging you in...")
	want(t, "the second time", k.passcode(t, rightCode), "deny", "This passcode has already been used.")
	want(t, "the next code", k.passcode(t, nextCode), "allow", "Success. Logging you in...")
	k.wantRequests(t, "auth passcode "+rightCode+" sync: allow", "auth passcode "+rightCode+" sync: deny", "auth passcode "+nextCode+" sync: allow")
}

func wrongPasscode(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active())
	want(t, "auth", k.passcode(t, wrongCode), "deny", "Incorrect passcode. Please try again.")
	k.wantRequests(t, "auth passcode "+wrongCode+" sync: deny")
}

func enrolment(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, stranger())
	if l.v1 { // which has no enroll: the link is in the text
		r := k.ask(t, "preauth", nil)
		want(t, "preauth", r, "enroll", "Please enroll at http://")
		s.enrol(t, r.Text[strings.Index(r.Text, "http://"):])
		want(t, "preauth", k.ask(t, "preauth", nil), "auth", "")
		k.wantRequests(t, "preauth: enroll", "preauth: auth")
		return
	}
	r := k.ask(t, "preauth", nil)
	want(t, "preauth", r, "enroll", "Enroll an authentication device to proceed")
	portal, _, found := strings.Cut(r.Link, "?code=")
	if !found {
		t.Fatalf("preauth's link is %q", r.Link)
	}
	e := k.ask(t, "enroll", nil)
	if e.Error != "" || e.UserID == "" || e.ActivationCode == "" {
		t.Fatalf("enroll: %+v", e)
	}
	about := map[string]string{"user_id": e.UserID, "activation_code": e.ActivationCode}
	want(t, "enroll_status", k.call(t, "enroll_status", about), "waiting", "")
	s.enrol(t, portal+"?code="+e.ActivationCode)
	want(t, "enroll_status", k.call(t, "enroll_status", about), "success", "")
	want(t, "preauth", k.ask(t, "preauth", nil), "auth", "")
	k.wantRequests(t, "preauth: enroll", "enroll: ok", "enroll_status: waiting", "enroll_status: success", "preauth: auth")
}

func lockOut(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, onTheEdge())
	want(t, "auth", k.passcode(t, wrongCode), "deny", isLockedOut)
	want(t, "preauth", k.ask(t, "preauth", nil), "deny", isLockedOut)
	want(t, "auth", k.passcode(t, rightCode), "deny", isLockedOut)
	k.wantRequests(t, "auth passcode "+wrongCode+" sync: deny", "preauth: deny", "auth passcode "+rightCode+" sync: deny")
}

func bypass(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, bypassed())
	want(t, "preauth", k.ask(t, "preauth", nil), "allow", isBypassed)
	k.wantRequests(t, "preauth: allow")
}

func wrongKey(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active())
	bad := k.target
	bad.SKey = strings.Repeat("x", len(bad.SKey))
	k.call = l.open(t, bad)
	wantError(t, "another secret key", k.ask(t, "preauth", nil), l.failed("401", "40103", "Invalid signature in request credentials"))
	bad.IKey = "DI" + strings.Repeat("X", 18)
	k.call = l.open(t, bad)
	wantError(t, "another integration key", k.ask(t, "preauth", nil), l.failed("401", "40102", "Invalid integration key in request credentials"))
	k.wantRequests(t, "preauth: 40103", "preauth: 40102")
}

func serverDown(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active())
	down := k.target
	down.Port = closedPort(t)
	k.call = l.open(t, down)
	wantError(t, "preauth", k.ask(t, "preauth", nil), l.refused)
	k.wantRequests(t)
}

func rateLimit(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active(), limitsOnce("preauth"))
	r := k.ask(t, "preauth", nil)
	if l.retryFails { // a fault of the library's: its retry has an empty body under the old signature
		wantError(t, "preauth", r, l.failed("401", "40103", "Invalid signature in request credentials"))
		lines, entries := s.journal(t, k.user)
		if diff := cmp.Diff([]string{"preauth: 42901"}, lines); diff != "" || len(entries) != 1 {
			t.Errorf("requests about the user (-want +got):\n%s", diff)
		}
	} else {
		want(t, "preauth", r, "auth", "")
		k.wantRequests(t, "preauth: 42901", "preauth: auth")
	}
	check := limitsOnce("check")
	check.Integration = k.IKey
	s.call(t, http.MethodPost, "/api/faults", check, nil)
	want(t, "check, again after 429", k.call(t, "check", map[string]string{}), "ok", "")
}

func longPoll(t *testing.T, s *sim, l library) {
	t.Helper()
	k := s.begin(t, l, active(), waitsAtOnce(25), approvesAfter("1s"))
	want(t, "push", k.push(t, ""), "allow", "Success. Logging you in...")
	lines, _ := s.journal(t, k.user)
	// Twenty-five forced rounds, and the simulator's own until the person says
	// yes: how many depends on how fast the client is.
	if len(lines) != 3 || lines[2] != "status: allow" || rounds(lines[1]) <= 25 {
		t.Errorf("requests: %q, want one auth, more than 25 rounds of waiting and allow", lines)
	}
}

// rounds is N of "status: waiting (N)".
func rounds(line string) int {
	var n int
	if _, err := fmt.Sscanf(line, "status: waiting (%d)", &n); err != nil {
		return 0
	}
	return n
}
