package duoapi

import (
	"net/netip"
	"strconv"
	"strings"
)

// apiHost is where the API lives.
type apiHost struct {
	name    string // as signed and as in the certificate: lower case, no port
	address string // as in the URL: name, and the port unless it is 443
}

// parseHost reads "name", "name:port", "192.0.2.1:port", "[2001:db8::1]:port"
// or an IPv6 address alone.
//
// The signed host carries no port. Duo itself is reached on 443 alone, where
// every client signs the bare name; with another port (a simulator, a
// forwarder) Duo Unix and the Python and Node clients still sign the bare
// name and only the Go library signs what it was given. So the bare name is
// the one form a server can be relied on to accept.
func parseHost(s string) (apiHost, string) {
	if strings.Contains(s, "://") {
		return apiHost{}, "the API host is a name without a scheme such as https://"
	}
	name, port, problem := splitPort(strings.ToLower(s), "443")
	if problem != "" {
		return apiHost{}, "the API host " + problem
	}
	h := apiHost{name: name, address: name}
	if port != "443" {
		h.address += ":" + port
	}
	return h, ""
}

// splitPort parts host and port and checks both; it returns what is wrong, to
// follow the words "the … host". The dot that ends a name in full is dropped:
// neither certificates nor signatures know it.
func splitPort(s, def string) (name, port, problem string) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() && addr.Zone() == "" {
		return "[" + s + "]", def, ""
	}
	name, port = s, def
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		name, port = s[:i], s[i+1:]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", "", "has no port between 1 and 65535 after the colon"
	}
	if name = strings.TrimSuffix(name, "."); !validName(name) {
		return "", "", "is not a host name or an address"
	}
	return name, strconv.FormatUint(n, 10), ""
}

// validName reports whether s is an address, IPv6 in brackets, or consists of
// what names on a network are made of.
func validName(s string) bool {
	if in, ok := strings.CutPrefix(s, "["); ok {
		in, closed := strings.CutSuffix(in, "]")
		addr, err := netip.ParseAddr(in)
		return closed && err == nil && addr.Is6() && addr.Zone() == ""
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !nameByte(c) {
				return false
			}
		}
	}
	return true
}

func nameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		return true
	}
	return false
}
