package duosim

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName    = 255 // bytes of any name
	maxDevices = 50  // of one user
	maxBypass  = 100 // bypass codes of one user
)

// A user is a User at work. It is guarded by the simulator's mutex.
type user struct {
	name, id, realName string
	state              State
	failures           int
	verifiedPush       int
	devices            []*device
	bypass             []*bypassCode
}

type bypassCode struct {
	code     string
	reusable bool
	used     bool
}

// A device is a Device at work.
type device struct {
	id       string
	kind     DeviceType
	name     string
	platform string
	number   string
	can      []Capability
	otp      *otpKey
	sms      []smsCode // the last batch sent
}

type smsCode struct {
	code string
	used bool
}

// newUser checks and completes what a seed or a control request says of a user.
func newUser(random io.Reader, in User) (*user, error) {
	u := &user{name: in.Name, id: in.ID, realName: in.RealName, state: in.State, failures: in.Failures, verifiedPush: in.VerifiedPush}
	var errs []error
	if err := checkName("name", in.Name); err != nil {
		errs = append(errs, err)
	}
	if in.RealName != "" {
		errs = append(errs, checkName("real_name", in.RealName))
	}
	errs = append(errs, fillID(random, &u.id, "user_id", "DU"))
	if !verifiedDigits(in.VerifiedPush) {
		errs = append(errs, badValue("verified_push", "verified_push must be 0, or 3 to 6"))
	}
	if in.Failures < 0 {
		errs = append(errs, badValue("failures", "failures must be 0 or more"))
	}
	if len(in.Devices) > maxDevices || len(in.BypassCodes) > maxBypass {
		return nil, badValue("devices", "a user may have %d devices and %d bypass codes", maxDevices, maxBypass)
	}
	for i, d := range in.Devices {
		dev, err := newDevice(random, d)
		if err != nil {
			errs = append(errs, fmt.Errorf("devices[%d]: %w", i, err))
			continue
		}
		u.devices = append(u.devices, dev)
	}
	for _, b := range in.BypassCodes {
		if !isPasscode(b.Code) {
			errs = append(errs, badValue("bypass_codes", "a bypass code has 4 to 20 digits"))
		}
		u.bypass = append(u.bypass, &bypassCode{code: b.Code, reusable: b.Reusable})
	}
	switch in.State {
	case "":
		u.state = Active
		if len(u.devices) == 0 && len(u.bypass) == 0 {
			u.state = Unenrolled
		}
	case Active, Bypass, LockedOut, Disabled, Unenrolled:
	default:
		errs = append(errs, badState(in.State))
	}
	return u, errors.Join(errs...)
}

func badState(s State) error {
	return badValue("state", "state %q must be active, bypass, locked_out, disabled or unenrolled", s)
}

func newDevice(random io.Reader, in Device) (*device, error) {
	d := &device{id: in.ID, kind: in.Type, name: in.Name, platform: in.Platform, number: in.Number}
	if d.kind == "" {
		d.kind = Phone
	}
	prefix := map[DeviceType]string{Phone: "DP", Token: "DH"}[d.kind]
	if prefix == "" {
		return nil, badValue("type", "type %q must be phone or token", in.Type)
	}
	var errs []error
	for field, text := range map[string]string{"name": in.Name, "platform": in.Platform, "number": in.Number} {
		if text != "" {
			errs = append(errs, checkName(field, text))
		}
	}
	errs = append(errs, fillID(random, &d.id, "device", prefix), d.fillCapabilities(in.Capabilities))
	if d.kind == Token || slices.Contains(d.can, CanOTP) {
		var err error
		d.otp, err = newOTP(random, in.OTP, d.kind)
		errs = append(errs, err)
	} else if in.OTP != nil {
		errs = append(errs, badValue("otp", "a phone with otp needs the capability mobile_otp"))
	}
	return d, errors.Join(errs...)
}

func (d *device) fillCapabilities(given []Capability) error {
	if d.kind == Token {
		if len(given) > 0 {
			return badValue("capabilities", "a token has no capabilities to choose")
		}
		return nil
	}
	if given == nil {
		given = []Capability{CanPush, CanOTP}
		if d.number != "" {
			given = append(given, CanSMS, CanPhone)
		}
	}
	for _, c := range given {
		if c != CanPush && c != CanSMS && c != CanPhone && c != CanOTP {
			return badValue("capabilities", "capability %q must be push, phone, sms or mobile_otp", c)
		}
		if (c == CanSMS || c == CanPhone) && d.number == "" {
			return badValue("capabilities", "capability %q needs a number", c)
		}
	}
	for _, c := range []Capability{CanAuto, CanPush, CanSMS, CanPhone, CanOTP} {
		auto := c == CanAuto && (slices.Contains(given, CanPush) || slices.Contains(given, CanPhone))
		if auto || slices.Contains(given, c) {
			d.can = append(d.can, c)
		}
	}
	return nil
}

// able reports whether the device can do it.
func (d *device) able(c Capability) bool { return slices.Contains(d.can, c) }

// masked is the number as replies show it, "" without one.
func (d *device) masked() string {
	var tail []byte
	for i := len(d.number) - 1; i >= 0 && len(tail) < 4; i-- {
		if c := d.number[i]; c >= '0' && c <= '9' {
			tail = append([]byte{c}, tail...)
		}
	}
	if len(tail) == 0 {
		return ""
	}
	return "XXX-XXX-" + string(tail)
}

// label is how a menu calls the device: by its number, else by its name.
func (d *device) label() string {
	if n := d.masked(); n != "" {
		return n
	}
	switch {
	case d.name != "" && d.platform != "":
		return d.name + " (" + d.platform + ")"
	case d.name != "":
		return d.name
	case d.platform != "":
		return d.platform
	default:
		return "phone"
	}
}

// displayName is the device's name for a list: name or platform, and number.
func (d *device) displayName() string {
	title := d.name
	if title == "" {
		title = d.platform
	}
	switch n := d.masked(); {
	case n == "":
		return d.label()
	case title == "":
		return n
	default:
		return title + " (" + n + ")"
	}
}

func checkName(field, s string) error {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.ContainsFunc(s, unicode.IsControl) {
		return badValue(field, "%s must have 1 to %d bytes of printable text without blanks around it", field, maxName)
	}
	return nil
}

// fillID checks a given id or makes one up.
func fillID(random io.Reader, id *string, field, prefix string) error {
	if *id == "" {
		tail, err := randomText(random, ikeyLength-len(prefix), upperAlnum)
		*id = prefix + tail
		return err
	}
	if !hasForm(*id, prefix, ikeyLength, upperAlnum) {
		return badValue(field, "%s must be %s and %d letters A-Z or digits", field, prefix, ikeyLength-len(prefix))
	}
	return nil
}

func hasForm(s, prefix string, length int, alphabet string) bool {
	return len(s) == length && strings.HasPrefix(s, prefix) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(alphabet, r) })
}

func isPasscode(s string) bool {
	return len(s) >= 4 && len(s) <= 20 && strings.Trim(s, digits) == ""
}
