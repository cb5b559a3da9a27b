package duoclients

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An outage is an answer to preauth that is none, and what login_duo makes of
// it: by fail mode, or a refusal in both.
type outage struct {
	name   string
	fault  fault
	reason string // after Failsafe and Failsecure
	denied string // the whole log line instead, in both fail modes
	told   string // the outcome in the journal
}

func outages() []outage {
	return []outage{
		{name: "500", fault: fails("preauth", 500), reason: "HTTP 500", told: "50001"},
		{name: "503", fault: fails("preauth", 503), reason: "HTTP 503", told: "50301"},
		{name: "401", fault: fails("preauth", 401), reason: badKeys, told: "40101"},
		{name: "an empty body", fault: fault{Do: "empty"}, reason: "invalid BSON response", told: "cannot be read: "},
		{name: "half of a body", fault: fault{Do: "broken_json"}, reason: "invalid BSON response", told: "auth"},
		{name: "no response inside", fault: fault{Do: "no_response"}, reason: "BSON missing valid 'response'", told: "ok"},
		{name: "no result inside", fault: fault{Do: "no_result"}, reason: "BSON missing valid 'result'", told: "ok"},
		{name: "a result nobody knows", fault: fault{Do: "unknown_result"}, reason: "BSON invalid 'result': zzz", told: "zzz"},
		{name: "301", fault: fails("preauth", 301), denied: "4 Aborted: HTTP 301", told: "301"},
		{name: "400", fault: fails("preauth", 400), denied: "4 Aborted: HTTP 400", told: "40001"},
		{name: "403", fault: fails("preauth", 403), denied: "4 Aborted: HTTP 403", told: "40301"},
		{name: "404", fault: fails("preauth", 404), denied: "4 Aborted: HTTP 404", told: "40401"},
		{name: "FAIL inside 200", fault: fault{Do: "fail_in_ok"}, denied: "4 Failed: 40002: Invalid request parameters", told: "40002"},
	}
}

// testOutages shows that the simulator's faults are to the client what Duo's
// would be: the same words in its log.
func testOutages(t *testing.T, s *sim) {
	t.Helper()
	for _, o := range outages() {
		for _, safe := range []bool{true, false} {
			row := unixLogin{safe: safe, opens: safe && o.denied == "", journal: []string{"preauth: " + o.told}}
			row.name = o.name + " in fail mode " + map[bool]string{true: "safe", false: "secure"}[safe]
			row.log = []string{"4 " + map[bool]string{true: "Failsafe", false: "Failsecure"}[safe] + ": " + o.reason}
			if o.denied != "" {
				row.log = []string{o.denied}
			}
			f := o.fault
			f.Step = "preauth"
			row.faults = []fault{f}
			t.Run(row.name, func(t *testing.T) {
				t.Parallel()
				s.headless(t, &row)
			})
		}
	}
	t.Run("a CA the server's certificate is not from is an outage", func(t *testing.T) {
		t.Parallel()
		other := newFolder(t).write(t, "ca.pem", strangerCA(), 0o644)
		s.headless(t, &unixLogin{
			conf: []string{"cafile = " + other}, // a later line counts
			log:  []string{"4 Failsecure: " + strings.Replace(refusedConnection, "Failed to connect", "certificate verify failed", 1)},
		})
	})
}

// strangerCA is a certificate that has nothing to do with the simulator's.
func strangerCA() string {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
