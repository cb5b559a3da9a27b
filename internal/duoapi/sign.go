package duoapi

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/secret"
)

// A Signing says in which of two ways requests are written and signed. Both
// use HMAC-SHA512 and Duo accepts both.
type Signing uint8

const (
	// SignForm sends parameters as a form and signs version 2. The zero value.
	SignForm Signing = iota
	// SignJSON sends the parameters of a POST as JSON and signs version 5,
	// which covers the body byte by byte.
	SignJSON
)

// param is one parameter of a call.
type param struct{ name, value string }

// params are the parameters of a call. Names occur once.
type params []param

// add appends a parameter unless it is empty: to Duo an absent and an empty
// parameter are not the same, and none of ours has a meaning when empty.
func (p params) add(name, value string) params {
	if value == "" {
		return p
	}
	return append(p, param{name, value})
}

// flag appends name=1 if on.
func (p params) flag(name string, on bool) params {
	if !on {
		return p
	}
	return append(p, param{name, "1"})
}

// canonical is the form that is signed, and also the form that is sent: pairs
// sorted by encoded name, then by encoded value.
func (p params) canonical() string {
	encoded := make([]param, len(p))
	for i, q := range p {
		encoded[i] = param{escape(q.name), escape(q.value)}
	}
	slices.SortFunc(encoded, func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, q := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(q.name + "=" + q.value)
	}
	return b.String()
}

// json is the body of a SignJSON request. A map of strings always marshals.
func (p params) json() []byte {
	m := make(map[string]string, len(p))
	for _, q := range p {
		m[q.name] = q.value
	}
	body, _ := json.Marshal(m)
	return body
}

// escape percent-encodes every byte but A-Z a-z 0-9 _ . ~ -, with capital hex
// digits. A space is %20: net/url would write "+", which Duo does not sign.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if nameByte(c) || c == '.' || c == '~' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// signable is what a signature covers. Query is the canonical form of the
// parameters in the URL or the form body, body the JSON of a SignJSON request.
type signable struct {
	date, method, host, path, query string
	body                            []byte
}

// text is the string the signature is computed over: the five lines of
// version 2, and for version 5 the hash of the body and of the canonical
// X-Duo- headers, of which we send none.
func (s signable) text(how Signing) string {
	lines := []string{s.date, s.method, s.host, s.path, s.query}
	if how == SignJSON {
		lines = append(lines, hash(s.body), hash(nil))
	}
	return strings.Join(lines, "\n")
}

// sign returns the value of the Authorization header.
func (s signable) sign(how Signing, ikey string, skey secret.Text) string {
	mac := hmac.New(sha512.New, []byte(skey.Reveal()))
	mac.Write([]byte(s.text(how)))
	pair := ikey + ":" + hex.EncodeToString(mac.Sum(nil))
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

func hash(b []byte) string {
	sum := sha512.Sum512(b)
	return hex.EncodeToString(sum[:])
}
