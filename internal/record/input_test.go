package record_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

// minimal is the least body that creates a profile; more goes in between.
func minimal(more string) string {
	return `{"api_host":"h","integration_key":"k","secret_key":"s"` + more + `}`
}

func TestCreateReadsWhatClientsSend(t *testing.T) {
	made := func(change func(*profile)) profile {
		p := profile{Key: "k", Secret: secret.NewText("s"), Host: "h", Enabled: true, Push: true, Info: true, Fail: "safe", Prompts: 1}
		change(&p)
		return p
	}
	tests := []struct {
		name, body string
		want       profile
	}{
		{"the least, with the defaults", minimal(``), made(func(*profile) {})},
		{"the owner as a dotted key, as in ONTAP's sample", minimal(`,"owner.name":"vs0"`), made(func(p *profile) { p.Owner = "vs0" })},
		{"the owner nested", minimal(`,"owner":{"name":"vs0","uuid":"u"}`), made(func(p *profile) { p.Owner, p.UUID = "vs0", "u" })},
		{"the owner half nested and half dotted", minimal(`,"owner":{"name":"vs0"},"owner.uuid":"u"`), made(func(p *profile) { p.Owner, p.UUID = "vs0", "u" })},
		{"the owner by its name alone", minimal(`,"owner":"vs0"`), made(func(p *profile) { p.Owner = "vs0" })},
		{"links at every level are ignored", minimal(`,"_links":{"self":{"href":"/"}},"owner":{"_links":[],"name":"vs0"}`), made(func(p *profile) { p.Owner = "vs0" })},
		{"a truth value as 1 and 0", minimal(`,"auto_push":0,"push_info":1`), made(func(p *profile) { p.Push = false })},
		{"a truth value as text in any letter case", minimal(`,"auto_push":"FALSE","is_enabled":"True"`), made(func(p *profile) { p.Push = false })},
		{"a number as decimal text", minimal(`,"max_prompts":"2"`), made(func(p *profile) { p.Prompts = 2 })},
		{"an enum in any letter case", minimal(`,"fail_mode":"SECURE"`), made(func(p *profile) { p.Fail = "secure" })},
		{"null and nothing for what may be absent", minimal(`,"comment":null,"http_proxy":"","excluded_users":[]`), made(func(*profile) {})},
		{"an array of text", minimal(`,"excluded_users":["b","a"]`), made(func(p *profile) { p.Users = []string{"b", "a"} })},
		{"a time with a zone", minimal(`,"since":"2025-03-01T12:00:00+02:00"`), made(func(p *profile) { p.Since = time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC) })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := profiles.ReadBody([]byte(tt.body), record.Create)
			if err != nil {
				t.Fatal(err)
			}
			got, err := in.New()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadBodyRefuses(t *testing.T) {
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name, body string
		op         record.Op
		code       fault.Code
		target     string
		message    string
	}{
		{"an unknown field", `{"enabled":true}`, record.Create, fault.UnknownField, "enabled", `Unexpected argument "enabled"`},
		{"an unknown nested field", `{"owner":{"id":1}}`, record.Create, fault.UnknownField, "owner.id", `Unexpected argument "owner.id"`},
		{"a member of a scalar", `{"comment":{"a":1}}`, record.Create, fault.BadValue, "comment", `The value "{…}" is invalid for field "comment" (<text of 1..1000 bytes>)`},
		{"an unknown name of any length", `{"` + long + `":1}`, record.Create, fault.UnknownField, strings.Repeat("x", 64) + "…", ""},
		{"a terminal's escapes in a name", `{"\u001b[2J":1}`, record.Create, fault.UnknownField, `\x1b[2J`, `Unexpected argument "\x1b[2J"`},
		{"a read-only field on create", `{"status":"Ok"}`, record.Create, fault.NotSettable, "status", `Field "status" cannot be set in this operation`},
		{"a read-only field in a modification", `{"status":"Ok"}`, record.Modify, fault.NotSettable, "status", `Field "status" cannot be set in this operation`},
		{"anything but an identity when looking up", `{"comment":"x"}`, record.Lookup, fault.NotSettable, "comment", ""},
		{"a number out of range", `{"max_prompts":7}`, record.Create, fault.BadValue, "max_prompts", `The value "7" is invalid for field "max_prompts" (<1..3>)`},
		{"a fraction", `{"max_prompts":1.5}`, record.Create, fault.BadValue, "max_prompts", `The value "1.5" is invalid for field "max_prompts" (<1..3>)`},
		{"a number beyond 64 bits", `{"max_prompts":99999999999999999999}`, record.Create, fault.BadValue, "max_prompts", ""},
		{"a truth value for a number", `{"max_prompts":true}`, record.Create, fault.BadValue, "max_prompts", `The value "true" is invalid for field "max_prompts" (<1..3>)`},
		{"a word that is none of the enum's", `{"fail_mode":"open"}`, record.Modify, fault.BadValue, "fail_mode", `The value "open" is invalid for field "fail_mode" (<safe|secure>)`},
		{"a number for an enum", `{"fail_mode":1}`, record.Modify, fault.BadValue, "fail_mode", ""},
		{"a word for a truth value", `{"auto_push":"yes"}`, record.Modify, fault.BadValue, "auto_push", `The value "yes" is invalid for field "auto_push" (<true|false>)`},
		{"2 for a truth value", `{"auto_push":2}`, record.Modify, fault.BadValue, "auto_push", ""},
		{"a number for text", `{"comment":5}`, record.Modify, fault.BadValue, "comment", ""},
		{"null for what cannot be cleared", `{"api_host":null}`, record.Modify, fault.BadValue, "api_host", `The value "null" is invalid for field "api_host" (<text of 1..4096 bytes>)`},
		{"nothing for what cannot be cleared", `{"api_host":""}`, record.Modify, fault.BadValue, "api_host", ""},
		{"null for a group of fields", `{"owner":null}`, record.Create, fault.BadValue, "owner", `The value "null" is invalid for field "owner" (<object>)`},
		{"an array for a group of fields", `{"owner":[]}`, record.Create, fault.ArrayUnwanted, "owner", ""},
		{"an array for one value", `{"comment":["x"]}`, record.Modify, fault.ArrayUnwanted, "comment", `Field "comment" takes one value, not an array.`},
		{"an empty array for one value", `{"api_host":[]}`, record.Modify, fault.ArrayUnwanted, "api_host", ""},
		{"one value for an array", `{"excluded_users":"bob"}`, record.Modify, fault.ArrayWanted, "excluded_users", `Field "excluded_users" takes an array.`},
		{"a number inside an array of text", `{"excluded_users":["a",1]}`, record.Modify, fault.BadValue, "excluded_users", ""},
		{"nothing inside an array of text", `{"excluded_users":[""]}`, record.Modify, fault.BadValue, "excluded_users", ""},
		{"too many elements", `{"excluded_users":["a","b","c","d"]}`, record.Modify, fault.BadReason, "excluded_users", `The value "4 elements" is invalid for field "excluded_users": it takes 1 to 3 elements`},
		{"an element twice", `{"excluded_users":["a","b","a"]}`, record.Modify, fault.DuplicateValue, "excluded_users", `The value "a" is given more than once in field "excluded_users".`},
		{"a text too long, repeated in part", `{"comment":"` + long + `"}`, record.Modify, fault.BadValue, "comment", `The value "` + strings.Repeat("x", 64) + `…" is invalid for field "comment" (<text of 1..1000 bytes>)`},
		{"a text beyond the engine's limit", `{"api_host":"` + long + `"}`, record.Modify, fault.BadValue, "api_host", ""},
		{"a sensitive value too long is not repeated", `{"http_proxy":"` + long + `"}`, record.Modify, fault.BadValue, "http_proxy", `The value given is invalid for field "http_proxy" (<text of 1..100 bytes>)`},
		{"a secret too long is not repeated", `{"secret_key":"` + long + `"}`, record.Modify, fault.BadValue, "secret_key", `The value given is invalid for field "secret_key" (<text of 1..40 bytes>)`},
		{"a secret of another type is not repeated", `{"secret_key":12345}`, record.Modify, fault.BadValue, "secret_key", `The value given is invalid for field "secret_key" (<text of 1..40 bytes>)`},
		{"a time that is none", `{"since":"yesterday"}`, record.Modify, fault.BadValue, "since", `The value "yesterday" is invalid for field "since" (<YYYY-MM-DDThh:mm:ssZ>)`},
		{"what the row's own rule refuses", `{"integration_key":"a b"}`, record.Modify, fault.BadReason, "integration_key", "A key has no spaces."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := profiles.ReadBody([]byte(tt.body), tt.op)
			wantFault(t, err, tt.code, tt.target, tt.message)
		})
	}
}

