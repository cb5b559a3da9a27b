package duoclients

import (
	"bytes"
	"regexp"
	"testing"
)

const fromAddr = "203.0.113.5" // what login_duo is told with -h

// loginDuoCommand is login_duo on a row's configuration; it logs to standard
// error.
func (s *sim) loginDuoCommand(t *testing.T, row *unixLogin, user string) []string {
	t.Helper()
	conf := newFolder(t).write(t, "duo.conf", s.conf(t, row), 0o600)
	return []string{"/usr/sbin/login_duo", "-d", "-c", conf, "-f", user, "-h", fromAddr, "echo", letIn}
}

// testHeadless is login_duo without a terminal, as scp and cron see it: the
// default factor, once, in silence.
func testHeadless(t *testing.T, s *sim) {
	t.Helper()
	for _, row := range headlessLogins() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s.headless(t, &row)
		})
	}
}

// headless takes a user of the row's own through one login.
func (s *sim) headless(t *testing.T, row *unixLogin) {
	t.Helper()
	user := s.settle(t, row.user, row.faults)
	out := run(t, nil, s.loginDuoCommand(t, row, user)...)
	if want := exitOf(row.opens); out.code != want {
		t.Errorf("exit code %d, want %d", out.code, want)
	}
	s.wantLogin(t, loginDuo, row, user, fromAddr, out.stdout, out.stderr)
}

// exitOf is login_duo's exit code: the command's, or 1.
func exitOf(opens bool) int {
	if opens {
		return 0
	}
	return 1
}

func headlessLogins() []unixLogin {
	return []unixLogin{
		{
			name: "an approved push lets the command run", faults: []fault{approves()}, opens: true,
			log:     []string{"6 Successful"},
			journal: []string{"preauth: auth", "auth push1 sync: allow"},
		},
		{
			name: "a refused push does not", faults: []fault{denies()},
			log:     []string{"4 Failed"},
			journal: []string{"preauth: auth", "auth push1 sync: deny"},
		},
		{
			name: "a refused push does not, whatever the fail mode", faults: []fault{denies()}, safe: true,
			log:     []string{"4 Failed"},
			journal: []string{"preauth: auth", "auth push1 sync: deny"},
		},
		{
			name: "a push nobody answers is held and then refused",
			log:  []string{"4 Failed"},
			// One request: a sync call is answered when all is over.
			journal: []string{"preauth: auth", "auth push1 sync: deny"},
		},
		{
			name: "a user who has to enrol is refused", user: stranger(),
			log:     []string{"4 Aborted: " + mustEnrol},
			journal: []string{"preauth: enroll"},
		},
		{
			name: "a user who is locked out is refused before any factor", user: lockedOut(),
			log:     []string{"4 Aborted: " + isLockedOut},
			journal: []string{"preauth: deny"},
		},
		{
			name: "a user in bypass needs no factor", user: bypassed(), opens: true,
			log:     []string{"4 Skipped: " + isBypassed},
			journal: []string{"preauth: allow"},
		},
		{
			name: "a wrong key shuts the door in fail mode secure", badKey: true,
			log:     []string{"4 Failsecure: " + badKeys},
			journal: []string{"preauth: 40103"},
		},
		{
			name: "a wrong key opens it in fail mode safe", badKey: true, safe: true, opens: true,
			log:     []string{"4 Failsafe: " + badKeys},
			journal: []string{"preauth: 40103"},
		},
		{
			name: "a server that is down shuts the door in fail mode secure", down: true,
			log: []string{"4 Failsecure: " + refusedConnection},
		},
		{
			name: "a server that is down opens it in fail mode safe", down: true, safe: true, opens: true,
			log: []string{"4 Failsafe: " + refusedConnection},
		},
		{
			name: "a server that never answers is given three times and then up", safe: true, opens: true,
			faults: []fault{{Do: "hang", Step: "preauth"}}, conf: []string{"https_timeout = 1"},
			log:     []string{"4 Failsafe: Couldn't connect to localhost:PORT: Connection closed"},
			journal: []string{"preauth: no answer (3)"},
		},
		{
			name: "a server that fails after the choice shuts it in fail mode safe too", faults: []fault{fails("auth", 500)}, safe: true,
			log:     []string{"3 Error: HTTP 500"},
			journal: []string{"preauth: auth", "auth push1 sync: 50001"},
		},
		{
			name: "429 is not waited for and shuts the door in fail mode safe too", faults: []fault{limitsOnce("preauth")}, safe: true,
			log:     []string{"4 Aborted: HTTP 429"},
			journal: []string{"preauth: 42901"},
		},
	}
}

