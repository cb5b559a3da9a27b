package duosim

import (
	"time"
)

const (
	// maxJournalBytes bounds the memory of the journal, whatever its length.
	maxJournalBytes = 16 << 20
	maxJournalText  = 2 << 10 // of one value
)

// An Entry of the journal is one request to the API, decoded, and its answer.
type Entry struct {
	// Number counts requests from 1 and never starts again.
	Number int64 `json:"number"`
	// Time is when the request came, Milliseconds how long the answer took.
	Time         time.Time `json:"time"`
	Milliseconds float64   `json:"milliseconds"`
	Remote       string    `json:"remote"`
	Method       string    `json:"method"`
	Path         string    `json:"path"`
	UserAgent    string    `json:"user_agent"`
	// Step is ping, check, logo, enroll, enroll_status, preauth, auth or
	// status in either dialect; empty for an unknown path.
	Step string `json:"step"`
	// Integration is the key the request was signed with, as it claims.
	Integration string `json:"integration"`
	// User is the user the request is about, as it names them.
	User string `json:"user"`
	// Params are the decoded parameters in the order they came. They may hold
	// passcodes: those of a simulator open nothing.
	Params []Field `json:"params"`
	// Pushinfo is the parameter of that name, decoded once more.
	Pushinfo []Field `json:"pushinfo,omitempty"`
	// Signature is what became of its check.
	Signature Signature `json:"signature"`
	// Faults are the deeds of the faults the request met.
	Faults []string `json:"faults,omitempty"`
	// Status is the HTTP status of the answer, 0 when there was none. Code is
	// the code of a FAIL envelope.
	Status int `json:"status"`
	Code   int `json:"code,omitempty"`
	// Reply is the answer as JSON, in BSON conversations too.
	Reply string `json:"reply"`

	size int
}

// A Field is one name and value.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Signature is what the check of a signature came to.
type Signature struct {
	// Verdict is fits, "does not fit", absent, or "not checked" when a fault
	// or an earlier error came first.
	Verdict string `json:"verdict"`
	// Fit is the combination that fitted.
	Fit *Fit `json:"fit,omitempty"`
	// Expected is, where nothing fitted, the text that should have been
	// signed, in the form likeliest meant.
	Expected string `json:"expected,omitempty"`
}

// Param returns the value of a parameter, "" when absent.
func (e *Entry) Param(name string) string {
	for _, f := range e.Params {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// A journal is a bounded list of entries.
type journal struct {
	limit   int
	next    int64
	size    int
	entries []Entry
}

func (j *journal) add(e Entry) {
	j.next++
	e.Number = j.next
	for _, f := range e.Params {
		e.size += len(f.Name) + len(f.Value) + 64
	}
	e.size += len(e.Reply) + len(e.Path) + len(e.UserAgent) + len(e.Signature.Expected) + 512
	j.entries = append(j.entries, e)
	j.size += e.size
	drop := max(len(j.entries)-j.limit, 0)
	for _, old := range j.entries[:drop] {
		j.size -= old.size
	}
	for j.size > maxJournalBytes && drop < len(j.entries) {
		j.size -= j.entries[drop].size
		drop++
	}
	clear(j.entries[:drop]) // lets go of their texts at once
	j.entries = j.entries[drop:]
}

// fields copies parameters for the journal, long values cut.
func (p params) fields() []Field {
	out := make([]Field, len(p))
	for i, q := range p {
		out[i] = Field{cut(q.name), cut(q.value)}
	}
	return out
}

func cut(s string) string {
	if len(s) <= maxJournalText {
		return s
	}
	return s[:maxJournalText] + "…"
}

// Journal returns the requests kept, the oldest first.
func (s *Sim) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry{}, s.journal.entries...)
}

// ClearJournal forgets the requests kept.
func (s *Sim) ClearJournal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal.entries, s.journal.size = nil, 0
	s.touch()
}
