package duosim

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // G505: older Duo clients sign with HMAC-SHA1
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"iter"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/secret"
)

// A Fit says in which of the ways that clients sign a signature was made. It is
// the first thing to look at when a client and a server disagree.
type Fit struct {
	// Version is the canonical form: v1 (four lines, no date), v2 (with a
	// date), v4 (and a hash of the body), v5 (and a hash of the X-Duo headers).
	Version string `json:"version"`
	// Digest is sha1 or sha512.
	Digest string `json:"digest"`
	// Date is the header whose text was signed: x-duo-date, date or none.
	Date string `json:"date"`
	// Host is "host", or "host:port" when the port was signed too.
	Host string `json:"host"`
	// Order is "names" when parameters were sorted by name and "pairs" when by
	// whole name=value strings; where both give the same line, names.
	Order string `json:"order"`
	// Headers is which X-Duo headers v5 counted: "all", or "undated" without
	// X-Duo-Date. Empty for other versions.
	Headers string `json:"headers,omitempty"`
}

// signedParts is what a signature can be over.
type signedParts struct {
	method   string
	host     string // the Host header
	path     string // as in the request line, still encoded
	params   params // of the query, or of the form body
	body     []byte
	json     bool   // the body is JSON: versions 4 and 5, no others
	xDuoDate string // the header's text, byte for byte; "" when absent
	date     string
	headers  http.Header
}

// fits looks for the way in which sig, in hex, signs the request with key.
func (p *signedParts) fits(key secret.Text, sig string) (Fit, bool) {
	digest, newHash := digestOf(sig)
	if newHash == nil {
		return Fit{}, false
	}
	mac := hmac.New(newHash, []byte(key.Reveal())) //nolint:forbidigo // the key is put to its use: checking a signature
	for fit, text := range p.candidates() {
		mac.Reset()
		mac.Write([]byte(text))
		if hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(sig)) {
			fit.Digest = digest
			return fit, true
		}
	}
	return Fit{}, false
}

// digestOf knows the digest by the length of the signature.
func digestOf(sig string) (string, func() hash.Hash) {
	switch len(sig) {
	case 2 * sha1.Size:
		return "sha1", sha1.New
	case 2 * sha512.Size:
		return "sha512", sha512.New
	default:
		return "", nil
	}
}

// candidates yields every canonical text the request may have been signed as,
// the likeliest first.
func (p *signedParts) candidates() iter.Seq2[Fit, string] {
	return func(yield func(Fit, string) bool) {
		for _, version := range p.versions() {
			for _, date := range p.dates(version) {
				for _, host := range p.hosts() {
					for _, order := range p.orders() {
						for _, headers := range p.headerSets(version) {
							fit := Fit{Version: version, Date: date.name, Host: host.name, Order: order.name, Headers: headers.name}
							if !yield(fit, p.text(version, date.value, host.value, order.value, headers.value)) {
								return
							}
						}
					}
				}
			}
		}
	}
}

// A choice is one value a line of the canonical text can have, and its name in
// a Fit.
type choice struct{ name, value string }

func (p *signedParts) versions() []string {
	switch {
	case p.json:
		return []string{"v5", "v4"}
	case p.method == http.MethodGet:
		return []string{"v2", "v5", "v4", "v1"}
	default:
		return []string{"v2", "v1"}
	}
}

func (p *signedParts) dates(version string) []choice {
	if version == "v1" {
		return []choice{{name: "none"}}
	}
	var out []choice
	if p.xDuoDate != "" {
		out = append(out, choice{"x-duo-date", p.xDuoDate})
	}
	if p.date != "" {
		out = append(out, choice{"date", p.date})
	}
	return out
}

// hosts are the Host header with and without its port: Duo Unix, Python and
// Node sign the name alone, the Go library what it was given.
func (p *signedParts) hosts() []choice {
	full := strings.ToLower(p.host)
	name, _, err := net.SplitHostPort(full)
	if err != nil {
		return []choice{{"host", full}}
	}
	return []choice{{"host", name}, {"host:port", full}}
}

func (p *signedParts) orders() []choice {
	if p.json {
		return []choice{{name: "names"}}
	}
	names, pairs := p.params.canonical(false), p.params.canonical(true)
	if names == pairs {
		return []choice{{"names", names}}
	}
	return []choice{{"names", names}, {"pairs", pairs}}
}

// headerSets are what the last line of v5 may hash. Whether Duo's service
// counts X-Duo-Date there is not known, since no client sends it with v5.
func (p *signedParts) headerSets(version string) []choice {
	if version != "v5" {
		return []choice{{}}
	}
	all, undated := duoHeaders(p.headers, true), duoHeaders(p.headers, false)
	if all == undated {
		return []choice{{"all", all}}
	}
	return []choice{{"all", all}, {"undated", undated}}
}

// duoHeaders joins the X-Duo headers: lower-case names and values by turns,
// sorted by name, with a NUL between.
func duoHeaders(h http.Header, withDate bool) string {
	var names []string
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-duo-") && (withDate || lower != "x-duo-date") {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	var parts []string
	for _, name := range names {
		parts = append(parts, strings.ToLower(name), h.Get(name))
	}
	return strings.Join(parts, "\x00")
}

func (p *signedParts) text(version, date, host, params, headers string) string {
	lines := make([]string, 0, 7)
	if version != "v1" {
		lines = append(lines, date)
	}
	lines = append(lines, p.method, host, p.path, params)
	if version == "v4" || version == "v5" {
		lines = append(lines, hexSHA512(p.signedBody()))
	}
	if version == "v5" {
		lines = append(lines, hexSHA512([]byte(headers)))
	}
	return strings.Join(lines, "\n")
}

// signedBody is the body as v4 and v5 hash it: only JSON bodies count.
func (p *signedParts) signedBody() []byte {
	if p.json {
		return p.body
	}
	return nil
}

func hexSHA512(b []byte) string {
	sum := sha512.Sum512(b)
	return hex.EncodeToString(sum[:])
}
