package duo

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// checkAPIHost judges a profile's api_host: the service's host name or
// address with an optional port, as every published sample has it. Its
// documentation calls it a URL, so a pasted URL is the likely mistake.
func checkAPIHost(given string) error {
	bad := func(why string) error {
		return fault.New(fault.BadReason, "api_host",
			"The value of field \"api_host\" %s; give the host name alone, such as \"api-1234abcd.duosecurity.com\", with \":port\" if it is not 443.", why)
	}
	switch {
	case strings.Contains(given, "://"):
		return bad("has a scheme")
	case strings.Contains(given, "/"):
		return bad("has a path")
	case strings.Contains(given, "@"):
		return bad("has a user")
	}
	if why := addressProblem(given); why != "" {
		return bad(why)
	}
	return nil
}

// addressProblem says what keeps a text from being "host", "host:port",
// "[v6]", "[v6]:port" or a bare IPv6 address, to follow "The value …"; "" when
// nothing does.
func addressProblem(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return ""
	}
	host, bracketed := s, strings.HasPrefix(s, "[")
	if i := strings.LastIndexByte(s, ':'); i > 0 && (!bracketed || s[i-1] == ']') {
		n, err := strconv.ParseUint(s[i+1:], 10, 16)
		if err != nil || n == 0 {
			return "has a port that is not a number from 1 to 65535"
		}
		host = s[:i]
	}
	if bracketed {
		inner, closed := strings.CutSuffix(host[1:], "]")
		a, err := netip.ParseAddr(inner)
		if !closed || err != nil || !a.Is6() || a.Zone() != "" {
			return "has brackets around something that is not an IPv6 address"
		}
		return ""
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Is4() || validHostName(host) {
		return ""
	}
	return "is not a host name or an IP address"
}

// validHostName follows RFC 1123: labels of letters, digits and inner
// hyphens, 63 bytes each, 253 in all. A name whose last label is all digits
// would be a broken IPv4 address.
func validHostName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !isLetterOrDigit(c) && c != '-' && c != '_' {
				return false
			}
		}
		last = label
	}
	return strings.Trim(last, "0123456789") != ""
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// printableASCII reports whether s is made of visible ASCII without spaces.
func printableASCII(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
