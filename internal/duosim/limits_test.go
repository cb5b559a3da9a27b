package duosim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

func TestTransactionsAreBounded(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	add := func(i int, m moment) error {
		tx := &transaction{id: fmt.Sprint(i), user: &user{}, changed: make(chan struct{}), history: []moment{m}}
		return s.register(tx)
	}
	for i := range maxLive {
		if err := add(i, stateWaiting("pushed", "")); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(-1, stateWaiting("pushed", "")); !errors.Is(err, errTooManyRequests) {
		t.Errorf("one push too many: %v", err)
	}
	for i := range 3 * maxLive {
		if err := add(maxLive+i, stateAllow()); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.transactions) > maxKept || len(s.order) > maxKept || len(s.live) != maxLive {
		t.Errorf("%d kept, %d in order, %d live", len(s.transactions), len(s.order), len(s.live))
	}
	if s.transactions["0"] == nil || s.transactions[fmt.Sprint(maxLive)] != nil || s.transactions[fmt.Sprint(4*maxLive-1)] == nil {
		t.Error("the wrong ones were forgotten")
	}
}

func TestTheJournalsMemoryIsBounded(t *testing.T) {
	j := journal{limit: 1 << 20}
	for range 1000 {
		j.add(Entry{Params: make([]Field, 1000)}) // 64 KB each
	}
	size := 0
	for _, e := range j.entries {
		size += e.size
	}
	if size != j.size || size > maxJournalBytes || size < maxJournalBytes*9/10 {
		t.Errorf("%d entries of %d bytes, counted as %d", len(j.entries), size, j.size)
	}
}

// No client signs these ways; the protocol leaves them open.
func TestSignaturesThatTheProtocolLeavesOpen(t *testing.T) {
	sign := func(p signedParts, key string, want Fit) {
		t.Helper()
		for fit, text := range p.candidates() {
			want.Digest = fit.Digest
			if fit != want {
				continue
			}
			got, ok := p.fits(secret.NewText(key), hexHMAC(key, text))
			want.Digest = "sha512"
			if !ok || got != want {
				t.Errorf("%+v %v, want %+v", got, ok, want)
			}
			return
		}
		t.Errorf("nothing is tried like %+v", want)
	}
	get := signedParts{method: "GET", host: "h", path: "/p", xDuoDate: "now", headers: map[string][]string{"X-Duo-Date": {"now"}}}
	sign(get, "k", Fit{Version: "v5", Date: "x-duo-date", Host: "host", Order: "names", Headers: "all"})
	sign(get, "k", Fit{Version: "v5", Date: "x-duo-date", Host: "host", Order: "names", Headers: "undated"})
	post := signedParts{method: "POST", host: "h:1", path: "/p", params: params{{"a1", "x"}, {"a", "y"}}, xDuoDate: "now", date: "then"}
	for _, order := range []string{"names", "pairs"} {
		for _, host := range []string{"host", "host:port"} {
			for _, date := range []string{"x-duo-date", "date"} {
				sign(post, "k", Fit{Version: "v2", Date: date, Host: host, Order: order})
			}
		}
	}
}

func TestWordsForWhatAClientWasTold(t *testing.T) {
	for reply, want := range map[string]string{
		`{"stat":"OK","response":{"result":"allow","status":"allow"}}`:    "allow good",
		`{"stat":"OK","response":{"result":"deny","status":"sent"}}`:      "deny: sent calm",
		`{"stat":"OK","response":{"result":"deny","status":"A text."}}`:   "deny: A text. bad",
		`{"stat":"OK","response":{"txid":"x"}}`:                           "started calm",
		`{"stat":"OK","response":{"status":"Pushed a login request..."}}`: "waiting calm",
		`{"stat":"OK","response":"pong"}`:                                 "pong good",
		``:                                                                "waiting calm",
	} {
		e := Entry{Status: 200, Step: "status", Reply: reply}
		if got := outcome(e) + " " + tone(outcome(e)); got != want {
			t.Errorf("%s: %s", reply, got)
		}
	}
	for want, e := range map[string]Entry{"no answer": {}, "40002": {Status: 400, Code: 40002}, "301": {Status: 301}, "ok": {Status: 200, Step: "ping"}} {
		if got := outcome(e); got != want {
			t.Errorf("%+v: %s", e, got)
		}
	}
}

func TestLabelsOfDevices(t *testing.T) {
	for want, d := range map[string]device{
		"XXX-XXX-4567|XXX-XXX-4567":       {number: "+1 (555) 123-4567"},
		"XXX-XXX-12|Desk (XXX-XXX-12)":    {number: "12", name: "Desk"},
		"XXX-XXX-1234|iOS (XXX-XXX-1234)": {number: "1234", platform: "iOS"},
		"iPad (iOS)|iPad (iOS)":           {name: "iPad", platform: "iOS"},
		"iPad|iPad":                       {name: "iPad"},
		"Android|Android":                 {platform: "Android"},
		"phone|phone":                     {},
		"no digits (iOS)|no digits (iOS)": {number: "none", name: "no digits", platform: "iOS"},
	} {
		if got := d.label() + "|" + d.displayName(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := strings.Join([]string{grouped("123456"), grouped("12345678"), grouped("123"), initial("§ ö"), initial("…")}, "|"); got != "123 456|1234 5678|123|Ö|?" {
		t.Error(got)
	}
}

func TestAPersonWhoNeverAnswersUnderAClockThatStandsStill(t *testing.T) {
	now := time.Now()
	s, err := New(Config{Seed: Seed{Users: []User{{Name: "a", Devices: []Device{{}}}}}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &transaction{user: s.users["a"], device: s.users["a"].devices[0], factor: "push", created: now, deadline: now.Add(time.Millisecond), changed: make(chan struct{})}
	s.plan(tx, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	m, err := s.follow(ctx, tx, nil, func(bool) (moment, bool) { return tx.state(), tx.state().over() })
	if err != nil || m.status != "timeout" {
		t.Errorf("%+v %v", m, err)
	}
}
