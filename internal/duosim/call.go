package duosim

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody bounds the body of a request.
const maxBody = 64 << 10

// A call is one request to the API on its way through.
type call struct {
	r        *http.Request
	step     string
	v1, bson bool
	body     []byte
	json     bool
	params   params
	badBody  error // a JSON body that cannot be read; told after its signature fits
	ikey     string
	sig      string
	username string // as the request names the user, for faults and the journal
	entry    Entry
}

// read takes the request apart without judging it.
func (c *call) read(w http.ResponseWriter) error {
	c.credentials()
	if c.r.Method == http.MethodGet {
		p, err := parseForm(c.r.URL.RawQuery)
		if err != nil {
			return invalid("query")
		}
		c.params = p
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, c.r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return errTooLargeBody
		}
		return invalid("body")
	}
	hasten(w, 0)
	c.body = body
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	switch {
	case kind == "application/json":
		c.json = true
		c.params, c.badBody = parseJSON(body)
	case kind == "application/x-www-form-urlencoded" || len(body) == 0:
		if c.params, err = parseForm(string(body)); err != nil {
			return invalid("body")
		}
	default:
		return errContentType
	}
	return nil
}

// credentials takes integration key and signature from the Authorization
// header.
func (c *call) credentials() {
	scheme, rest, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return
	}
	c.ikey, c.sig, _ = strings.Cut(string(plain), ":")
}

// note fills the journal's entry with what the request says.
func (c *call) note() {
	c.entry.Step, c.entry.Integration, c.entry.User = c.step, cut(strings.ToValidUTF8(c.ikey, "?")), cut(c.username)
	c.entry.Params = c.params.fields()
	if info := c.params.get("pushinfo"); info != "" {
		c.entry.Pushinfo = pushinfo(info).fields()
	}
}

// pushinfo decodes the parameter of that name once more, into what a phone
// shows. What is not of the form k=v&k=v is shown as it is.
func pushinfo(text string) params {
	if p, err := parseForm(text); err == nil {
		return p
	}
	return params{{"", text}}
}

// authorise checks key, date and signature in the service's order. The caller
// holds the mutex.
func (s *Sim) authorise(c *call) error {
	c.entry.Signature.Verdict = "absent"
	if c.ikey == "" || c.sig == "" {
		return errNoCredentials
	}
	c.entry.Signature.Verdict = "not checked"
	in := s.integrations[c.ikey]
	if in == nil || in.Off {
		return errBadIKey
	}
	if err := s.checkDate(c); err != nil {
		return err
	}
	parts := c.parts()
	fit, ok := parts.fits(in.SKey.Text, c.sig)
	if !ok || s.settings.Strict && !c.v1 && fit.Version == "v1" {
		c.entry.Signature = Signature{Verdict: "does not fit", Expected: cut(strings.ToValidUTF8(parts.likeliest(), "?"))}
		return errBadSignature
	}
	c.entry.Signature = Signature{Verdict: "fits", Fit: &fit}
	if in.Kind != KindAuth {
		return errWrongIntegration
	}
	return nil
}

// checkDate demands a date where Duo does today, and of any date that it be
// near the service's clock.
func (s *Sim) checkDate(c *call) error {
	text := c.r.Header.Get("X-Duo-Date")
	if text == "" {
		text = c.r.Header.Get("Date")
	}
	if text == "" {
		if s.settings.Strict && !c.v1 {
			return errNoDate
		}
		return nil
	}
	date, err := mail.ParseDate(text)
	if err != nil || s.clock().Sub(date).Abs() > time.Duration(s.settings.MaxSkew) {
		return errBadDate
	}
	return nil
}

func (c *call) parts() *signedParts {
	return &signedParts{
		method:   c.r.Method,
		host:     c.r.Host,
		path:     c.r.URL.EscapedPath(),
		params:   c.params,
		body:     c.body,
		json:     c.json,
		xDuoDate: c.r.Header.Get("X-Duo-Date"),
		date:     c.r.Header.Get("Date"),
		headers:  c.r.Header,
	}
}

// likeliest is the first text that could have been signed, for the journal.
func (p *signedParts) likeliest() string {
	for _, text := range p.candidates() {
		return text
	}
	return ""
}

// checkParams refuses what no client of good will sends.
func (c *call) checkParams() error {
	if c.badBody != nil {
		return invalid("body")
	}
	if name := c.params.twice(); name != "" {
		return invalid(name)
	}
	for _, p := range c.params {
		if !utf8.ValidString(p.name) || !utf8.ValidString(p.value) {
			return invalid(strings.ToValidUTF8(p.name, "?"))
		}
	}
	return nil
}

// async reads the parameter of that name.
func (c *call) async() (bool, error) {
	switch c.params.get("async") {
	case "", "0", "false":
		return false, nil
	case "1", "true":
		return true, nil
	default:
		return false, invalid("async")
	}
}
