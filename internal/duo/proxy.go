package duo

import (
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
)

// ProxyMask stands in output where a proxy's password was given.
const ProxyMask = "********"

const proxyForms = `a proxy is given as "[http://][user:password@]host[:port]"`

// proxyParts is a proxy as given: the text around the password, and the
// password, which may be the mask.
type proxyParts struct {
	scheme, user, host string
	password           secret.Text
	hasPassword        bool
}

// splitProxy takes a proxy apart: the scheme, the last "@", the first ":"
// before it. User and password are literal, not percent-encoded, as with Duo
// Unix; unlike there a password may hold "@".
func splitProxy(given string) proxyParts {
	var p proxyParts
	rest := given
	if len(rest) >= 7 && strings.EqualFold(rest[:7], "http://") {
		p.scheme, rest = rest[:7], rest[7:]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		var password string
		p.user, password, p.hasPassword = strings.Cut(rest[:at], ":")
		p.password = secret.NewText(password)
		rest = rest[at+1:]
	}
	p.host = strings.TrimSuffix(rest, "/")
	return p
}

// shown returns the proxy with the password masked.
func (p proxyParts) shown() string {
	switch {
	case p.hasPassword:
		return p.scheme + p.user + ":" + ProxyMask + "@" + p.host
	case p.user != "":
		return p.scheme + p.user + "@" + p.host
	}
	return p.scheme + p.host
}

// masked reports whether the mask stands in the password's place.
func (p proxyParts) masked() bool { return p.password.Equal(secret.NewText(ProxyMask)) }

// setProxy takes a proxy as given. What was shown before, mask included,
// changes nothing: a client may send back what it has read.
func (p *Profile) setProxy(given string) {
	if given == p.HTTPProxy {
		return
	}
	parts := splitProxy(given)
	p.HTTPProxy, p.ProxyPassword = "", secret.Sealed{}
	if given == "" {
		return
	}
	p.HTTPProxy = parts.shown()
	if parts.hasPassword && !parts.masked() {
		p.ProxyPassword = secret.Fresh(parts.password)
	}
}

// checkProxyPassword refuses a mask that stands for no password of ours: the
// stored password is never sent to another proxy than the one it was given for.
func (p *Profile) checkProxyPassword() error {
	if splitProxy(p.HTTPProxy).hasPassword && p.ProxyPassword.IsZero() {
		return fault.New(fault.BadReason, "http_proxy",
			"The password in \"http_proxy\" is masked or empty; give it again, since the proxy is not the one it was stored for.")
	}
	return nil
}

// checkProxy judges a proxy as given, without ever repeating it.
func checkProxy(given string) error {
	bad := func(why string) error {
		return fault.New(fault.BadReason, "http_proxy", "The value of field \"http_proxy\" %s; %s.", why, proxyForms)
	}
	parts := splitProxy(given)
	switch {
	case otherScheme(given):
		return bad("has a scheme other than http")
	case !printableASCII(given):
		return bad("holds a space or a character that is not printable ASCII")
	case strings.Contains(parts.host, "/"):
		return bad("has a path")
	case strings.Contains(parts.user, "@"):
		return bad(`has an "@" in the user's name`)
	case parts.hasPassword && (parts.user == "" || parts.password.IsZero()):
		return bad("has an empty user or password")
	}
	if why := addressProblem(parts.host); why != "" {
		return bad(why)
	}
	return nil
}

// ProxyWith returns the proxy as it was given, with the password in the
// place of its mask; absent for none.
func (p *Profile) ProxyWith(password secret.Text) secret.Text {
	parts := splitProxy(p.HTTPProxy)
	if !parts.hasPassword {
		return secret.NewText(p.HTTPProxy)
	}
	return password.Between(parts.scheme+parts.user+":", "@"+parts.host)
}

// otherScheme reports whether the text begins with a URL scheme that is not
// http. A colon before "://" makes it a password, not a scheme.
func otherScheme(given string) bool {
	scheme, _, ok := strings.Cut(given, "://")
	return ok && !strings.EqualFold(scheme, "http") && !strings.ContainsAny(scheme, ":@/")
}
