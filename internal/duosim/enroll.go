package duosim

import (
	"bytes"
	"context"
	"errors"
	imagelib "image"
	"image/color"
	"image/png"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	portalPath = "/portal"
	// portalLife is how long a link from preauth is good.
	portalLife = 5 * time.Minute
	// enrolLife is how long one from enroll is, unless the caller says.
	enrolLife     = 24 * time.Hour
	maxEnrolLife  = 365 * 24 * time.Hour
	maxEnrolments = 10_000
)

// An enrolment is a link by which a user gets a first device.
type enrolment struct {
	code    string
	name    string
	user    *user // nil: comes into being with the device
	expires time.Time
	done    bool
}

// newEnrolment makes a link for a user, or for a name nobody has yet. The caller
// holds the mutex.
func (s *Sim) newEnrolment(u *user, name string, life time.Duration) (*enrolment, error) {
	now := s.now()
	s.sweep(now)
	if len(s.enrolments) >= maxEnrolments {
		return nil, errTooManyRequests
	}
	code, err := randomText(s.config.Random, 20, allAlnum)
	if err != nil {
		return nil, err
	}
	e := &enrolment{code: code, name: name, user: u, expires: now.Add(life)}
	s.enrolments[code] = e
	return e, nil
}

// portalLink is the address of an enrolment's page: under PortalURL, else at
// the host the client called.
func (s *Sim) portalLink(c *call, code string) string {
	base := s.config.PortalURL
	if base == "" {
		base = "https://" + c.r.Host
	}
	return base + portalPath + "?code=" + code
}

// enroll makes a user without a device and the link to get one.
func (s *Sim) enroll(_ context.Context, c *call) (any, error) {
	life, err := validSecs(c.params.get("valid_secs"))
	if err != nil {
		return nil, err
	}
	name := c.params.get("username")
	if name == "" {
		tail, err := randomText(s.config.Random, 10, digits)
		if err != nil {
			return nil, err
		}
		name = "user" + tail
	}
	u, err := newUser(s.config.Random, User{Name: name, State: Unenrolled})
	if err != nil {
		return nil, invalid("username")
	}
	count, err := bypassCount(c.params.get("bypass_codes"))
	if err != nil {
		return nil, err
	}
	codes, err := u.addBypass(s.config.Random, count)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.newEnrolment(u, name, life)
	if err != nil {
		return nil, err
	}
	if s.insertUser(u) != nil {
		delete(s.enrolments, e.code)
		return nil, invalid("username")
	}
	link := s.portalLink(c, e.code)
	doc := document{
		{"activation_barcode", link + "&barcode=1"},
		{"activation_code", e.code},
		{"activation_url", link},
		{"expiration", int(e.expires.Unix())},
		{"user_id", u.id},
		{"username", u.name},
	}
	if count > 0 {
		doc = doc.with("bypass_codes", codes)
	}
	return doc, nil
}

func validSecs(text string) (time.Duration, error) {
	if text == "" {
		return enrolLife, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > int(maxEnrolLife/time.Second) {
		return 0, invalid("valid_secs")
	}
	return time.Duration(n) * time.Second, nil
}

func bypassCount(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 10 {
		return 0, invalid("bypass_codes")
	}
	return n, nil
}

// addBypass makes up single-use bypass codes of nine digits.
func (u *user) addBypass(random io.Reader, n int) ([]string, error) {
	codes := []string{}
	for range n {
		code, err := randomText(random, 9, digits)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
		u.bypass = append(u.bypass, &bypassCode{code: code})
	}
	return codes, nil
}

// enrollStatus says how far an enrolment got: success, waiting or invalid.
func (s *Sim) enrollStatus(_ context.Context, c *call) (any, error) {
	for _, name := range []string{"user_id", "activation_code"} {
		if c.params.get(name) == "" {
			return nil, missing(name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.enrolments[c.params.get("activation_code")]
	switch {
	case e == nil || e.user == nil || e.user.id != c.params.get("user_id"):
		return "invalid", nil
	case e.done:
		return "success", nil
	case s.now().After(e.expires):
		return "invalid", nil
	default:
		return "waiting", nil
	}
}

// complete gives an enrolment its device and makes its user active.
func (s *Sim) complete(code string, in Device) (*user, error) {
	d, err := newDevice(s.config.Random, in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.enrolments[code]
	if e == nil || e.done || s.now().After(e.expires) {
		return nil, errLinkGone
	}
	if e.user != nil && s.userIDs[e.user.id] != e.user {
		return nil, errLinkGone // the user was removed
	}
	if e.user == nil {
		if e.user = s.users[foldName(e.name)]; e.user == nil {
			u, err := newUser(s.config.Random, User{Name: strings.TrimSpace(e.name)})
			if err != nil {
				return nil, err
			}
			if err := s.insertUser(u); err != nil {
				return nil, err
			}
			e.user = u
		}
	}
	if len(e.user.devices) >= maxDevices {
		return nil, errLinkGone
	}
	e.done = true
	e.user.devices = append(e.user.devices, d)
	if e.user.state == Unenrolled {
		e.user.state = Active
	}
	s.touch()
	return e.user, nil
}

var errLinkGone = errors.New("this link is not good, or not good any more: log in again for a new one")

// logo answers with a picture of a tick.
func (s *Sim) logo(context.Context, *call) (any, error) {
	const size = 180
	img := imagelib.NewPaletted(imagelib.Rect(0, 0, size, size), color.Palette{color.White, color.RGBA{0x2e, 0x7d, 0x32, 0xff}})
	for i := range 60 {
		for w := range 18 {
			img.SetColorIndex(40+i/2, 90+i/2+w, 1)
			img.SetColorIndex(70+i, 120-i+w, 1)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return image{contentType: "image/png", data: out.Bytes()}, nil
}
