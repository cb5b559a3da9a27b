package duosim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Push is a push or a call that waits for a person, with all that a phone
// shows about it.
type Push struct {
	TxID     string `json:"txid"`
	User     string `json:"user"`
	RealName string `json:"real_name,omitempty"`
	// Factor is push or phone, Device the display name of what rings.
	Factor string `json:"factor"`
	Device string `json:"device"`
	// Application and Integration name the key the client signed with.
	Application string `json:"application"`
	Integration string `json:"integration"`
	// Type is the word before "request"; the service's default is Login.
	Type            string  `json:"type"`
	DisplayUsername string  `json:"display_username,omitempty"`
	IPAddr          string  `json:"ipaddr,omitempty"`
	Hostname        string  `json:"hostname,omitempty"`
	Pushinfo        []Field `json:"pushinfo,omitempty"`
	// Status is pushed, push_failed, calling or answered.
	Status  string    `json:"status"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	// Digits is the length of the verification code to type, 0 for none. The
	// code itself is shown at the login, not on the phone.
	Digits int `json:"digits"`
}

// Pending returns what waits for a person, the oldest first.
func (s *Sim) Pending() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending()
}

func (s *Sim) pending() []Push {
	s.catchUp(s.now())
	out := make([]Push, 0, len(s.live))
	for _, tx := range s.live {
		out = append(out, s.view(tx))
	}
	slices.SortFunc(out, func(a, b Push) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.TxID, b.TxID)
	})
	return out
}

func (s *Sim) view(tx *transaction) Push {
	p := Push{
		TxID: tx.id, User: tx.user.name, RealName: tx.user.realName,
		Factor: tx.factor, Device: tx.device.displayName(),
		Integration: tx.ikey, Type: tx.asked.kind, DisplayUsername: tx.asked.displayName,
		IPAddr: tx.asked.ipaddr, Hostname: tx.asked.hostname, Pushinfo: tx.asked.pushinfo.fields(),
		Status: tx.state().status, Created: tx.created, Expires: tx.deadline, Digits: len(tx.code),
	}
	if p.Type == "" {
		p.Type = "Login"
	}
	if in := s.integrations[tx.ikey]; in != nil {
		p.Application = in.Name
	}
	return p
}

// WaitPending returns the oldest push or call that waits for a user, as soon as
// there is one.
func (s *Sim) WaitPending(ctx context.Context, user string) (Push, error) {
	for {
		s.mu.Lock()
		pending, changed := s.pending(), s.changed
		s.mu.Unlock()
		for _, p := range pending {
			if strings.EqualFold(p.User, user) {
				return p, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Push{}, fmt.Errorf("wait for a push to %s: %w", user, context.Cause(ctx))
		case <-s.closed:
			return Push{}, fmt.Errorf("wait for a push to %s: %w", user, errGone)
		}
	}
}

// A UserView is a user as the phone page and the control API show them.
type UserView struct {
	Name        string       `json:"name"`
	ID          string       `json:"user_id"`
	RealName    string       `json:"real_name"`
	State       State        `json:"state"`
	Failures    int          `json:"failures"`
	Devices     []DeviceView `json:"devices"`
	BypassCodes []CodeView   `json:"bypass_codes"`
}

// A DeviceView is one device of a user.
type DeviceView struct {
	ID           string       `json:"device"`
	Type         DeviceType   `json:"type"`
	Name         string       `json:"name"`
	Platform     string       `json:"platform"`
	Number       string       `json:"number"`
	Capabilities []Capability `json:"capabilities"`
	// Passcode is what its generator shows now; empty without one. Timed tells
	// that it changes every 30 seconds, else that it changes with use.
	Passcode string `json:"passcode,omitempty"`
	Timed    bool   `json:"timed,omitempty"`
	// SMS is the last batch sent to it.
	SMS []CodeView `json:"sms,omitempty"`
}

// Title is what a list calls the device.
func (d DeviceView) Title() string {
	switch {
	case d.Name != "":
		return d.Name
	case d.Platform != "":
		return d.Platform
	default:
		return strings.ToUpper(string(d.Type[:1])) + string(d.Type[1:])
	}
}

// A CodeView is a passcode somebody was given.
type CodeView struct {
	Code     string `json:"code"`
	Used     bool   `json:"used"`
	Reusable bool   `json:"reusable,omitempty"`
}

// Users returns all users by name.
func (s *Sim) Users() []UserView {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.catchUp(now)
	users := s.sortedUsers()
	out := make([]UserView, len(users))
	for i, u := range users {
		out[i] = u.view(now)
	}
	return out
}

// User returns one user.
func (s *Sim) User(name string) (UserView, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.catchUp(now)
	u, err := s.find(name)
	if err != nil {
		return UserView{}, err
	}
	return u.view(now), nil
}

func (u *user) view(now time.Time) UserView {
	v := UserView{Name: u.name, ID: u.id, RealName: u.realName, State: u.state, Failures: u.failures, Devices: []DeviceView{}, BypassCodes: []CodeView{}}
	for _, d := range u.devices {
		dv := DeviceView{ID: d.id, Type: d.kind, Name: d.name, Platform: d.platform, Number: d.number, Capabilities: slices.Clone(d.can)}
		if d.otp != nil {
			dv.Passcode, dv.Timed = d.otp.current(now), d.otp.timed
		}
		for _, c := range d.sms {
			dv.SMS = append(dv.SMS, CodeView{Code: c.code, Used: c.used})
		}
		v.Devices = append(v.Devices, dv)
	}
	for _, b := range u.bypass {
		v.BypassCodes = append(v.BypassCodes, CodeView{Code: b.code, Used: b.used && !b.reusable, Reusable: b.reusable})
	}
	return v
}

// Integrations returns the applications without their secret keys, by key.
func (s *Sim) Integrations() []Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Integration, 0, len(s.integrations))
	for _, in := range s.integrations {
		shown := *in
		shown.SKey = Secret{}
		out = append(out, shown)
	}
	slices.SortFunc(out, func(a, b Integration) int { return strings.Compare(a.IKey, b.IKey) })
	return out
}

// Faults returns the faults that wait, in the order they are tried.
func (s *Sim) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Fault, len(s.faults))
	for i, f := range s.faults {
		out[i] = *f
	}
	return out
}