// testAtTerminal is login_duo at a terminal: a menu, and progress as it comes.
func testAtTerminal(t *testing.T, s *sim) {
	t.Helper()
	for _, row := range terminalLogins() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			user := s.settle(t, row.user, row.faults)
			s.atTerminal(t, &row, user)
		})
	}
	t.Run("a passcode that let in once is refused the second time", func(t *testing.T) {
		t.Parallel()
		user := s.settle(t, active(), nil)
		asked := []string{"preauth: auth", "auth " + rightCode + " async: started", "status: allow"}
		s.atTerminal(t, &unixLogin{typed: []string{rightCode}, opens: true, log: []string{"6 Successful"}, journal: asked}, user)
		again := append(asked, "preauth: auth", "auth "+rightCode+" async: started", "status: deny")
		s.atTerminal(t, &unixLogin{
			typed: []string{rightCode}, conf: []string{"prompts = 1"}, log: []string{"4 Failed"},
			screen: []string{"This passcode has already been used."}, journal: again,
		}, user)
	})
	t.Run("a user enrols at the link on the screen and logs in with the new phone", func(t *testing.T) {
		t.Parallel()
		user := s.settle(t, stranger(), []fault{approves()})
		first := unixLogin{
			log: []string{"4 Aborted: " + mustEnrol}, screen: []string{"Please enroll at "},
			journal: []string{"preauth: enroll"},
		}
		screen := s.atTerminal(t, &first, user)
		s.enrol(t, regexp.MustCompile(`http://\S+`).FindString(screen))
		second := unixLogin{
			typed: []string{"1"}, opens: true, log: []string{"6 Successful"},
			screen: []string{"1. Duo Push to XXX-XXX-9876", "Success. Logging you in..."},
		}
		second.journal = append(first.journal, "preauth: auth", "auth push1 async: started", "status: waiting", "status: allow")
		s.atTerminal(t, &second, user)
	})
}

