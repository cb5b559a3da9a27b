package record

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/fault"
)

// maxEcho is how many bytes of what a caller gave a message repeats.
const maxEcho = 64

// echo makes what a caller gave fit for a message: short, on one line, without
// anything that could steer a terminal.
func echo(given string) string {
	var b strings.Builder
	for i, r := range given {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			size = 1
		}
		switch {
		case i+size > maxEcho:
			return b.String() + "…"
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// badValue refuses a value by what the declaration says of the field.
func (sh *shape) badValue(given string) *fault.Error {
	if sh.hidden() {
		return fault.New(fault.BadValue, sh.path, "The value given is invalid for field \"%s\" (%s)", sh.path, sh.syntax())
	}
	return invalid(fault.BadValue, given, sh.path, sh.syntax())
}

// badReason refuses a value by a rule that the message tells.
func (sh *shape) badReason(given, reason string) *fault.Error {
	if sh.hidden() {
		return fault.New(fault.BadReason, sh.path, "The value given is invalid for field \"%s\": %s", sh.path, reason)
	}
	return fault.New(fault.BadReason, sh.path, "The value \"%s\" is invalid for field \"%s\": %s", echo(given), sh.path, reason)
}

// duplicate refuses an element that an array holds already.
func (sh *shape) duplicate(element Value) *fault.Error {
	if sh.hidden() {
		return fault.New(fault.DuplicateValue, sh.path, "A value is given more than once in field \"%s\".", sh.path)
	}
	return fault.New(fault.DuplicateValue, sh.path, "The value \"%s\" is given more than once in field \"%s\".", echo(element.String()), sh.path)
}

// twice refuses a second value for one field or parameter.
func (sh *shape) twice(first, second string) *fault.Error {
	if sh.hidden() {
		return fault.New(fault.TwiceField, sh.path, "Field \"%s\" was specified twice.", sh.path)
	}
	return twice(sh.path, first, second)
}

func twice(name, first, second string) *fault.Error {
	return fault.New(fault.TwiceField, name, "Field \"%s\" was specified twice (to \"%s\" and \"%s\").", name, echo(first), echo(second))
}

// invalid is ONTAP's sentence on a value; syntax says what would be valid.
func invalid(code fault.Code, given, target, syntax string) *fault.Error {
	return fault.New(code, target, "The value \"%s\" is invalid for field \"%s\" (%s)", echo(given), target, syntax)
}

// unexpected refuses a name that means nothing here.
func unexpected(name string) *fault.Error {
	name = echo(name)
	return fault.New(fault.UnknownField, name, "Unexpected argument \"%s\"", name)
}

func notSettable(path string) *fault.Error {
	return fault.New(fault.NotSettable, path, "Field \"%s\" cannot be set in this operation", path)
}

func missing(path string) *fault.Error {
	return fault.New(fault.MissingField, path, "Field \"%s\" is required.", path)
}

func notReadable(path, target string) *fault.Error {
	return fault.New(fault.NotReadable, target, "Field \"%s\" cannot be read.", path)
}
