package duoclients

import (
	"fmt"
	"net/http"
	"testing"
)

// A user of the simulator, as its control API takes one.
type user struct {
	Name     string   `json:"name"`
	State    string   `json:"state,omitempty"`
	Failures int      `json:"failures,omitempty"`
	Devices  []device `json:"devices,omitempty"`
}

type device struct {
	Type   string `json:"type"`
	Name   string `json:"name,omitempty"`
	Number string `json:"number,omitempty"`
	OTP    *otp   `json:"otp,omitempty"`
}

type otp struct {
	Kind   string `json:"kind"`
	Secret string `json:"secret"`
}

// The first codes of a token with the secret of RFC 4226, appendix D, and one
// that is none of its codes.
const (
	rightCode = "755224"
	nextCode  = "287082"
	wrongCode = "000000"
)

// The people that log in. Each row has one of its own.
func active() user {
	return user{Devices: []device{
		{Type: "phone", Number: "+1 555 010 1234"},
		{Type: "token", Name: "HT-1", OTP: &otp{Kind: "hotp", Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}},
	}}
}

func bypassed() user { return user{State: "bypass"} }

func lockedOut() user {
	u := active()
	u.State = "locked_out"
	return u
}

// onTheEdge is a user whose next failure is the tenth, and locks out.
func onTheEdge() user {
	u := active()
	u.Failures = 9
	return u
}

// stranger is a user nobody made known.
func stranger() user { return user{State: "unknown"} }

// A fault of the simulator, as its control API takes one.
type fault struct {
	Do          string `json:"do"`
	User        string `json:"user"`
	Integration string `json:"integration,omitempty"`
	Step        string `json:"step,omitempty"`
	Times       int    `json:"times,omitempty"`
	Delay       string `json:"delay,omitempty"`
	Status      int    `json:"status,omitempty"`
}

// What the person with the phone does, and the service.
func approves() fault                     { return fault{Do: "approve"} }
func approvesAfter(delay string) fault    { return fault{Do: "approve", Delay: delay} }
func denies() fault                       { return fault{Do: "deny"} }
func reportsFraud() fault                 { return fault{Do: "fraud"} }
func limitsOnce(step string) fault        { return fault{Do: "rate_limit", Step: step, Times: 1} }
func fails(step string, status int) fault { return fault{Do: "http", Step: step, Status: status} }
func waitsAtOnce(polls int) fault         { return fault{Do: "waiting", Step: "status", Times: polls} }

// concerning narrows a fault down to one user.
func (f fault) concerning(name string) fault { f.User = name; return f }

// settle makes a row's user known under a name of its own, and what goes wrong
// for them alone; it returns the name.
func (s *sim) settle(t *testing.T, u user, faults []fault) string {
	t.Helper()
	name := fmt.Sprintf("user%d", s.names.Add(1))
	if u.State != stranger().State {
		if u.State == "" && u.Devices == nil {
			u = active()
		}
		u.Name = name
		s.call(t, http.MethodPost, "/api/users", u, nil)
	}
	for _, f := range faults {
		s.call(t, http.MethodPost, "/api/faults", f.concerning(name), nil)
	}
	return name
}
