// Package fault holds the one error type of Duoplane. Whoever notices that a
// request cannot be met says so with an Error: what kind it is, which field is
// to blame and what to do about it. The edges turn the kind into their own
// form once (an ONTAP code and an HTTP status, a line of the command shell);
// nothing in between rewrites it.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// An Error is a refusal or a failure that may be shown to whoever asked.
// The zero value is not useful; build one with New or Wrap.
type Error struct {
	// Code is the kind of trouble. Edges and metrics switch on it, never on Msg.
	Code Code
	// Target is the REST path of the field at fault ("owner.uuid",
	// "max_prompts"), or "" when no single field is.
	Target string
	// Msg is one English sentence for the person who asked. It never holds a
	// secret and never the text of Err.
	Msg string
	// After is how long to wait before trying again, where the one who refuses
	// knows; else 0.
	After time.Duration
	// Err is the cause for the operator's log. It is never sent to a client.
	Err error
}

// New returns an Error without a cause. The message is formatted as by
// fmt.Sprintf; target may be "".
func New(code Code, target, format string, args ...any) *Error {
	return &Error{Code: code, Target: target, Msg: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause kept for the log.
func Wrap(cause error, code Code, target, format string, args ...any) *Error {
	e := New(code, target, format, args...)
	e.Err = cause
	return e
}

// Error returns the message followed by the cause: it is meant for logs.
// What may be shown to a client is Msg alone.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first Error in err's tree, Internal when
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
