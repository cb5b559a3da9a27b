package duosim

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

const (
	// offerLife is how long the code of a verified push is good.
	offerLife = time.Minute
	// maxOffers bounds the verified pushes offered and not yet asked for.
	maxOffers = 10_000
)

// An offer is a verified push that preauth announced: its code is known to the
// client before the push is sent.
type offer struct {
	txid, ikey string
	user       *user
	code       string
	expires    time.Time
}

// subject finds whom a request is about. A name that nobody has gives a nil
// user: the policy for unknown users decides. The caller holds the mutex.
func (s *Sim) subject(c *call) (*user, string, error) {
	name, id := c.params.get("username"), c.params.get("user_id")
	if c.v1 {
		name, id = c.params.get("user"), ""
	}
	switch {
	case c.v1 && name == "":
		return nil, "", missing("user")
	case name == "" && id == "":
		return nil, "", missing("username")
	case name != "" && id != "":
		return nil, "", invalid("username")
	case id != "":
		u := s.userIDs[id]
		if u == nil {
			return nil, "", invalid("user_id")
		}
		return u, u.name, nil
	case len(name) > maxName:
		return nil, "", invalid("username")
	}
	return s.users[foldName(name)], name, nil
}

// preauth says whether a user may try, and how.
func (s *Sim) preauth(_ context.Context, c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, name, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	state := s.stateOf(u)
	switch state {
	case Bypass:
		return c.preauthText("allow", textBypass), nil
	case LockedOut:
		return c.preauthText("deny", textLocked), nil
	case Disabled:
		text := textDisabled
		if u == nil {
			text = textUnknown
		}
		return c.preauthText("deny", text), nil
	case Unenrolled:
		return s.preauthEnroll(c, u, name)
	default:
		return s.preauthAuth(c, u)
	}
}

// stateOf is a user's state with the policy applied to those nobody knows. An
// active user with nothing to log in with is as good as not enrolled.
func (s *Sim) stateOf(u *user) State {
	if u == nil {
		return map[Policy]State{PolicyEnroll: Unenrolled, PolicyAllow: Bypass, PolicyDeny: Disabled}[s.settings.UnknownUsers]
	}
	if u.state == Active && len(u.devices) == 0 && len(u.bypass) == 0 {
		return Unenrolled
	}
	return u.state
}

// preauthText is a preauth reply that is an end: a result and a sentence.
func (c *call) preauthText(result, text string) document {
	if c.v1 {
		return document{{"result", result}, {"status", text}}
	}
	return document{{"result", result}, {"status_msg", text}}
}

func (s *Sim) preauthEnroll(c *call, u *user, name string) (any, error) {
	e, err := s.newEnrolment(u, name, portalLife)
	if err != nil {
		return nil, err
	}
	link := s.portalLink(c, e.code)
	if c.v1 {
		return c.preauthText("enroll", fmt.Sprintf(textEnroll, link)), nil
	}
	doc := c.preauthText("enroll", textMustEnrol).with("enroll_portal_url", link)
	if c.params.get("text_prompt") == "1" {
		doc = doc.with("prompt", document{{"text", fmt.Sprintf(textEnroll, link)}})
	}
	return doc, nil
}

func (s *Sim) preauthAuth(c *call, u *user) (any, error) {
	if c.v1 {
		m := u.menu(false)
		return document{{"result", "auth"}, {"prompt", m.text}, {"factors", m.factors}}, nil
	}
	doc := c.preauthText("auth", textActive).with("devices", u.deviceDocuments())
	o, err := s.offerFor(c, u)
	if err != nil {
		return nil, err
	}
	if o != nil {
		doc = append(doc, document{{"txid", o.txid}, {"verification_code", o.code}, {"expiration", int(o.expires.Unix())}}...)
	}
	if c.params.get("text_prompt") == "1" {
		m := u.menu(o != nil)
		doc = doc.with("prompt", document{{"text", m.text}, {"factors", m.factors}})
	}
	return doc, nil
}

// offerFor announces a verified push where one is wanted and the client can
// show its code. For other clients the push is an ordinary one, by choice.
func (s *Sim) offerFor(c *call, u *user) (*offer, error) {
	n := cmp.Or(u.verifiedPush, s.settings.VerifiedPush)
	if n == 0 || c.params.get("client_supports_verified_push") != "1" || len(u.able(CanPush)) == 0 {
		return nil, nil //nolint:nilnil // no offer is no error
	}
	if len(s.offers) >= maxOffers {
		return nil, errTooManyRequests
	}
	code, err := randomText(s.config.Random, n, digits)
	if err != nil {
		return nil, err
	}
	txid, err := s.newTxid()
	if err != nil {
		return nil, err
	}
	now := s.now()
	s.sweep(now)
	o := &offer{txid: txid, ikey: c.ikey, user: u, code: code, expires: now.Add(offerLife)}
	s.offers[txid] = o
	return o, nil
}

func (s *Sim) newTxid() (string, error) {
	id, err := uuid.NewRandomFromReader(s.config.Random)
	if err != nil {
		return "", fmt.Errorf("make a transaction id: %w", err)
	}
	return id.String(), nil
}

// deviceDocuments lists the user's devices. A token has three members only, as
// in real replies.
func (u *user) deviceDocuments() []document {
	out := []document{}
	for _, d := range u.devices {
		if d.kind == Token {
			out = append(out, document{{"device", d.id}, {"name", d.name}, {"type", string(Token)}})
			continue
		}
		can := make([]string, len(d.can))
		for i, c := range d.can {
			can[i] = string(c)
		}
		doc := document{
			{"capabilities", can},
			{"device", d.id},
			{"display_name", d.displayName()},
			{"name", d.name},
			{"number", d.masked()},
			{"type", string(Phone)},
		}
		if next := d.nextSMS(); next != "" {
			doc = doc.with("sms_nextcode", next)
		}
		out = append(out, doc)
	}
	return out
}
