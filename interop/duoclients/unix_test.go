package duoclients

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Duo Unix 1.11.3, the one Debian and Ubuntu ship, in both of its shapes: BSON
// replies, HMAC-SHA1 over four lines, no date.
var (
	loginDuo = signer{agent: "login_duo/1.11.3 ", fit: unixFit}
	pamDuo   = signer{agent: "pam_duo/1.11.3 ", fit: unixFit}
	unixFit  = fit{Version: "v1", Digest: "sha1", Date: "none", Host: "host"}
)

const menuPrompt = "Passcode or option (1-3): "

// letIn is what a login prints that got past Duo, and nothing else does.
const letIn = "the door is open"

// A unixLogin is one login through Duo Unix and all that is to come of it.
type unixLogin struct {
	name   string
	user   user // zero: active
	faults []fault
	conf   []string // lines of the configuration beside the usual ones
	down   bool     // nobody listens where Duo should be
	badKey bool     // the configured secret key is another one
	safe   bool     // failmode=safe; else secure
	typed  []string // at the menu

	opens   bool
	log     []string // "severity word: reason", see logLines
	screen  []string
	journal []string
	command string // what the phone shows as the command
}

// conf is the configuration file for a login, in section [duo]. The fail mode
// stands first: what comes after a line the client does not know is not read.
func (s *sim) conf(t *testing.T, row *unixLogin) string {
	t.Helper()
	mode, host, key := "secure", s.addr(), s.skey
	if row.safe {
		mode = "safe"
	}
	if row.down {
		host = s.host + ":" + closedPort(t)
	}
	if row.badKey {
		key = strings.Repeat("x", len(key))
	}
	lines := append([]string{
		"[duo]", "failmode = " + mode, "host = " + host, "ikey = " + s.ikey, "skey = " + key, "cafile = " + s.caFile,
	}, row.conf...)
	return strings.Join(lines, "\n") + "\n"
}

// logLine is what Duo Unix writes at the end of an attempt: to standard error
// with the severity in brackets, or to syslog with facility and severity.
var logLine = regexp.MustCompile(`(?m)^(?:\[(\d)\] |<(\d+)>.*?: )(\w+) (?:in )?Duo login for '(.*?)' from (\S+?)(?:: (.*))?\r?$`)

// logLines finds the client's log lines in a text and sums each up as
// "severity word: reason". Of a refused connection the port does not matter.
func logLines(t *testing.T, text, user, addr string) []string {
	t.Helper()
	var out []string
	for _, m := range logLine.FindAllStringSubmatch(text, -1) {
		severity := m[1]
		if severity == "" {
			var pri int
			if _, err := fmt.Sscan(m[2], &pri); err != nil {
				t.Fatal(err)
			}
			severity = fmt.Sprint(pri % 8)
		}
		line := severity + " " + m[3]
		if m[6] != "" {
			line += ": " + closed.ReplaceAllString(m[6], "localhost:PORT: ")
		}
		if m[4] != user || m[5] != addr {
			t.Errorf("log line about %q from %s, want %q from %s: %s", m[4], m[5], user, addr, m[0])
		}
		out = append(out, line)
	}
	return out
}

var closed = regexp.MustCompile(`localhost:\d+: `)

// The reasons that rows share.
const (
	refusedConnection = "Couldn't connect to localhost:PORT: Failed to connect"
	mustEnrol         = "User enrollment required"
	isLockedOut       = "Your account has been locked out. Please contact your administrator."
	isBypassed        = "Second factor not required. Logging you in..."
	badKeys           = "Invalid ikey or skey"
)

// wantLogin compares all that came of a login with what should have. The
// screen has the log lines as well where log is empty.
func (s *sim) wantLogin(t *testing.T, by signer, row *unixLogin, user, addr string, screen, log string) {
	t.Helper()
	if opened := strings.Contains(screen, letIn); opened != row.opens {
		t.Errorf("the door opened: %v, want %v", opened, row.opens)
	}
	if diff := cmp.Diff(row.log, logLines(t, log, user, addr)); diff != "" {
		t.Errorf("log (-want +got):\n%s\nof: %s", diff, log)
	}
	wantScreen(t, screen, row.screen)
	s.wantJournal(t, by, user, row.journal)
	s.wantShown(t, row, user, addr)
	if t.Failed() {
		t.Logf("screen:\n%s", screen)
	}
}

// wantShown looks at what the phone is told of the login.
func (s *sim) wantShown(t *testing.T, row *unixLogin, user, addr string) {
	t.Helper()
	_, entries := s.journal(t, user)
	for _, e := range entries {
		if got := e.param("ipaddr"); e.Step != "status" && got != addr {
			t.Errorf("%s: ipaddr is %q, want %s", e.String(), got, addr)
		}
		if e.Step != "auth" {
			continue
		}
		if i := slices.IndexFunc(e.Pushinfo, func(f field) bool { return f.Name == "Command" }); i < 0 || e.Pushinfo[i].Value != row.command {
			t.Errorf("%s: pushinfo is %q, want the command %q in it", e.String(), e.Pushinfo, row.command)
		}
	}
}

// thrice is a list for each of the three tries a login has.
func thrice(list ...string) []string { return slices.Repeat(list, 3) }
