package record_test

import (
	"errors"
	"iter"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

// A profile is shaped like a Duo profile: one per owner, a secret, a masked
// proxy, a status that costs I/O.
type profile struct {
	UUID, Owner         string
	Key                 string
	Secret              secret.Text
	Host, Status        string
	Enabled, Push, Info bool
	Fail                string
	Proxy               string
	Prompts             int64
	Comment             string
	Users               []string
	Since               time.Time
}

var profiles = record.NewSchema("profile",
	record.Field[profile]{
		Path: "owner.uuid", Kind: record.String, Use: record.Key | record.CreateOnly,
		Get: func(p *profile) record.Value { return record.Text(p.UUID) },
		Set: func(p *profile, v record.Value) { p.UUID = v.Str() },
	},
	record.Field[profile]{
		Path: "owner.name", Flag: "vserver", Kind: record.String, Use: record.Shown | record.CreateOnly,
		Get: func(p *profile) record.Value { return record.Text(p.Owner) },
		Set: func(p *profile, v record.Value) { p.Owner = v.Str() },
	},
	record.Field[profile]{
		Path: "integration_key", Kind: record.String, Use: record.Required,
		Get: func(p *profile) record.Value { return record.Text(p.Key) },
		Set: func(p *profile, v record.Value) { p.Key = v.Str() },
		Check: func(v record.Value) error {
			if strings.Contains(v.Str(), " ") {
				return fault.New(fault.BadReason, "", "A key has no spaces.")
			}
			return nil
		},
	},
	record.Field[profile]{
		Path: "secret_key", Flag: "secret-key", Kind: record.Secret, Use: record.Required, Max: 40,
		Get: func(*profile) record.Value { return record.Value{} },
		Set: func(p *profile, v record.Value) { p.Secret = v.Secret() },
	},
	record.Field[profile]{
		Path: "api_host", Flag: "apihost", Aliases: []string{"api-host"}, Kind: record.String, Use: record.Required,
		Get: func(p *profile) record.Value { return record.Text(p.Host) },
		Set: func(p *profile, v record.Value) { p.Host = v.Str() },
	},
	record.Field[profile]{
		Path: "status", Kind: record.String, Use: record.ReadOnly | record.Computed,
		Get: func(p *profile) record.Value { return record.Text(p.Status) },
	},
	record.Field[profile]{
		Path: "is_enabled", Flag: "is-enabled", Kind: record.Bool, Default: record.Flag(true),
		Get: func(p *profile) record.Value { return record.Flag(p.Enabled) },
		Set: func(p *profile, v record.Value) { p.Enabled = v.Bool() },
	},
	record.Field[profile]{
		Path: "auto_push", Kind: record.Bool, Default: record.Flag(true),
		Get: func(p *profile) record.Value { return record.Flag(p.Push) },
		Set: func(p *profile, v record.Value) { p.Push = v.Bool() },
	},
	record.Field[profile]{
		Path: "push_info", Kind: record.Bool, Default: record.Flag(true),
		Get: func(p *profile) record.Value { return record.Flag(p.Info) },
		Set: func(p *profile, v record.Value) { p.Info = v.Bool() },
	},
	record.Field[profile]{
		Path: "fail_mode", Flag: "fail-mode", Kind: record.Enum, Enum: []string{"safe", "secure"}, Default: record.Text("safe"),
		Get: func(p *profile) record.Value { return record.Text(p.Fail) },
		Set: func(p *profile, v record.Value) { p.Fail = v.Str() },
	},
	record.Field[profile]{
		Path: "http_proxy", Kind: record.String, Use: record.Clearable | record.Sensitive, Max: 100,
		Get: func(p *profile) record.Value { return record.Text(p.Proxy) },
		Set: func(p *profile, v record.Value) {
			user, _, _ := strings.Cut(v.Str(), ":")
			p.Proxy = user
		},
	},
	record.Field[profile]{
		Path: "max_prompts", Flag: "max-prompts", Kind: record.Int, Min: 1, Max: 3, Default: record.Integer(1),
		Get: func(p *profile) record.Value { return record.Integer(p.Prompts) },
		Set: func(p *profile, v record.Value) { p.Prompts = v.Int() },
	},
	record.Field[profile]{
		Path: "comment", Flag: "comment", Kind: record.String, Use: record.Clearable, Max: 1000,
		Get: func(p *profile) record.Value { return record.Text(p.Comment) },
		Set: func(p *profile, v record.Value) { p.Comment = v.Str() },
	},
	record.Field[profile]{
		Path: "excluded_users", Flag: "excluded-users", Kind: record.Strings, Use: record.Clearable, Max: 3,
		Get: func(p *profile) record.Value { return record.Texts(p.Users) },
		Set: func(p *profile, v record.Value) { p.Users = v.Strings() },
	},
	record.Field[profile]{
		Path: "since", Kind: record.Time, Use: record.Clearable,
		Get: func(p *profile) record.Value { return record.Instant(p.Since) },
		Set: func(p *profile, v record.Value) { p.Since = v.Time() },
	},
)

// An account is shaped like ONTAP's: a key of two parts, an array of objects,
// a role that may be given as plain text, a password.
type account struct {
	UUID, Owner, Name string
	Apps              record.Value
	Role              string
	Hash              secret.Text
}

var accounts = record.NewSchema("account",
	record.Field[account]{
		Path: "owner.uuid", Kind: record.String, Use: record.Key | record.CreateOnly,
		Get: func(a *account) record.Value { return record.Text(a.UUID) },
		Set: func(a *account, v record.Value) { a.UUID = v.Str() },
	},
	record.Field[account]{
		Path: "owner.name", Kind: record.String, Use: record.Shown | record.CreateOnly,
		Get: func(a *account) record.Value { return record.Text(a.Owner) },
		Set: func(a *account, v record.Value) { a.Owner = v.Str() },
	},
	record.Field[account]{
		Path: "name", Kind: record.String, Use: record.Key | record.Required | record.CreateOnly, Min: 3, Max: 64,
		Get: func(a *account) record.Value { return record.Text(a.Name) },
		Set: func(a *account, v record.Value) { a.Name = v.Str() },
	},
	record.Field[account]{
		Path: "applications", Kind: record.Objects, Use: record.Required | record.Unsorted,
		Elem: []record.Column{
			{Name: "application", Kind: record.Enum, Enum: []string{"console", "http", "ssh"}, Required: true},
			{Name: "authentication_methods", Kind: record.Strings, Enum: []string{"password", "publickey"}, Default: record.Texts([]string{"password"})},
			{Name: "second_authentication_method", Kind: record.Enum, Enum: []string{"none", "totp"}, Default: record.Text("none")},
		},
		Get: func(a *account) record.Value { return a.Apps },
		Set: func(a *account, v record.Value) { a.Apps = v },
	},
	record.Field[account]{
		Path: "role.name", Kind: record.String, Default: record.Text("admin"),
		Get: func(a *account) record.Value { return record.Text(a.Role) },
		Set: func(a *account, v record.Value) { a.Role = v.Str() },
	},
	record.Field[account]{
		Path: "password", Kind: record.Secret, Use: record.Guessable, Min: 8,
		Get: func(*account) record.Value { return record.Value{} },
		Set: func(a *account, v record.Value) { a.Hash = v.Secret() },
	},
)

// lab is the records that tables of queries run against, in order of key.
func lab() []*profile {
	return []*profile{
		{
			UUID: "a1", Owner: "lab-a", Key: "DI1", Host: "api-3f.duo.com", Enabled: true, Push: true, Info: true, Fail: "safe",
			Prompts: 1, Comment: "console logins", Users: []string{"alice", "bob"}, Since: time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC),
		},
		{UUID: "b2", Owner: "svm_eng", Key: "DI2", Host: "api-77.duo.com", Push: true, Fail: "secure", Prompts: 2, Proxy: "proxy"},
		{UUID: "c3", Owner: "svm_ops", Key: "DI3", Host: "localhost", Enabled: true, Fail: "secure", Prompts: 3, Comment: "a*b", Users: []string{"bob"}},
		{UUID: "d4", Owner: "svm_ops2", Key: "DI4", Host: "api-3f.duo.com", Enabled: true, Fail: "safe", Prompts: 2, Comment: `say "hi" {now}`},
	}
}

