package duoapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/duoplane/duoplane/internal/secret"
)

var errNoImage = errors.New("the body is not an image")

// response is the envelope's inner value of a reply that judge let pass.
func response(res reply) raw {
	env, _ := readEnvelope(res.body)
	return env.response
}

// malformed is the error of a reply whose envelope is sound and whose
// response is not.
func malformed(r request, res reply, err error) *Error {
	return &Error{Call: r.call, Step: StepReply, Kind: KindMalformed, HTTP: res.status, Detail: err.Error()}
}

// refuse is the error of a request that is not worth sending.
func refuse(call Call, why string) *Error {
	return &Error{Call: call, Kind: KindInvalid, Detail: why}
}

// A PreauthRequest asks what is to be done for a user. Exactly one of
// Username and UserID is set; all else is optional.
type PreauthRequest struct {
	Username, UserID string
	// IPAddr is where the user comes from; without it Duo's address policies
	// have no effect.
	IPAddr string
	// Hostname is the machine being entered.
	Hostname string
	// TrustedDeviceToken is what an earlier State handed out.
	TrustedDeviceToken secret.Text
	// VerifiedPush says that a code can be shown to the user.
	VerifiedPush bool
	// TextPrompt asks for PreauthReply.Prompt, as Duo Unix does; undocumented.
	TextPrompt bool
	// FailMode is "open", "closed" or "", for Duo's information; undocumented.
	FailMode string
}

// A PreauthResult is Duo's answer to a PreauthRequest.
type PreauthResult string

// The results of preauth. No other reaches the caller: an unknown one is
// KindMalformed.
const (
	PreauthAuth   PreauthResult = "auth"   // the user has to prove a second factor
	PreauthAllow  PreauthResult = "allow"  // let in without one
	PreauthDeny   PreauthResult = "deny"   // not to be let in
	PreauthEnroll PreauthResult = "enroll" // has to enrol at EnrollPortalURL first
)

// A PreauthReply is what Duo knows about the user. Texts are as Duo sent
// them: whoever shows them takes care of control characters.
type PreauthReply struct {
	Result    PreauthResult
	StatusMsg string   // for the user
	Devices   []Device // for PreauthAuth, in Duo's order
	// EnrollPortalURL is where the user enrols, for PreauthEnroll; good for
	// five minutes.
	EnrollPortalURL string
	// TxID goes into the AuthRequest of a verified push and VerificationCode,
	// 3 to 6 digits, is shown to the user before it. Both are "" when Duo
	// wants no verified push. Expiration is their lifetime as Duo sent it, in
	// seconds.
	TxID, VerificationCode string
	Expiration             int64
	// Prompt is there if TextPrompt asked for it.
	Prompt *Prompt
}

// A Prompt is a ready-made menu. Factors maps what a user may type, and the
// word "default", to a value for AuthRequest.Prompt.
type Prompt struct {
	Text    string
	Factors map[string]string
}

// A Capability is something a device can do.
type Capability string

// The capabilities Duo documents; a Device may carry others.
const (
	CanAuto      Capability = "auto"
	CanPush      Capability = "push"
	CanSMS       Capability = "sms"
	CanPhone     Capability = "phone"
	CanMobileOTP Capability = "mobile_otp"
)

// A Device is a phone or token of the user.
type Device struct {
	ID           string // 20 characters; DP… a phone, DH… a token
	Type         string // "phone" or "token"
	Name         string // given by the user; may be ""
	Number       string // masked, XXX-XXX-1234; "" without one
	DisplayName  string // for a menu
	Capabilities []Capability
	SMSNextCode  string // the first digit of the next SMS passcode; "" if none is out
}

// Can reports whether the device has the capability.
func (d Device) Can(what Capability) bool { return slices.Contains(d.Capabilities, what) }

// Preauth asks what is to be done for a user. It changes nothing at Duo.
// Repeated as Check is.
func (c *Client) Preauth(ctx context.Context, in PreauthRequest) (PreauthReply, error) {
	if (in.Username == "") == (in.UserID == "") {
		return PreauthReply{}, refuse(CallPreauth, "exactly one of user name and user id is needed")
	}
	var p params
	p = p.add("username", in.Username).add("user_id", in.UserID).
		add("ipaddr", in.IPAddr).add("hostname", in.Hostname).
		add("trusted_device_token", in.TrustedDeviceToken.Reveal()).
		flag("client_supports_verified_push", in.VerifiedPush).
		flag("text_prompt", in.TextPrompt).add("failmode", in.FailMode)
	r := request{
		call: CallPreauth, method: http.MethodPost, params: p,
		secrets: []secret.Text{in.TrustedDeviceToken},
	}
	res, err := c.do(ctx, r)
	if err != nil {
		return PreauthReply{}, err
	}
	out, err := readPreauth(response(res))
	if err != nil {
		return PreauthReply{}, malformed(r, res, err)
	}
	return out, nil
}

// readPreauth asks for a known result, and for all else to be sound only if
// that is "allow". A "deny" without a message or an "auth" with a strange
// device is still no pass, and must not become an error that looks like an
// outage, during which a policy may let people in; what is broken is left out.
func readPreauth(v raw) (PreauthReply, error) {
	d := decode(v, "response")
	out := PreauthReply{
		Result:           PreauthResult(d.word("result", "auth", "allow", "deny", "enroll")),
		StatusMsg:        d.text("status_msg"),
		EnrollPortalURL:  d.text("enroll_portal_url"),
		TxID:             d.text("txid"),
		VerificationCode: d.digits("verification_code"),
		Expiration:       d.number("expiration"),
	}
	for _, item := range d.list("devices") {
		device, err := readDevice(item)
		if err != nil {
			d.fail("devices", "holds something that is not a device")
			continue
		}
		out.Devices = append(out.Devices, device)
	}
	if v := d.object["prompt"]; !v.absent() {
		var err error
		if out.Prompt, err = readPrompt(v); err != nil && d.err == nil {
			d.err = err
		}
	}
	if d.err != nil && (out.Result == "" || out.Result == PreauthAllow) {
		return PreauthReply{}, d.err
	}
	return out, nil
}

func readDevice(v raw) (Device, error) {
	d := decode(v, "devices")
	out := Device{
		ID:          d.must("device"),
		Type:        d.text("type"),
		Name:        d.text("name"),
		Number:      d.text("number"),
		DisplayName: d.text("display_name"),
		SMSNextCode: d.digits("sms_nextcode"),
	}
	for _, word := range d.texts("capabilities") {
		out.Capabilities = append(out.Capabilities, Capability(word))
	}
	return out, d.err
}

func readPrompt(v raw) (*Prompt, error) {
	d := decode(v, "prompt")
	out := &Prompt{Text: d.text("text"), Factors: make(map[string]string)}
	if v := d.object["factors"]; !v.absent() {
		factors, err := readObject(v)
		if err != nil {
			return nil, fmt.Errorf("the field %q is not an object", "prompt.factors")
		}
		names := decoder{object: factors}
		for key := range factors {
			out.Factors[key] = names.text(key)
		}
		if names.err != nil {
			return nil, fmt.Errorf("the field %q holds something else than texts", "prompt.factors")
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return out, nil
}
