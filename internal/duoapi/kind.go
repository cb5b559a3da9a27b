package duoapi

import (
	"maps"
	"slices"
)

// A Kind is a stable word for what went wrong. Decisions, metrics and logs
// switch on it, so a word never changes its meaning.
type Kind string

// Nothing was sent.
const (
	KindConfig  Kind = "config"  // the Config cannot be used
	KindInvalid Kind = "invalid" // the request cannot be sent as it stands
)

// No request reached Duo.
const (
	KindLookup       Kind = "lookup"        // the name of the API host cannot be resolved
	KindConnect      Kind = "connect"       // refused, unreachable
	KindProxy        Kind = "proxy"         // the proxy cannot be found or reached, or lets nothing through
	KindProxyAuth    Kind = "proxy_auth"    // the proxy wants another user or password (407)
	KindTLSAuthority Kind = "tls_authority" // the certificate's authority is not trusted
	KindTLSName      Kind = "tls_name"      // the certificate is for other names
	KindTLSExpired   Kind = "tls_expired"   // the certificate is not valid at this time
	KindNotTLS       Kind = "not_tls"       // the other side does not speak TLS
	KindTLS          Kind = "tls"           // any other trouble with TLS
)

// Time ran out at any step; Error.Step says at which.
const (
	KindTimeout   Kind = "timeout"   // no answer in time
	KindCancelled Kind = "cancelled" // the caller gave up
)

// Duo, or whoever is at its address, answered with an error.
const (
	KindKey          Kind = "key"          // 401: the integration key is not known
	KindSignature    Kind = "signature"    // 401: the secret key does not fit
	KindClock        Kind = "clock"        // 401: the request's date is too far off
	KindUnauthorized Kind = "unauthorized" // 401 for another or no given reason
	KindRejected     Kind = "rejected"     // any other 4xx
	KindRedirect     Kind = "redirect"     // 3xx; redirects are never followed
	KindRateLimit    Kind = "rate_limit"   // 429
	KindServer       Kind = "server_error" // 5xx
	KindFail         Kind = "fail"         // stat FAIL in a 2xx reply
)

// The reply is not one of the Auth API.
const (
	KindMalformed Kind = "malformed" // not HTTP, empty, not JSON, a field missing or of an unknown value
	KindTooLarge  Kind = "too_large" // more than a mebibyte
	KindCutShort  Kind = "cut_short" // the connection ended before the reply was complete
)

// Kinds returns all kinds, in order of their words.
func Kinds() []Kind { return slices.Sorted(maps.Keys(kindTexts)) }

type kindText struct{ reason, advice string }

// kindTexts says each kind to people. A reason fits in one line of a table.
var kindTexts = map[Kind]kindText{
	KindConfig:       {"Settings cannot be used", "Correct the API host, the keys or the proxy."},
	KindInvalid:      {"Request cannot be sent as it stands", "Report this: the program asked for something the Auth API does not offer."},
	KindLookup:       {"API host name cannot be resolved", "Check the spelling of the API host and this machine's name servers."},
	KindConnect:      {"API host cannot be reached", "Check routes and firewalls towards the API host, or set a proxy."},
	KindProxy:        {"Proxy does not let the connection through", "Check the proxy's address and that it allows CONNECT to the API host."},
	KindProxyAuth:    {"Proxy refuses the user or password", "Correct the user and password in the proxy setting."},
	KindTLSAuthority: {"API host's certificate is of an unknown authority", "If the traffic is inspected, trust the inspecting authority with a CA file; else someone stands in between."},
	KindTLSName:      {"API host's certificate is for another name", "Check the spelling of the API host; a captive portal or an inspecting proxy may stand in between."},
	KindTLSExpired:   {"API host's certificate is not valid now", "Check this machine's clock, then the certificate."},
	KindNotTLS:       {"API host does not speak TLS", "Check the port of the API host, and for a captive portal or proxy in between."},
	KindTLS:          {"TLS connection cannot be set up", "Check what stands between this machine and the API host; TLS 1.2 or later is needed."},
	KindTimeout:      {"No answer in time", "Check firewalls that drop silently, and the load of the network."},
	KindCancelled:    {"Cancelled", "Try again."},
	KindKey:          {"Integration key is not known", "Copy the integration key from Duo's admin panel again; the application may be deleted."},
	KindSignature:    {"Secret key does not fit the integration key", "Copy the secret key from Duo's admin panel again."},
	KindClock:        {"Clock differs too much from Duo's", "Set this machine's clock."},
	KindUnauthorized: {"Credentials are refused", "Check the integration key, the secret key and the API host belong to the same application."},
	KindRejected:     {"Request is rejected", "Check that the application in Duo's admin panel is of a type that may use the Auth API."},
	KindRedirect:     {"API host redirects elsewhere", "Check the spelling of the API host; this is not Duo's API."},
	KindRateLimit:    {"Too many requests", "Wait; if it stays, look for something that logs in over and over."},
	KindServer:       {"Server error at Duo", "See Duo's status page and wait."},
	KindFail:         {"Duo reports a failure", "See the code and message."},
	KindMalformed:    {"Reply is not one of Duo's API", "Check the API host, and for a captive portal or proxy in between."},
	KindTooLarge:     {"Reply is too large", "Check the API host, and for a captive portal or proxy in between."},
	KindCutShort:     {"Connection ended before the reply was complete", "Try again; if it stays, look at what stands between this machine and the API host."},
}

// Reason says the kind in a few English words, without a full stop, for a
// column such as a profile's status. It is "" for a word that is no Kind.
func (k Kind) Reason() string { return kindTexts[k].reason }

// Advice says in a sentence what an administrator can do about it.
func (k Kind) Advice() string { return kindTexts[k].advice }
