package rest

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/fault"
)

// maxSegments bounds the depth of a path. The deepest of ours has seven
// segments; what is deeper than this names nothing.
const maxSegments = 16

// splitPath returns the decoded segments of a request's path in the given
// slice. The path is split before it is decoded, so a key may hold a slash as
// %2F, and dot segments are resolved before decoding too, so a key may be ".."
// as %2E%2E. Empty segments (a doubled or trailing slash) are dropped.
//
// net/url sets RawPath only where decoding loses something; without it the
// decoded path has the same slashes and dots as the one on the wire.
func splitPath(u *url.URL, segments []string) ([]string, error) {
	path, encoded := u.Path, u.RawPath != ""
	if encoded {
		path = u.RawPath
	}
	for len(path) > 0 {
		segment := path
		if i := strings.IndexByte(path, '/'); i >= 0 {
			segment, path = path[:i], path[i+1:]
		} else {
			path = ""
		}
		switch segment {
		case "", ".":
			continue
		case "..":
			segments = segments[:max(0, len(segments)-1)]
			continue
		}
		if len(segments) == maxSegments {
			return nil, noSuchAPI()
		}
		if encoded {
			var err error
			if segment, err = url.PathUnescape(segment); err != nil {
				return nil, fault.Wrap(err, fault.BadRequest, "", "The path holds a malformed percent-encoding.")
			}
		}
		if err := checkText(segment); err != nil {
			return nil, err
		}
		segments = append(segments, segment)
	}
	return segments, nil
}

// spacedURL returns the URL with every "+" of its path read as a space, and
// false when there is none: NetApp's Python library encodes keys with a form
// encoder.
func spacedURL(u *url.URL) (*url.URL, bool) {
	path := u.RawPath
	if path == "" {
		path = u.EscapedPath()
	}
	if !strings.Contains(path, "+") {
		return nil, false
	}
	path = strings.ReplaceAll(path, "+", "%20")
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, false
	}
	return &url.URL{Path: plain, RawPath: path}, true
}

// checkText refuses what no key and no value can hold: NUL and bytes that are
// not UTF-8. The text itself is not repeated, since it cannot be shown.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return fault.New(fault.BadRequest, "", "The URL holds a NUL byte.")
	}
	if !utf8.ValidString(s) {
		return fault.New(fault.BadRequest, "", "The URL holds bytes that are not UTF-8.")
	}
	return nil
}

func noSuchAPI() error { return fault.New(fault.NoSuchAPI, "", msgNoSuchAPI) }

const upperHex = "0123456789ABCDEF"

// appendEscaped appends a path segment or a query value in percent-encoding.
// All but RFC 3986's unreserved characters are encoded, "+" among them, so that
// every decoder reads back the same text.
func appendEscaped(b []byte, s string) []byte {
	if s == "." || s == ".." { // as they stand they would be dot segments
		return append(b, "%2E%2E"[:3*len(s)]...)
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

func escaped(s string) string { return string(appendEscaped(nil, s)) }
