package duoapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/secret"
)

// proxy is an HTTP proxy that is asked for a tunnel with CONNECT. TLS runs
// inside the tunnel and is verified to the API host, so the proxy need not be
// trusted with more than its own password.
type proxy struct {
	address     string // host:port
	credentials secret.Text
}

// parseProxy reads "[http://][user:password@]host[:port][/anything]", the
// form Duo Unix takes, with port 80 by default. User and password stand as
// they are, nothing in them is percent-decoded; the last "@" ends them, so a
// password may hold one. It returns nil for the absent secret.
func parseProxy(t secret.Text) (*proxy, string) {
	if t.IsZero() {
		return nil, ""
	}
	rest := t.Reveal()
	if scheme, after, ok := strings.Cut(rest, "://"); ok && isScheme(scheme) {
		if !strings.EqualFold(scheme, "http") {
			return nil, "the proxy is spoken to with http:// only"
		}
		rest = after
	}
	var credentials string
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		credentials, rest = rest[:i], rest[i+1:]
		if !strings.Contains(credentials, ":") {
			credentials += ":"
		}
	}
	rest, _, _ = strings.Cut(rest, "/")
	name, port, problem := splitPort(rest, "80")
	if problem != "" {
		return nil, "the proxy host " + problem
	}
	return &proxy{address: name + ":" + port, credentials: secret.NewText(credentials)}, ""
}

func isScheme(s string) bool {
	for _, c := range []byte(s) {
		if !nameByte(c) && c != '+' && c != '.' {
			return false
		}
	}
	return s != ""
}

// url is the proxy's address for http.Transport, without credentials: those
// are revealed for the moment of the request only.
func (p *proxy) url() *url.URL { return &url.URL{Scheme: "http", Host: p.address} }

func (p *proxy) header(agent string) http.Header {
	h := http.Header{"User-Agent": {agent}}
	if !p.credentials.IsZero() {
		h.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(p.credentials.Reveal())))
	}
	return h
}

// proxyRefusal is a proxy's answer other than 200. The proxy's own words are
// left out.
type proxyRefusal struct{ status int }

func (r *proxyRefusal) Error() string { return "the proxy answered HTTP " + strconv.Itoa(r.status) }

// checkTunnel is http.Transport's OnProxyConnectResponse.
func checkTunnel(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return &proxyRefusal{res.StatusCode}
	}
	return nil
}
