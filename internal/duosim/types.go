package duosim

import (
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/duoplane/duoplane/internal/secret"
)

// A Secret is a key on its way in, from a seed file or a control request. It
// can be read and never be written or printed.
type Secret struct{ secret.Text }

// UnmarshalText takes the text as it stands.
func (s *Secret) UnmarshalText(b []byte) error {
	s.Text = secret.NewText(string(b))
	return nil
}

// A Duration is a time span written like "25s", "1m30s" or "-400s".
type Duration time.Duration

// UnmarshalText reads the form of time.ParseDuration.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a time span like 2s or 1m30s", b)
	}
	*d = Duration(v)
	return nil
}

// UnmarshalYAML adds the line to what UnmarshalText says.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a time span like 2s", node.Line)
	}
	if err := d.UnmarshalText([]byte(node.Value)); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	return nil
}

// MarshalText writes the form of time.Duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the form of time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }

// A Kind is the kind of application an integration key belongs to.
type Kind string

// The kinds that differ in what they may call.
const (
	KindAuth  Kind = "auth"  // may call the Auth API, as a UNIX application does
	KindOther Kind = "other" // any other: its key is good and answered with 40301
)

// An Integration is one protected application: the pair of keys a client signs
// with.
type Integration struct {
	// Name is for people; the default is the kind.
	Name string `yaml:"name" json:"name"`
	// IKey is the integration key: DI and 18 of A-Z and 0-9. Empty: made up.
	IKey string `yaml:"integration_key" json:"integration_key"`
	// SKey is the secret key: 40 letters and digits. Empty: made up.
	SKey Secret `yaml:"secret_key" json:"secret_key"`
	// Kind is auth (the default) or other.
	Kind Kind `yaml:"kind" json:"kind"`
	// Off makes the key unknown to the service (40102), as a deleted
	// application's is.
	Off bool `yaml:"off" json:"off"`
}

// A State is where a user stands with Duo.
type State string

// The states.
const (
	Active     State = "active"     // asked for a second factor
	Bypass     State = "bypass"     // let in without one
	LockedOut  State = "locked_out" // refused: too many failures
	Disabled   State = "disabled"   // refused by the administrator
	Unenrolled State = "unenrolled" // known by name, has no device yet
)

// A User is one person as Duo knows them.
type User struct {
	// Name is compared without regard to letter case.
	Name string `yaml:"name" json:"name"`
	// ID is DU and 18 of A-Z and 0-9. Empty: made up.
	ID string `yaml:"user_id" json:"user_id"`
	// RealName is shown on the phone page alone.
	RealName string `yaml:"real_name" json:"real_name"`
	// State is active by default, unenrolled when there is neither a device
	// nor a bypass code.
	State State `yaml:"state" json:"state"`
	// Failures counts towards the lock-out.
	Failures int `yaml:"failures" json:"failures"`
	// VerifiedPush is the number of digits of the codes of this user's pushes
	// (3 to 6); 0 leaves it to the setting of the same name.
	VerifiedPush int `yaml:"verified_push" json:"verified_push"`
	// Devices are phones and tokens, in the order the menu lists them.
	Devices []Device `yaml:"devices" json:"devices"`
	// BypassCodes are passcodes an administrator handed out.
	BypassCodes []BypassCode `yaml:"bypass_codes" json:"bypass_codes"`
}

// A BypassCode is a passcode of 4 to 20 digits, good once, or for ever when
// Reusable.
type BypassCode struct {
	Code     string `yaml:"code" json:"code"`
	Reusable bool   `yaml:"reusable" json:"reusable"`
}

// A DeviceType is phone or token.
type DeviceType string

// The device types.
const (
	Phone DeviceType = "phone" // also a tablet, which has no number
	Token DeviceType = "token" // makes passcodes and nothing else
)

// A Capability is one thing a device can do.
type Capability string

// The capabilities, in the order replies list them.
const (
	CanAuto  Capability = "auto" // has push or phone; never written in a seed
	CanPush  Capability = "push"
	CanSMS   Capability = "sms"
	CanPhone Capability = "phone"
	CanOTP   Capability = "mobile_otp"
)

// A Device is a phone or a token of a user.
type Device struct {
	// ID is DP (phone) or DH (token) and 18 of A-Z and 0-9. Empty: made up.
	ID string `yaml:"device" json:"device"`
	// Type is phone by default.
	Type DeviceType `yaml:"type" json:"type"`
	// Name is what the user calls it; a token's is its serial number.
	Name string `yaml:"name" json:"name"`
	// Platform is shown beside the name: iOS, Android.
	Platform string `yaml:"platform" json:"platform"`
	// Number is the telephone number; replies show its last four digits.
	Number string `yaml:"number" json:"number"`
	// Capabilities of a phone: by default push and mobile_otp, and with a
	// number sms and phone as well.
	Capabilities []Capability `yaml:"capabilities" json:"capabilities"`
	// OTP is the passcode generator of a token, or of a phone that has
	// mobile_otp. By default a token has a fresh hotp, a phone a fresh totp.
	OTP *OTP `yaml:"otp" json:"otp"`
}

