package duoapi

import (
	"context"
	"net/http"

	"github.com/duoplane/duoplane/internal/secret"
)

// A Factor is a way to prove who one is.
type Factor string

// The factors.
const (
	FactorAuto     Factor = "auto"     // Duo chooses; needs a device
	FactorPush     Factor = "push"     // needs a device
	FactorPhone    Factor = "phone"    // needs a device
	FactorSMS      Factor = "sms"      // sends codes and ends in a deny; needs a device
	FactorPasscode Factor = "passcode" // needs a passcode
	FactorPrompt   Factor = "prompt"   // what the user typed into a Prompt; undocumented
)

// DeviceAuto stands for whichever device Duo thinks best.
const DeviceAuto = "auto"

// An AuthRequest asks for one attempt at a second factor. Exactly one of
// Username and UserID is set, and Factor; all else depends on it.
type AuthRequest struct {
	Username, UserID string
	Factor           Factor
	IPAddr, Hostname string
	// Async asks for a transaction at once instead of the outcome later.
	Async bool
	// Device is a Device.ID or DeviceAuto.
	Device string
	// Passcode is a code of a token, an SMS or the app, or a bypass code.
	Passcode secret.Text
	// Type is the word before "request" in the app; "" is Duo's "Login".
	Type string
	// DisplayUsername is the name shown in the app; "" is Duo's own.
	DisplayUsername string
	// PushInfo is shown in the app.
	PushInfo PushInfo
	// TxID is that of PreauthReply, for a verified push.
	TxID string
	// Prompt is a value of Prompt.Factors or what the user typed, which may
	// be a passcode; for FactorPrompt.
	Prompt secret.Text
}

// A Result is the state of an attempt.
type Result string

// The results of an attempt. No other reaches the caller: an unknown one is
// KindMalformed.
const (
	Waiting Result = "waiting"
	Allow   Result = "allow"
	Deny    Result = "deny"
)

// A State is how an attempt stands. Texts are as Duo sent them: whoever shows
// them takes care of control characters.
type State struct {
	// Result is the one field to decide on.
	Result Result
	// Status is a finer word: pushed, push_failed, calling, answered,
	// timeout, fraud, deny, locked_out, sent, allow, bypass, or another.
	Status string
	// StatusMsg is for the user, Reason an undocumented word for the log.
	StatusMsg, Reason string
	// TrustedDeviceToken spares the device the next second factor.
	TrustedDeviceToken secret.Text
}

// An AuthReply is a transaction to follow with AuthStatus (Async), or the
// outcome.
type AuthReply struct {
	// TxID names the transaction; "" unless Async.
	TxID string
	// State is the outcome, Allow or Deny; zero if Async.
	State
}

// Auth starts one attempt. It is sent at most once whatever happens; after an
// error the push may have reached the user all the same.
func (c *Client) Auth(ctx context.Context, in AuthRequest) (AuthReply, error) {
	if why := in.problem(); why != "" {
		return AuthReply{}, refuse(CallAuth, why)
	}
	r := request{
		call: CallAuth, method: http.MethodPost, params: in.params(),
		secrets: []secret.Text{in.Passcode, in.Prompt},
		held:    !in.Async, once: true,
	}
	res, err := c.do(ctx, r)
	if err != nil {
		return AuthReply{}, err
	}
	out, err := readAuth(response(res), in.Async)
	if err != nil {
		return AuthReply{}, malformed(r, res, err)
	}
	return out, nil
}

func (in AuthRequest) problem() string {
	if (in.Username == "") == (in.UserID == "") {
		return "exactly one of user name and user id is needed"
	}
	if len(in.PushInfo.Encode()) >= maxPushInfo {
		return "the push information is too long"
	}
	switch in.Factor {
	case FactorAuto, FactorPush, FactorPhone, FactorSMS:
		if in.Device == "" {
			return "the factor needs a device"
		}
	case FactorPasscode:
		if in.Passcode.IsZero() {
			return "the factor needs a passcode"
		}
	case FactorPrompt:
		if in.Prompt.IsZero() {
			return "the factor needs a prompt"
		}
	default:
		return "the factor is unknown"
	}
	return ""
}

func (in AuthRequest) params() params {
	var p params
	return p.add("username", in.Username).add("user_id", in.UserID).
		add("factor", string(in.Factor)).
		add("ipaddr", in.IPAddr).add("hostname", in.Hostname).
		flag("async", in.Async).
		add("device", in.Device).add("passcode", in.Passcode.Reveal()).
		add("type", in.Type).add("display_username", in.DisplayUsername).
		add("pushinfo", in.PushInfo.Encode()).
		add("txid", in.TxID).add("prompt", in.Prompt.Reveal())
}

// maxTxID is the longest transaction name Duo Unix takes.
const maxTxID = 255

func readAuth(v raw, async bool) (AuthReply, error) {
	if !async {
		state, err := readState(v, Allow, Deny)
		return AuthReply{State: state}, err
	}
	d := decode(v, "response")
	out := AuthReply{TxID: d.must("txid")}
	if len(out.TxID) > maxTxID {
		d.fail("txid", "is too long")
	}
	if d.err != nil {
		return AuthReply{}, d.err
	}
	return out, nil
}

// AuthStatus asks how an attempt stands. Duo answers the first call at once
// and later ones when something changes, or after a while of its own. The
// caller bounds how often and how long to ask. Repeated as Check is.
func (c *Client) AuthStatus(ctx context.Context, txid string) (State, error) {
	if txid == "" {
		return State{}, refuse(CallAuthStatus, "a transaction is needed")
	}
	r := request{
		call: CallAuthStatus, method: http.MethodGet,
		params: params{{"txid", txid}}, held: true,
	}
	res, err := c.do(ctx, r)
	if err != nil {
		return State{}, err
	}
	out, err := readState(response(res), Waiting, Allow, Deny)
	if err != nil {
		return State{}, malformed(r, res, err)
	}
	return out, nil
}

// readState asks for a known result and, before it lets anybody in, for all
// else to be sound.
func readState(v raw, known ...Result) (State, error) {
	d := decode(v, "response")
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	out := State{
		Result:             Result(d.word("result", words...)),
		Status:             d.text("status"),
		StatusMsg:          d.text("status_msg"),
		Reason:             d.text("reason"),
		TrustedDeviceToken: secret.NewText(d.text("trusted_device_token")),
	}
	if d.err != nil && out.Result != Deny {
		return State{}, d.err
	}
	return out, nil
}