// stored is a table of records that hands them out as a service does: the
// same memory for every row.
func stored[T any](schema *record.Schema[T], records []*T, from []string) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		var row T
		for _, r := range records {
			row = *r
			if from != nil && before(schema.KeyOf(r), from) {
				continue
			}
			if !yield(&row, nil) {
				return
			}
		}
	}
}

func before(key, from []string) bool {
	for i := range from {
		if key[i] != from[i] {
			return key[i] < from[i]
		}
	}
	return false
}

// params decodes a query string in the order given, as an edge does.
func params(tb testing.TB, query string) []record.Param {
	tb.Helper()
	var out []record.Param
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			tb.Fatalf("name in %q: %v", query, err)
		}
		if value, err = url.QueryUnescape(value); err != nil {
			tb.Fatalf("value in %q: %v", query, err)
		}
		out = append(out, record.Param{Name: name, Value: value})
	}
	return out
}

func parse[T any](tb testing.TB, schema *record.Schema[T], query string, mode record.Mode) record.Query[T] {
	tb.Helper()
	q, err := schema.ParseQuery(params(tb, query), mode)
	if err != nil {
		tb.Fatalf("query %q: %v", query, err)
	}
	return q
}

// wantFault checks an error's code, target and message; "" stands for any
// message.
func wantFault(tb testing.TB, err error, code fault.Code, target, message string) {
	tb.Helper()
	refusal, ok := errors.AsType[*fault.Error](err)
	if !ok {
		tb.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	if refusal.Code != code || refusal.Target != target {
		tb.Errorf("got code %s, target %q, want %s, %q (%s)", refusal.Code, refusal.Target, code, target, refusal.Msg)
	}
	if message != "" && refusal.Msg != message {
		tb.Errorf("got message %s\nwant        %s", refusal.Msg, message)
	}
}
