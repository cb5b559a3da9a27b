package duoapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/duoplane/duoplane/internal/secret"
)

// An EnrollRequest asks for a new user. Everything is optional.
type EnrollRequest struct {
	Username    string        // "": Duo makes one up
	Valid       time.Duration // how long the activation is good, in whole seconds; 0: Duo's default
	BypassCodes int           // how many bypass codes to hand out at once
}

// An EnrollReply is a user who still has to activate a phone. Whoever holds
// the code, or a URL with it, can become that user's phone.
type EnrollReply struct {
	UserID, Username  string
	ActivationCode    secret.Text
	ActivationBarcode string // URL of a picture of the code, for the user
	ActivationURL     string // for the user's phone; "" from older services
	Expiration        time.Time
	BypassCodes       []secret.Text
}

// Enroll creates a user. It is sent at most once. A name that exists is
// KindRejected with code 40002.
func (c *Client) Enroll(ctx context.Context, in EnrollRequest) (EnrollReply, error) {
	var p params
	p = p.add("username", in.Username)
	if in.Valid > 0 {
		p = p.add("valid_secs", strconv.FormatInt(int64(in.Valid/time.Second), 10))
	}
	if in.BypassCodes > 0 {
		p = p.add("bypass_codes", strconv.Itoa(in.BypassCodes))
	}
	r := request{call: CallEnroll, method: http.MethodPost, params: p, once: true}
	res, err := c.do(ctx, r)
	if err != nil {
		return EnrollReply{}, err
	}
	out, err := readEnroll(response(res))
	if err != nil {
		return EnrollReply{}, malformed(r, res, err)
	}
	return out, nil
}

func readEnroll(v raw) (EnrollReply, error) {
	d := decode(v, "response")
	out := EnrollReply{
		UserID:            d.must("user_id"),
		Username:          d.text("username"),
		ActivationCode:    secret.NewText(d.must("activation_code")),
		ActivationBarcode: d.text("activation_barcode"),
		ActivationURL:     d.text("activation_url"),
	}
	if seconds := d.number("expiration"); seconds > 0 && seconds <= maxUnix {
		out.Expiration = time.Unix(seconds, 0)
	}
	for _, item := range d.list("bypass_codes") {
		code, ok := item.digits()
		if !ok {
			d.fail("bypass_codes", "is not a list of codes")
		}
		out.BypassCodes = append(out.BypassCodes, secret.NewText(code))
	}
	if d.err != nil {
		return EnrollReply{}, d.err
	}
	return out, nil
}

// An EnrollState is how an enrolment stands.
type EnrollState string

// The states of an enrolment. No other reaches the caller.
const (
	EnrollSuccess EnrollState = "success" // a phone is activated
	EnrollInvalid EnrollState = "invalid" // unknown or out of date
	EnrollWaiting EnrollState = "waiting"
)

var errEnrollState = errors.New(`the field "response" is not a known state`)

// EnrollStatus asks whether the user has activated a phone. Repeated as Check
// is.
func (c *Client) EnrollStatus(ctx context.Context, userID string, code secret.Text) (EnrollState, error) {
	if userID == "" || code.IsZero() {
		return "", refuse(CallEnrollStatus, "a user id and an activation code are needed")
	}
	r := request{
		call: CallEnrollStatus, method: http.MethodPost,
		params:  params{{"user_id", userID}, {"activation_code", code.Reveal()}},
		secrets: []secret.Text{code},
	}
	res, err := c.do(ctx, r)
	if err != nil {
		return "", err
	}
	var word string
	if json.Unmarshal(response(res), &word) == nil {
		switch state := EnrollState(word); state {
		case EnrollSuccess, EnrollInvalid, EnrollWaiting:
			return state, nil
		}
	}
	return "", malformed(r, res, errEnrollState)
}
