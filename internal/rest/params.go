package rest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// options are the parameters of a query string that concern the call and not
// the records. What concerns records goes to record.ParseQuery.
type options struct {
	pretty     bool
	keepGoing  bool          // continue_on_failure
	serial     bool          // serial_records
	records    bool          // return_records, of a change; a read's is the query's
	timeout    time.Duration // return_timeout
	jobResults string        // job_results_uuid
	// given holds the parameters above as they came, for the links to further
	// pages.
	given []record.Param
}

const (
	defaultTimeout = 15 * time.Second
	maxTimeout     = 120
)

// parseQuery splits the query string, if there is one, into x.opts and
// x.params.
func (x *exchange) parseQuery() error {
	x.opts.timeout = defaultTimeout
	raw := x.r.URL.RawQuery
	if raw == "" {
		return nil
	}
	if len(raw) > maxQuery {
		return &statusError{tooLarge("query string", maxQuery), http.StatusRequestURITooLong}
	}
	for piece := range strings.SplitSeq(raw, "&") {
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		var p record.Param
		var err error
		if p.Name, err = unescape(name); err != nil {
			return err
		}
		if p.Value, err = unescape(value); err != nil {
			return err
		}
		ours, err := x.opts.take(p, x.r.Method)
		if err != nil {
			return err
		}
		if ours {
			x.opts.given = append(x.opts.given, p)
		} else {
			x.params = append(x.params, p)
		}
	}
	return nil
}

func unescape(s string) (string, error) {
	plain := s
	if strings.ContainsAny(s, "%+") {
		var err error
		if plain, err = url.QueryUnescape(s); err != nil {
			// The cause repeats a part of the value, which may be a secret.
			return "", fault.New(fault.BadRequest, "", "The query string holds a malformed percent-encoding.")
		}
	}
	return plain, checkText(plain)
}

// take stores the parameter if it is one of ours for the method.
func (o *options) take(p record.Param, method string) (ours bool, err error) {
	reads := method == http.MethodGet || method == http.MethodHead
	switch p.Name {
	case "pretty":
		if b, bad := readBool(p); bad == nil {
			o.pretty = b
		} else {
			err = bad
		}
	case "return_timeout":
		var n int
		if n, err = strconv.Atoi(p.Value); err != nil || n < 0 || n > maxTimeout {
			return true, badValue(p, "0..120")
		}
		if n > 0 || !reads { // a read that may take no time at all would never get anywhere
			o.timeout = time.Duration(n) * time.Second
		}
	case "continue_on_failure":
		if reads {
			return false, nil
		}
		o.keepGoing, err = readBool(p)
	case "serial_records":
		if reads {
			return false, nil
		}
		o.serial, err = readBool(p)
	case "return_records":
		if reads {
			return false, nil
		}
		o.records, err = readBool(p)
	case "job_results_uuid":
		if !reads {
			return false, nil
		}
		o.jobResults = p.Value
	default:
		return false, nil
	}
	if err != nil {
		return true, err
	}
	for _, g := range o.given {
		if g.Name == p.Name {
			return true, fault.New(fault.TwiceField, p.Name, `Field "%s" was specified twice (to "%s" and "%s").`, p.Name, g.Value, p.Value)
		}
	}
	return true, nil
}

func (o *options) has(name string) bool {
	for _, g := range o.given {
		if g.Name == name {
			return true
		}
	}
	return false
}

func readBool(p record.Param) (bool, error) {
	switch strings.ToLower(p.Value) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, badValue(p, "true|false")
}

func badValue(p record.Param, allowed string) error {
	return fault.New(fault.BadValue, p.Name, `The value "%s" is invalid for field "%s" (<%s>)`, p.Value, p.Name, allowed)
}
