package duoclients

import (
	"fmt"
	"testing"
)

// A pamLogin is one authentication through pam_duo.
type pamLogin struct {
	service string // "sshd": one held request; any other: live progress
	result  string // pamtester's last word
	unixLogin
}

// The results, as Linux-PAM words them.
const (
	pamSuccess = "successfully authenticated"
	pamTries   = "Have exhausted maximum number of retries for service"
	pamAbort   = "Critical error - immediate abort"
	pamError   = "Error in service module"
)

const pamHost = "203.0.113.9" // what PAM is told as the remote host

// testPAM asks pam_duo through pamtester. libpam-wrapper gives it a PAM
// configuration of its own, a namespace the user.
func testPAM(t *testing.T, s *sim) {
	t.Helper()
	for _, row := range pamLogins() {
		t.Run(row.service+": "+row.name, func(t *testing.T) {
			t.Parallel()
			user := s.settle(t, row.user, row.faults)
			dir := newFolder(t)
			stack := fmt.Sprintf("auth required pam_duo.so debug conf=%s\naccount required pam_permit.so\n",
				dir.write(t, "pam_duo.conf", s.conf(t, &row.unixLogin), 0o600))
			dir.mkdir(t, "pam")
			for _, service := range []string{"sshd", "login", "other"} {
				dir.write(t, "pam/"+service, stack, 0o644)
			}
			cmd := command(t, nil, inNamespace(dir.accounts(t, user),
				"/usr/bin/env", "LD_PRELOAD=libpam_wrapper.so", "PAM_WRAPPER=1", "PAM_WRAPPER_SERVICE_DIR="+dir.path("pam"),
				"/usr/bin/pamtester", "-I", "rhost="+pamHost, row.service, user, "authenticate")...)
			screen, code := atTerminal(t, cmd, menuPrompt, row.typed)
			row.opens = false // pamtester opens no door; its word and exit code say it
			if want := exitOf(row.result == pamSuccess); code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
			row.screen = append(row.screen, "pamtester: "+row.result)
			s.wantLogin(t, pamDuo, &row.unixLogin, user, pamHost, screen, screen)
		})
	}
}