func TestNewNamesTheFirstMissingField(t *testing.T) {
	in, err := profiles.ReadBody([]byte(`{"api_host":"h","comment":"x"}`), record.Create)
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.New()
	wantFault(t, err, fault.MissingField, "integration_key", `Field "integration_key" is required.`)
}

func TestArraysOfObjects(t *testing.T) {
	app := func(name, second string, methods ...string) record.Value {
		return record.Object(
			record.Member{Name: "application", Value: record.Text(name)},
			record.Member{Name: "authentication_methods", Value: record.Texts(methods)},
			record.Member{Name: "second_authentication_method", Value: record.Text(second)},
		)
	}
	in, err := accounts.ReadBody([]byte(`{"name":"joe","role":"backup","applications":[
		{"authentication_methods":["publickey","password"],"application":"SSH","_links":{}},
		{"application":"http","second_authentication_method":null}]}`), record.Create)
	if err != nil {
		t.Fatal(err)
	}
	got, err := in.New()
	if err != nil {
		t.Fatal(err)
	}
	want := record.List(app("ssh", "none", "publickey", "password"), app("http", "none", "password"))
	if !got.Apps.Equal(want) || got.Role != "backup" {
		t.Errorf("got %v of role %q", got.Apps, got.Role)
	}
}

func TestArraysOfObjectsRefuse(t *testing.T) {
	tests := []struct {
		name, applications string
		code               fault.Code
		target             string
	}{
		{"an object instead of the array", `{"application":"ssh"}`, fault.ArrayWanted, "applications"},
		{"null", `null`, fault.BadValue, "applications"},
		{"no element", `[]`, fault.BadValue, "applications"},
		{"text instead of an object", `["ssh"]`, fault.BadValue, "applications"},
		{"an unknown member", `[{"application":"ssh","port":22}]`, fault.UnknownField, "applications.port"},
		{"a word that is none of the enum's", `[{"application":"telnet"}]`, fault.BadValue, "applications.application"},
		{"a word that is none of the array's", `[{"application":"ssh","authentication_methods":["pin"]}]`, fault.BadValue, "applications.authentication_methods"},
		{"null for a required member", `[{"application":null}]`, fault.MissingField, "applications.application"},
		{"a missing member", `[{"authentication_methods":["password"]}]`, fault.MissingField, "applications.application"},
		{"the same element twice", `[{"application":"ssh"},{"application":"SSH","authentication_methods":["password"]}]`, fault.DuplicateValue, "applications"},
		{"the same member twice", `[{"application":"ssh","application":"http"}]`, fault.TwiceField, "applications.application"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := accounts.ReadBody([]byte(`{"applications":`+tt.applications+`}`), record.Modify)
			wantFault(t, err, tt.code, tt.target, "")
		})
	}
}

func FuzzReadBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"owner.name":"vs0","api_host":"h","integration_key":"k","secret_key":"canary-7f"}`,
		`{"max_prompts":"2","auto_push":1,"fail_mode":"SAFE","excluded_users":["a"],"comment":null}`,
		`{"secret_key":["canary-7f"]}`, `{"_links":{},"since":"2025-03-01T12:00:00+02:00"}`, `{"http_proxy":"u:canary-7f@h"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := profiles.ReadBody(body, record.Modify)
		if err != nil {
			if fault.CodeOf(err) == fault.Internal {
				t.Errorf("an error of our own: %v", err)
			}
			return
		}
		before := profile{UUID: in.Get("owner.uuid").Str(), Owner: in.Get("owner.name").Str()}
		after := before
		if err := in.Apply(&after); err != nil {
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("a refused change changed the record (-want +got):\n%s", diff)
			}
			return
		}
		for _, path := range in.Paths() { // what was taken, printed and read again, is the same
			row, _ := profiles.Field(path)
			given := in.Get(path)
			if row.Kind == record.Secret || row.Kind == record.Strings || given.IsZero() || given.Str() == "-" {
				continue
			}
			if again, err := profiles.ReadText(path, given.String()); err != nil || !again.Equal(given) {
				t.Errorf("%s: %v reads again as %v, %v", path, given, again, err)
			}
		}
	})
}
