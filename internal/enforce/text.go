package enforce

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds a text of Duo's on its way to a terminal, in bytes.
const maxText = 4096

// printable makes a text of the other side safe for a terminal: control and
// formatting characters, among them escape sequences and changes of writing
// direction, become "?". Line breaks stay.
func printable(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == utf8.RuneError, unicode.Is(unicode.C, r), r == '\u2028', r == '\u2029':
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// oneLine is printable without line breaks and cut to a length, for values
// among others.
func oneLine(s string, limit int) string {
	s = strings.ReplaceAll(printable(s), "\n", "?")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