// atTerminal takes a user through one login and returns the screen.
func (s *sim) atTerminal(t *testing.T, row *unixLogin, user string) string {
	t.Helper()
	cmd := command(t, nil, s.loginDuoCommand(t, row, user)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	screen, code := atTerminal(t, cmd, menuPrompt, row.typed)
	if want := exitOf(row.opens); code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
	s.wantLogin(t, loginDuo, row, user, fromAddr, screen, log.String())
	return screen
}

func terminalLogins() []unixLogin {
	passcode := func(code, outcome string) []string {
		return []string{"preauth: auth", "auth " + code + " async: started", "status: " + outcome}
	}
	pushed := func(outcome string) []string {
		return []string{"preauth: auth", "auth push1 async: started", "status: waiting", "status: " + outcome}
	}
	return []unixLogin{
		{
			name: "a right passcode lets in", typed: []string{rightCode}, opens: true,
			log:     []string{"6 Successful"},
			screen:  []string{"Duo two-factor login for ", "1. Duo Push to XXX-XXX-1234", "2. Phone call to", "3. SMS passcodes to", "Success. Logging you in..."},
			journal: passcode(rightCode, "allow"),
		},
		{
			name: "a wrong passcode is refused three times, with a menu each", typed: thrice(wrongCode),
			log:     thrice("4 Failed"),
			screen:  thrice(menuPrompt, "Incorrect passcode. Please try again."),
			journal: thrice(passcode(wrongCode, "deny")...),
		},
		{
			name: "the second try may be the right one", typed: []string{wrongCode, rightCode}, opens: true,
			log:     []string{"4 Failed", "6 Successful"},
			journal: append(passcode(wrongCode, "deny"), passcode(rightCode, "allow")...),
		},
		{
			name: "an outcome nobody knows the word for is a refusal", typed: []string{rightCode}, safe: true,
			faults:  []fault{{Do: "unknown_result", Step: "status", Times: 1}},
			log:     []string{"3 Error: BSON invalid 'result': zzz"},
			journal: passcode(rightCode, "zzz"),
		},
		{
			name: "an approved push shows its progress", typed: []string{"1"}, faults: []fault{approves()}, opens: true,
			log:     []string{"6 Successful"},
			screen:  []string{"Pushed a login request to your device...", "Success. Logging you in..."},
			journal: pushed("allow"),
		},
		{
			name: "a refused push uses up the one try", typed: []string{"1"}, faults: []fault{denies()}, conf: []string{"prompts = 1"},
			log:     []string{"4 Failed"},
			screen:  []string{"Pushed a login request to your device...", "Login request denied."},
			journal: pushed("deny"),
		},
		{
			name: "a push reported as a fraud is refused", typed: []string{"1"}, faults: []fault{reportsFraud()}, conf: []string{"prompts = 1"},
			log:     []string{"4 Failed"},
			screen:  []string{"Login request reported as fraudulent."},
			journal: pushed("deny"),
		},
		{
			name: "a telephone call is followed step by step", typed: []string{"2"}, faults: []fault{approves()}, opens: true,
			log:     []string{"6 Successful"},
			screen:  []string{"Dialing XXX-XXX-1234...", "Answered. Press '#' on your phone to log in.", "Success. Logging you in..."},
			journal: []string{"preauth: auth", "auth phone1 async: started", "status: waiting (2)", "status: allow"},
		},
		{
			name: "SMS codes are sent, and that was a try", typed: []string{"3"}, conf: []string{"prompts = 1"},
			log:     []string{"4 Failed"},
			screen:  []string{"New SMS passcodes sent."},
			journal: []string{"preauth: auth", "auth sms1 async: started", "status: deny"},
		},
		{
			name: "autopush pushes before any menu", conf: []string{"autopush = yes"}, faults: []fault{approves()}, opens: true,
			log:     []string{"6 Successful"},
			screen:  []string{"Autopushing login request to phone...", "Success. Logging you in..."},
			journal: []string{"preauth: auth", "auth push1 sync: allow"},
		},
		{
			name: "the failure too many locks out", user: onTheEdge(), typed: []string{wrongCode},
			log:     []string{"4 Failed", "4 Aborted: " + isLockedOut},
			screen:  []string{isLockedOut, isLockedOut},
			journal: append(passcode(wrongCode, "deny"), "preauth: deny"),
		},
		{
			name: "a user who is locked out is refused before any menu", user: lockedOut(),
			log:     []string{"4 Aborted: " + isLockedOut},
			screen:  []string{isLockedOut},
			journal: []string{"preauth: deny"},
		},
		{
			name: "a user in bypass sees no menu", user: bypassed(), opens: true,
			log:     []string{"4 Skipped: " + isBypassed},
			journal: []string{"preauth: allow"},
		},
		{
			name: "a wrong key shuts the door in fail mode secure", badKey: true,
			log:     []string{"4 Failsecure: " + badKeys},
			journal: []string{"preauth: 40103"},
		},
		{
			name: "a server that is down shuts the door in fail mode secure", down: true,
			log: []string{"4 Failsecure: " + refusedConnection},
		},
		{
			name: "a server that is down opens it in fail mode safe", down: true, safe: true, opens: true,
			log: []string{"4 Failsafe: " + refusedConnection},
		},
		{
			name: "429 in the middle of a login ends it", typed: []string{rightCode}, faults: []fault{limitsOnce("auth")}, safe: true,
			log:     []string{"4 Aborted: HTTP 429"},
			journal: []string{"preauth: auth", "auth " + rightCode + " async: 42901"},
		},
		{
			name: "a push nobody answers is refused, however often the client may ask", typed: []string{"1"}, conf: []string{"prompts = 1"},
			log:     []string{"4 Failed"},
			screen:  []string{"Login timed out."},
			journal: []string{"preauth: auth", "auth push1 async: started", "status: waiting (19)", "status: deny"},
		},
		{
			name: "a push approved after nineteen rounds lets in", typed: []string{"1"}, faults: []fault{approvesAfter("2s")}, opens: true,
			log:     []string{"6 Successful"},
			journal: []string{"preauth: auth", "auth push1 async: started", "status: waiting (19)", "status: allow"},
		},
		{
			// The client's hole, and the reason for the two rows above: in its
			// twentieth round it takes "waiting" for a success.
			name: "twenty rounds of waiting log this client in, which is why nobody gets them unasked", typed: []string{"1"},
			faults: []fault{waitsAtOnce(25)}, opens: true,
			log:     []string{"6 Successful"},
			journal: []string{"preauth: auth", "auth push1 async: started", "status: waiting (20)"},
		},
	}
}
