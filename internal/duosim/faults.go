package duosim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// A Deed is what a fault does.
type Deed string

// Deeds of the person with the phone. They decide pushes and calls at the step
// auth, Delay after they were sent.
const (
	DoApprove    Deed = "approve"     // tap on approve
	DoDeny       Deed = "deny"        // tap on deny
	DoFraud      Deed = "fraud"       // report a fraud
	DoTimeout    Deed = "timeout"     // the time to answer runs out
	DoPushFailed Deed = "push_failed" // the push does not arrive, but can be fetched and answered
)

// Deeds of the service and the network, at any step, after Delay.
const (
	DoDelay         Deed = "delay"          // answer late
	DoHTTP          Deed = "http"           // answer with Status, and Code and Message or Body
	DoRateLimit     Deed = "rate_limit"     // 429, with Retry-After when RetryAfter is set
	DoDrop          Deed = "drop"           // close the connection without an answer
	DoHang          Deed = "hang"           // never answer
	DoEmpty         Deed = "empty"          // 200 and no body
	DoBrokenJSON    Deed = "broken_json"    // 200 and half of a body
	DoWrongLength   Deed = "wrong_length"   // a Content-Length larger than the body
	DoNoResponse    Deed = "no_response"    // stat OK and no response
	DoNoResult      Deed = "no_result"      // a response without result
	DoUnknownResult Deed = "unknown_result" // a result nobody knows
	DoFailInOK      Deed = "fail_in_ok"     // stat FAIL inside HTTP 200
	DoWaiting       Deed = "waiting"        // a poll that says waiting at once, and for ever
)

// steps are the words a fault's Step may have.
func steps() []string {
	return []string{"ping", "check", "logo", "enroll", "enroll_status", "preauth", "auth", "status"}
}

func (d Deed) byPerson() bool {
	switch d {
	case DoApprove, DoDeny, DoFraud, DoTimeout, DoPushFailed:
		return true
	default:
		return false
	}
}

func (d Deed) byService() bool {
	switch d {
	case DoDelay, DoHTTP, DoRateLimit, DoDrop, DoHang, DoEmpty, DoBrokenJSON, DoWrongLength,
		DoNoResponse, DoNoResult, DoUnknownResult, DoFailInOK, DoWaiting:
		return true
	default:
		return false
	}
}

// A Fault makes the service, or a person, behave in a certain way. The first
// fault that fits a request is the one that acts; a request may meet one of the
// service and one of a person.
type Fault struct {
	// ID is given by the simulator.
	ID string `yaml:"-" json:"id"`
	// Do is what happens.
	Do Deed `yaml:"do" json:"do"`
	// User, Step and Integration (an integration key) narrow it down; empty
	// fits all. Step is ping, check, logo, enroll, enroll_status, preauth,
	// auth or status. ping and check concern no user.
	User        string `yaml:"user" json:"user"`
	Step        string `yaml:"step" json:"step"`
	Integration string `yaml:"integration" json:"integration"`
	// Times is how often it happens; 0, the default, until it is taken away.
	Times int `yaml:"times" json:"times"`
	// Delay is waited before it happens.
	Delay Duration `yaml:"delay" json:"delay"`
	// Status is the HTTP status of http.
	Status int `yaml:"status" json:"status"`
	// Code, Message and Detail fill the FAIL envelope of http and fail_in_ok.
	Code    int    `yaml:"code" json:"code"`
	Message string `yaml:"message" json:"message"`
	Detail  string `yaml:"detail" json:"detail"`
	// Body, if set, is sent by http in place of an envelope.
	Body string `yaml:"body" json:"body"`
	// Location is the header of that name, for redirects.
	Location string `yaml:"location" json:"location"`
	// RetryAfter is the header of that name: seconds, or an HTTP date.
	RetryAfter string `yaml:"retry_after" json:"retry_after"`
}

func (f Fault) check() error {
	var errs []error
	if !f.Do.byPerson() && !f.Do.byService() {
		errs = append(errs, badValue("do", "do %q is not something a fault can do", f.Do))
	}
	if f.Step != "" && !slices.Contains(steps(), f.Step) {
		errs = append(errs, badValue("step", "step %q must be one of %s", f.Step, strings.Join(steps(), ", ")))
	}
	if f.Do.byPerson() && f.Step != "" && f.Step != "auth" {
		errs = append(errs, badValue("step", "%s happens at step auth", f.Do))
	}
	if f.Do == DoWaiting && f.Step != "" && f.Step != "status" {
		errs = append(errs, badValue("step", "waiting happens at step status"))
	}
	if f.Do == DoHTTP && (f.Status < 200 || f.Status > 599) {
		errs = append(errs, badValue("status", "status must be 200 to 599"))
	}
	if f.Times < 0 || f.Delay < 0 {
		errs = append(errs, badValue("times", "times and delay must not be negative"))
	}
	for _, text := range []string{f.Location, f.RetryAfter} {
		if strings.ContainsAny(text, "\r\n\x00") {
			errs = append(errs, badValue("location", "a header's text must be one line"))
		}
	}
	return errors.Join(errs...)
}

// fits reports whether the fault is meant for a request.
func (f *Fault) fits(person bool, c *call) bool {
	if f.Do.byPerson() != person || f.Do == DoWaiting && c.step != "status" {
		return false
	}
	return (f.Step == "" || f.Step == c.step) &&
		(f.User == "" || strings.EqualFold(f.User, c.username)) &&
		(f.Integration == "" || f.Integration == c.ikey)
}

// maxFaults bounds the faults that may wait at one time.
const maxFaults = 1000

// AddFault makes a fault wait for a request that fits and returns its id.
func (s *Sim) AddFault(f Fault) (string, error) {
	if err := f.check(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) >= maxFaults {
		return "", fault.New(fault.TooMany, "", "there are %d faults already", maxFaults)
	}
	s.lastFault++
	f.ID = fmt.Sprintf("f%d", s.lastFault)
	s.faults = append(s.faults, &f)
	s.touch()
	return f.ID, nil
}

// RemoveFault takes a fault away.
func (s *Sim) RemoveFault(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f *Fault) bool { return f.ID == id })
	if i < 0 {
		return fault.New(fault.NotFound, "", "there is no fault %q", id)
	}
	s.faults = slices.Delete(s.faults, i, i+1)
	s.touch()
	return nil
}

// ClearFaults takes all faults away.
func (s *Sim) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.touch()
}

// takeFault finds the fault a request meets and counts it down. The caller
// holds the mutex.
func (s *Sim) takeFault(person bool, c *call) *Fault {
	for i, f := range s.faults {
		if !f.fits(person, c) {
			continue
		}
		met := *f
		if f.Times == 1 {
			s.faults = slices.Delete(s.faults, i, i+1)
		} else if f.Times > 1 {
			f.Times--
		}
		s.touch()
		c.entry.Faults = append(c.entry.Faults, string(met.Do))
		return &met
	}
	return nil
}
