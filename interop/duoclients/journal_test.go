package duoclients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An entry of the simulator's journal, as far as the tests look at it.
type entry struct {
	Step      string  `json:"step"`
	Path      string  `json:"path"`
	UserAgent string  `json:"user_agent"`
	Params    []field `json:"params"`
	Pushinfo  []field `json:"pushinfo"`
	Signature struct {
		Verdict string `json:"verdict"`
		Fit     *fit   `json:"fit"`
	} `json:"signature"`
	Faults []string `json:"faults"`
	Status int      `json:"status"`
	Code   int      `json:"code"`
	Reply  string   `json:"reply"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A fit is the way a client signs.
type fit struct {
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Date    string `json:"date"`
	Host    string `json:"host"`
}

func (e *entry) param(name string) string {
	for _, f := range e.Params {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// String is the request and its answer in a few words: what the client chose
// and whether it waits for the outcome (sync) or will ask for it (async), then
// the failure's code or the result.
func (e *entry) String() string {
	words := []string{e.Step}
	if e.Step == "auth" {
		if f := e.param("factor"); f != "auto" {
			words = append(words, f)
		}
		for _, name := range []string{"auto", "code", "passcode", "phone"} { // the device of v2 is "auto" always
			if v := e.param(name); v != "" {
				words = append(words, v)
			}
		}
		words = append(words, map[bool]string{true: "async", false: "sync"}[e.param("async") == "1"])
	}
	return strings.Join(words, " ") + ": " + e.outcome()
}

func (e *entry) outcome() string {
	switch {
	case e.Status == 0:
		return "no answer"
	case e.Code != 0:
		return fmt.Sprint(e.Code)
	case e.Status != http.StatusOK:
		return fmt.Sprint(e.Status)
	}
	var reply struct {
		Response json.RawMessage `json:"response"`
	}
	var word string
	var response struct{ Result, Status, Txid string }
	if err := json.Unmarshal([]byte(e.Reply), &reply); err != nil {
		return "cannot be read: " + e.Reply
	}
	if json.Unmarshal(reply.Response, &word) == nil {
		return word
	}
	_ = json.Unmarshal(reply.Response, &response) // what is not there stays empty
	switch {
	case response.Txid != "" && e.Step == "auth":
		return "started"
	case e.Step == "status" && response.Result == "": // the old dialect
		return "waiting"
	case response.Result == "":
		return "ok"
	default:
		return response.Result
	}
}

// journal returns the requests about a user in the order they came, equal
// neighbours counted: "status: waiting (19)".
func (s *sim) journal(t *testing.T, user string) (lines []string, entries []entry) {
	t.Helper()
	s.call(t, http.MethodGet, "/api/journal?user="+url.QueryEscape(user), nil, &entries)
	count := 1
	for i := range entries {
		line := entries[i].String()
		last := len(lines) - 1
		if last >= 0 && strings.TrimSuffix(lines[last], fmt.Sprintf(" (%d)", count)) == line {
			count++
			lines[last] = fmt.Sprintf("%s (%d)", line, count)
			continue
		}
		lines, count = append(lines, line), 1
	}
	return lines, entries
}

// A signer is how a client is to be recognised in the journal.
type signer struct {
	agent string // how its User-Agent begins
	fit   fit
}

// wantJournal compares what a client asked about a user with what it should
// have, and how every request was signed.
func (s *sim) wantJournal(t *testing.T, by signer, user string, want []string) {
	t.Helper()
	lines, entries := s.journal(t, user)
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.UserAgent, by.agent) {
			t.Errorf("%s: User-Agent is %q, want %q", e.String(), e.UserAgent, by.agent)
		}
		switch {
		case e.Code == 40102 || e.Code == 40103: // refused for it
		case e.Signature.Verdict == "not checked" && len(e.Faults) > 0: // the fault came first
		case e.Signature.Fit == nil:
			t.Errorf("%s: signature %q, want %+v", e.String(), e.Signature.Verdict, by.fit)
		case *e.Signature.Fit != by.fit:
			t.Errorf("%s: signed %+v, want %+v", e.String(), *e.Signature.Fit, by.fit)
		}
	}
}
