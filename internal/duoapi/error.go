package duoapi

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A Step is a part of a call, in the order they happen.
type Step string

// The steps of a call.
const (
	StepLookup  Step = "lookup"  // resolving the name of the API host, or of the proxy if there is one
	StepConnect Step = "connect" // the TCP connection to that address
	StepProxy   Step = "proxy"   // asking the proxy for a tunnel
	StepTLS     Step = "tls"     // the TLS handshake with the API host
	StepReply   Step = "reply"   // sending the request, waiting for the reply and reading it
)

// An Error tells how a call failed. It may be shown: no field holds a secret,
// and texts of the other side are cut and freed from control characters.
type Error struct {
	// Call is the call that failed, "" for New.
	Call Call
	// Step is how far it came, "" when nothing was begun.
	Step Step
	// Kind is what went wrong.
	Kind Kind
	// HTTP is the status of the reply, of the proxy's if Step is StepProxy, 0
	// without one.
	HTTP int
	// Code is Duo's own five-digit code, 0 when none was given.
	Code int
	// Message and MessageDetail are Duo's words beside Code.
	Message, MessageDetail string
	// Detail is ours, for an administrator: which address, name or field.
	Detail string
	// RetryAfter is how long to wait after HTTP 429; 0 when Duo did not say.
	RetryAfter time.Duration
	asked      bool // RetryAfter was given, though it may be 0

	// Err is the cause, for errors.Is and errors.As. It is nil where its text
	// would quote the other side.
	Err error
}

// KindOf returns the Kind of the first Error in err's tree, "" when there is
// none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// Reason is the kind's reason followed by what is known in numbers, such as
// "Request is rejected (HTTP 403, code 40301)".
func (e *Error) Reason() string {
	var known []string
	if e.Kind == KindTimeout && e.Step != "" {
		known = append(known, "step "+string(e.Step))
	}
	if e.HTTP != 0 {
		known = append(known, "HTTP "+strconv.Itoa(e.HTTP))
	}
	if e.Code != 0 {
		known = append(known, "code "+strconv.Itoa(e.Code))
	}
	if len(known) == 0 {
		return e.reason()
	}
	return e.reason() + " (" + strings.Join(known, ", ") + ")"
}

// reason is the kind's, but a proxy that is not there is told apart from one
// that lets nothing through: the step says which it is.
func (e *Error) reason() string {
	switch {
	case e.Kind == KindProxy && e.Step == StepLookup:
		return "Proxy name cannot be resolved"
	case e.Kind == KindProxy && e.Step == StepConnect:
		return "Proxy cannot be reached"
	}
	return e.Kind.Reason()
}

// Error returns one line for a log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("duo")
	if e.Call != "" {
		b.WriteString(" " + string(e.Call))
	}
	b.WriteString(": " + e.Reason())
	for _, part := range []string{e.Message, e.MessageDetail, e.Detail} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// maxText bounds what an Error repeats of the other side's words, in runes.
const maxText = 200

// clean makes text of the other side fit to show: one line, of bounded
// length, and without any of the secrets that went along with the request.
// The secrets are taken out first, or a cut could leave half of one.
func clean(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > maxText {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