func pamLogins() []pamLogin {
	held := func(choice, outcome string) []string {
		return []string{"preauth: auth", "auth " + choice + " sync: " + outcome}
	}
	followed := func(choice string, polls ...string) []string {
		return append([]string{"preauth: auth", "auth " + choice + " async: started"}, polls...)
	}
	return []pamLogin{
		{"sshd", pamSuccess, unixLogin{
			name: "a right passcode is accepted", typed: []string{rightCode},
			log: []string{"6 Successful"}, screen: []string{"Success. Logging you in..."}, journal: held(rightCode, "allow"),
		}},
		{"login", pamSuccess, unixLogin{
			name: "a right passcode is accepted", typed: []string{rightCode},
			log: []string{"6 Successful"}, screen: []string{"Success. Logging you in..."}, journal: followed(rightCode, "status: allow"),
		}},
		{"sshd", pamTries, unixLogin{
			name: "a wrong passcode is refused three times", typed: thrice(wrongCode),
			log: thrice("4 Failed"), screen: thrice("Incorrect passcode. Please try again."), journal: thrice(held(wrongCode, "deny")...),
		}},
		{"login", pamTries, unixLogin{
			name: "a wrong passcode is refused three times", typed: thrice(wrongCode),
			log: thrice("4 Failed"), screen: thrice("Incorrect passcode. Please try again."), journal: thrice(followed(wrongCode, "status: deny")...),
		}},
		{"sshd", pamSuccess, unixLogin{
			name: "an approved push is accepted", typed: []string{"1"}, faults: []fault{approves()},
			log: []string{"6 Successful"}, journal: held("push1", "allow"),
		}},
		{"login", pamSuccess, unixLogin{
			name: "an approved push shows its progress", typed: []string{"1"}, faults: []fault{approves()},
			log:     []string{"6 Successful"},
			screen:  []string{"Pushed a login request to your device...", "Success. Logging you in..."},
			journal: followed("push1", "status: waiting", "status: allow"),
		}},
		{"sshd", pamSuccess, unixLogin{
			name: "autopush asks nothing", faults: []fault{approves()}, conf: []string{"autopush = yes"},
			log: []string{"6 Successful"}, screen: []string{"Autopushing login request to phone..."}, journal: held("push1", "allow"),
		}},
		{"sshd", pamTries, unixLogin{
			name: "autopush pushes again after every refusal", faults: []fault{denies()}, conf: []string{"autopush = yes"},
			log: thrice("4 Failed"), journal: thrice(held("push1", "deny")...),
		}},
		{"login", pamError, unixLogin{
			name: "a refused push uses up the one try", typed: []string{"1"}, faults: []fault{denies()}, conf: []string{"prompts = 1"},
			log: []string{"4 Failed"}, screen: []string{"Login request denied."}, journal: followed("push1", "status: waiting", "status: deny"),
		}},
		{"sshd", pamAbort, unixLogin{
			name: "a user who has to enrol is told where", user: stranger(),
			log: []string{"4 Aborted: " + mustEnrol}, screen: []string{"Please enroll at http://127.0.0.1:"}, journal: []string{"preauth: enroll"},
		}},
		{"sshd", pamAbort, unixLogin{
			name: "a user who is locked out is refused", user: lockedOut(),
			log: []string{"4 Aborted: " + isLockedOut}, screen: []string{isLockedOut}, journal: []string{"preauth: deny"},
		}},
		{"login", pamAbort, unixLogin{
			name: "the failure too many locks out", user: onTheEdge(), typed: []string{wrongCode},
			log: []string{"4 Failed", "4 Aborted: " + isLockedOut}, journal: append(followed(wrongCode, "status: deny"), "preauth: deny"),
		}},
		{"sshd", pamSuccess, unixLogin{
			name: "a user in bypass is not asked", user: bypassed(),
			log: []string{"4 Skipped: " + isBypassed}, journal: []string{"preauth: allow"},
		}},
		{"sshd", pamError, unixLogin{
			name: "a wrong key is refused in fail mode secure", badKey: true,
			log: []string{"4 Failsecure: " + badKeys}, journal: []string{"preauth: 40103"},
		}},
		{"sshd", pamSuccess, unixLogin{
			name: "a wrong key is accepted in fail mode safe", badKey: true, safe: true,
			log: []string{"4 Failsafe: " + badKeys}, journal: []string{"preauth: 40103"},
		}},
		{"sshd", pamError, unixLogin{
			name: "a server that is down is a refusal in fail mode secure", down: true,
			log: []string{"4 Failsecure: " + refusedConnection},
		}},
		{"sshd", pamSuccess, unixLogin{
			name: "a server that is down is a pass in fail mode safe", down: true, safe: true,
			log: []string{"4 Failsafe: " + refusedConnection},
		}},
		{"sshd", pamAbort, unixLogin{
			name: "429 is a refusal in fail mode safe too", faults: []fault{limitsOnce("preauth")}, safe: true,
			log: []string{"4 Aborted: HTTP 429"}, journal: []string{"preauth: 42901"},
		}},
		{"login", pamError, unixLogin{
			name: "a push nobody answers is refused, however often the client may ask", typed: []string{"1"}, conf: []string{"prompts = 1"},
			log: []string{"4 Failed"}, screen: []string{"Login timed out."}, journal: followed("push1", "status: waiting (19)", "status: deny"),
		}},
		{"login", pamSuccess, unixLogin{
			name: "a push approved after nineteen rounds is accepted", typed: []string{"1"}, faults: []fault{approvesAfter("2s")},
			log: []string{"6 Successful"}, journal: followed("push1", "status: waiting (19)", "status: allow"),
		}},
	}
}
