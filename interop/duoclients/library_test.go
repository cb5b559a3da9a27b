package duoclients

import (
	"net/http"
	"strings"
	"testing"
)

// A library is one of Duo's client libraries in one of its ways to sign.
type library struct {
	name string
	signer
	open func(t *testing.T, to target) caller
	// v1 is whether it speaks the old dialect, which names the phone in a push
	// and cannot enrol anybody.
	v1 bool
	// refused is its own text for a connection nobody accepts, failed how its
	// text for a FAIL begins, before the service's words or code.
	refused string
	failed  func(status, code, message string) string
	// retryFails is whether its retry of a POST after 429 is broken.
	retryFails bool
}

// A target is what a client is made for: a server and a pair of keys.
type target struct {
	Host   string `json:"host"`
	Port   string `json:"port"`
	CAFile string `json:"ca_file"`
	IKey   string `json:"ikey"`
	SKey   string `json:"skey"`
	Kind   string `json:"kind"` // the library's own word for its way to sign
}

// A caller makes one call of the Auth API, by the last word of its path.
type caller func(t *testing.T, name string, params map[string]string) reply

// A reply is what a library made of an answer.
type reply struct {
	Result         string `json:"result"`
	Text           string `json:"text"`
	TxID           string `json:"txid"`
	Link           string `json:"link"`
	UserID         string `json:"user_id"`
	ActivationCode string `json:"activation_code"`
	Error          string `json:"error"`
}

// A talk is a row's conversation: one client with an integration of its own,
// about one user.
type talk struct {
	*sim
	library
	target

	call caller
	user string
}

// begin makes the row's user and its client.
func (s *sim) begin(t *testing.T, l library, u user, faults ...fault) *talk {
	t.Helper()
	var keys struct {
		IKey string `json:"integration_key"`
		SKey string `json:"secret_key"`
	}
	s.call(t, http.MethodPost, "/api/integrations", struct{}{}, &keys)
	k := &talk{sim: s, library: l, user: s.settle(t, u, faults)}
	k.target = target{Host: s.host, Port: s.port, CAFile: s.caFile, IKey: keys.IKey, SKey: keys.SKey}
	k.call = l.open(t, k.target)
	return k
}

// testLibrary takes one library through everything Duo can answer.
func testLibrary(t *testing.T, s *sim, l library) {
	t.Helper()
	for name, row := range libraryRows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row(t, s, l)
		})
	}
}

func libraryRows() map[string]func(*testing.T, *sim, library) {
	return map[string]func(*testing.T, *sim, library){
		"ping and check answer":                                    pingAndCheck,
		"an approved push lets in and shows what it is about":      approvedPush,
		"a refused push is a refusal":                              refusedPush,
		"a right passcode lets in once":                            passcodes,
		"a wrong passcode is refused with its text":                wrongPasscode,
		"a user enrols and is asked for the new phone":             enrolment,
		"the failure too many locks out":                           lockOut,
		"a user in bypass is let in":                               bypass,
		"a wrong key is told as one":                               wrongKey,
		"a server that is down is an error":                        serverDown,
		"after 429 the call is made again":                         rateLimit,
		"a long poll of more than twenty rounds ends as it should": longPoll,
	}
}

// ask makes a call about the row's user.
func (k *talk) ask(t *testing.T, name string, params map[string]string) reply {
	t.Helper()
	if params == nil {
		params = map[string]string{}
	}
	params["username"] = k.user
	return k.call(t, name, params)
}

// push begins a push and follows it until it is decided.
func (k *talk) push(t *testing.T, pushinfo string) reply {
	t.Helper()
	params := map[string]string{"factor": "push", "device": "auto", "async": "1"}
	if pushinfo != "" {
		params["pushinfo"] = pushinfo
	}
	begun := k.ask(t, "auth", params)
	if begun.TxID == "" {
		t.Fatalf("auth: %+v, want a transaction", begun)
	}
	for range 100 {
		r := k.call(t, "auth_status", map[string]string{"txid": begun.TxID})
		if r.Result != "waiting" {
			return r
		}
	}
	t.Fatal("still waiting after a hundred polls")
	return reply{}
}

// passcode tries one and waits for the outcome.
func (k *talk) passcode(t *testing.T, code string) reply {
	t.Helper()
	return k.ask(t, "auth", map[string]string{"factor": "passcode", "passcode": code})
}

// want compares a reply's result and the beginning of its text.
func want(t *testing.T, name string, got reply, result, text string) {
	t.Helper()
	if got.Error != "" || got.Result != result || !strings.HasPrefix(got.Text, text) {
		t.Errorf("%s: %+v, want %s and %q", name, got, result, text)
	}
}

// wantError demands that a call failed and what the library says of it.
func wantError(t *testing.T, name string, got reply, text string) {
	t.Helper()
	if !strings.Contains(got.Error, text) || text == "" || got.Result != "" {
		t.Errorf("%s: %+v, want the error %q", name, got, text)
	}
}

func (k *talk) wantRequests(t *testing.T, requests ...string) {
	t.Helper()
	k.wantJournal(t, k.signer, k.user, requests)
}

// pushed is a push in the journal, from the choice on.
func (k *talk) pushed(then ...string) []string {
	begun := "auth push async: started"
	if k.v1 {
		begun = "auth push phone1 async: started"
	}
	return append([]string{begun}, then...)
}