// An OTP is a generator of one-time passcodes.
type OTP struct {
	// Kind is hotp (by counter, RFC 4226) or totp (by time, RFC 6238).
	Kind string `yaml:"kind" json:"kind"`
	// Secret is base32 text, as authenticator apps take it. Empty: made up.
	Secret Secret `yaml:"secret" json:"secret"`
	// Digits is 6 (the default), 7 or 8.
	Digits int `yaml:"digits" json:"digits"`
	// Counter of hotp is the number of the next code.
	Counter uint64 `yaml:"counter" json:"counter"`
}

// A Policy is what happens to users nobody knows.
type Policy string

// The policies for unknown users.
const (
	PolicyEnroll Policy = "enroll" // they get a link to enrol
	PolicyAllow  Policy = "allow"  // they get in without a second factor
	PolicyDeny   Policy = "deny"   // they do not get in
)

// Settings govern the service as a whole.
type Settings struct {
	// Strict allows only what Duo's service allows today: signatures on
	// /auth/v2 must cover a date, and a client that said it can show a
	// verified push's code must bring its txid.
	Strict bool `yaml:"strict" json:"strict"`
	// AutoApprove makes every phone say yes by itself.
	AutoApprove bool `yaml:"auto_approve" json:"auto_approve"`
	// AutoApproveDelay is how long the phone takes for it.
	AutoApproveDelay Duration `yaml:"auto_approve_delay" json:"auto_approve_delay"`
	// UnknownUsers is enroll (the default), allow or deny.
	UnknownUsers Policy `yaml:"unknown_users" json:"unknown_users"`
	// LockoutAfter is the number of failures in a row that lock a user out;
	// 0 for never. Default 10.
	LockoutAfter int `yaml:"lockout_after" json:"lockout_after"`
	// VerifiedPush is the number of digits (3 to 6) of the code that is to be
	// typed into the phone; 0, the default, for ordinary pushes.
	VerifiedPush int `yaml:"verified_push" json:"verified_push"`
	// SMSBatch is the number of passcodes in one message, 1 to 10. Default 10.
	SMSBatch int `yaml:"sms_batch" json:"sms_batch"`
	// ClockShift is how far the service's clock is ahead of this machine's; it
	// moves ping's time and the check of dates, not the passcodes.
	ClockShift Duration `yaml:"clock_shift" json:"clock_shift"`
	// MaxSkew is how far a request's date may be off. Default 5m.
	MaxSkew Duration `yaml:"max_skew" json:"max_skew"`
	// PollHold is how long a poll waits for news. Default 25s.
	PollHold Duration `yaml:"poll_hold" json:"poll_hold"`
	// PushLife is how long a person has to answer. Default 60s.
	PushLife Duration `yaml:"push_life" json:"push_life"`
}

// DefaultSettings are the settings of a simulator that was told none.
func DefaultSettings() Settings {
	return Settings{
		UnknownUsers: PolicyEnroll,
		LockoutAfter: 10,
		SMSBatch:     10,
		MaxSkew:      Duration(5 * time.Minute),
		PollHold:     Duration(25 * time.Second),
		PushLife:     Duration(time.Minute),
	}
}

func (s Settings) check() error {
	var errs []error
	bad := func(field, want string) {
		errs = append(errs, badValue("settings."+field, "%s must be %s", field, want))
	}
	switch s.UnknownUsers {
	case PolicyEnroll, PolicyAllow, PolicyDeny:
	default:
		bad("unknown_users", "enroll, allow or deny")
	}
	if s.LockoutAfter < 0 {
		bad("lockout_after", "0 or more")
	}
	if !verifiedDigits(s.VerifiedPush) {
		bad("verified_push", "0, or 3 to 6")
	}
	if s.SMSBatch < 1 || s.SMSBatch > 10 {
		bad("sms_batch", "1 to 10")
	}
	for field, d := range map[string]Duration{"max_skew": s.MaxSkew, "poll_hold": s.PollHold, "push_life": s.PushLife} {
		if d <= 0 || d > Duration(time.Hour) {
			bad(field, "more than 0 and at most 1h")
		}
	}
	if s.AutoApproveDelay < 0 || s.AutoApproveDelay > Duration(time.Hour) {
		bad("auto_approve_delay", "0 to 1h")
	}
	return errors.Join(errs...)
}

func verifiedDigits(n int) bool { return n == 0 || n >= 3 && n <= 6 }
