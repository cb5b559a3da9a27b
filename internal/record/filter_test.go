package record_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// matches returns the owners of the lab's records that a query matches.
func matches(q record.Query[profile]) string {
	var uuids []string
	for _, p := range lab() {
		if q.Match(p) {
			uuids = append(uuids, p.UUID)
		}
	}
	return strings.Join(uuids, " ")
}

func TestFiltersMatch(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"an exact text", "owner.name=svm_ops", "c3"},
		{"an exact text, other letter case", "owner.name=SVM_OPS", ""},
		{"a wildcard at the end, as api_host=api-3f*", "api_host=api-3f*", "a1 d4"},
		{"a wildcard at the beginning", "api_host=*.duo.com", "a1 b2 d4"},
		{"wildcards around", "comment=*ole*", "a1"},
		{"a wildcard that stands for nothing", "owner.name=svm_ops*", "c3 d4"},
		{"several wildcards", "api_host=a*-*7*.com", "b2"},
		{"pieces that would overlap", "owner.uuid=a*a1", ""},
		{"a wildcard alone is what is set", "http_proxy=*", "b2"},
		{"two wildcards are one", "http_proxy=**", "b2"},
		{"greater, as max_prompts=>1", "max_prompts=>1", "b2 c3 d4"},
		{"greater or equal", "max_prompts=>=3", "c3"},
		{"less", "max_prompts=<2", "a1"},
		{"less or equal", "max_prompts=<=2", "a1 b2 d4"},
		{"a range with its ends, as max_prompts=2..3", "max_prompts=2..3", "b2 c3 d4"},
		{"a range of text", "owner.uuid=a9..c3", "b2 c3"},
		{"a comparison of text", "owner.uuid=>b2", "c3 d4"},
		{"the other comparisons of text", "owner.uuid=<=b2|>=d", "a1 b2 d4"},
		{"a comparison with the least number", "max_prompts=<-9223372036854775808", ""},
		{"a comparison with the greatest number", "max_prompts=>9223372036854775807", ""},
		{"a number in another spelling", "max_prompts=002", "b2 d4"},
		{"not, as fail_mode=!secure", "fail_mode=!secure", "a1 d4"},
		{"not a wildcard", "api_host=!api*", "c3"},
		{"not a range", "max_prompts=!2..3", "a1"},
		{"a negation negated", "fail_mode=!!secure", "b2 c3"},
		{"one of, as owner.name=a|b*", "owner.name=lab-a|svm_o*", "a1 c3 d4"},
		{"a negation is of one alternative", "owner.uuid=!a1|a1", "a1 b2 c3 d4"},
		{"a long list", "owner.uuid=1|2|3|4|5|6|7|8|9|b2|d4", "b2 d4"},
		{"quotes make special characters literal", `comment="a*b"`, "c3"},
		{"braces make special characters literal", `comment={a*b}`, "c3"},
		{"braces hold quotes", `comment={say "hi" }*`, "d4"},
		{"quotes hold braces", `comment=*"{now}"`, "d4"},
		{"braces nest", `comment=*{ {now}}`, "d4"},
		{"quotes in the middle", `comment=a"*"b`, "c3"},
		{"an operator inside text is text", "comment=a<b", ""},
		{"unset, as http_proxy=null", "http_proxy=null", "a1 c3 d4"},
		{"set", "http_proxy=!null", "b2"},
		{"the text null in quotes", `comment="null"`, ""},
		{"quoted emptiness is unset", `comment=""`, "b2"},
		{"unset is not less than anything", "comment=<zzz", "a1 c3 d4"},
		{"unset by an alternative", "comment=<b|null", "b2 c3"},
		{"unset is not something else", "http_proxy=!other", "a1 b2 c3 d4"},
		{"an array by any element", "excluded_users=bob", "a1 c3"},
		{"an array by none", "excluded_users=!alice", "b2 c3 d4"},
		{"an array that is empty", "excluded_users=null", "b2 d4"},
		{"an enum in any letter case", "fail_mode=SECURE", "b2 c3"},
		{"an enum by wildcard in any letter case", "fail_mode=S*URE", "b2 c3"},
		{"enums compare by the alphabet", "fail_mode=>safe", "b2 c3"},
		{"a range of enums", "fail_mode=safe..secure", "a1 b2 c3 d4"},
		{"a truth value", "is_enabled=false", "b2"},
		{"a truth value in any letter case", "is_enabled=TRUE", "a1 c3 d4"},
		{"a truth value not", "is_enabled=!true", "b2"},
		{"an instant", "since=2025-03-01T11:00:00+01:00", "a1"},
		{"before a date", "since=<2025-03-02", "a1"},
		{"after a date", "since=>2025-03-02", ""},
		{"an instant that is set", "since=*", "a1"},
		{"all parameters together", "api_host=api*&max_prompts=2&is_enabled=true", "d4"},
		{"the owner by its name alone", "owner=svm_eng", "b2"},
		{"words over some fields", "query=bob&query_fields=excluded_users,comment", "a1 c3"},
		{"two words are both wanted", "query=*duo* secure&query_fields=*", "b2"},
		{"alternatives of a word", "query=localhost|lab-a&query_fields=*", "a1 c3"},
		{"a word holds by its whole text", "query=duo&query_fields=*", ""},
		{"a number as a word", "query=3&query_fields=max_prompts", "c3"},
		{"a pattern over numbers and times", "query=2025-03-01T*Z&query_fields=*", "a1"},
		{"spaces in quotes", `query="console logins"&query_fields=*`, "a1"},
		{"a star in quotes", `query=a"*"b&query_fields=comment`, "c3"},
		{"fields left out", "query=secure&query_fields=*,!fail_mode", ""},
		{"nothing but fields left out", "query=secure&query_fields=!fail_mode", ""},
		{"words over a group of fields", "query=svm_eng|a1&query_fields=owner", "a1 b2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := parse(t, profiles, strings.ReplaceAll(tt.query, "+", "%2B"), record.ListMode)
			if got := matches(q); got != tt.want {
				t.Errorf("matches %q, want %q", got, tt.want)
			}
			again := parse(t, profiles, q.String(), record.ListMode)
			if got := matches(again); got != tt.want || again.String() != q.String() || !again.Equal(q) {
				t.Errorf("printed as %s it reads again as %s and matches %q", q, again, got)
			}
		})
	}
}

// joe logs in by ssh with a key and a password, and by http.
func joe() *account {
	member := func(name string, v record.Value) record.Member { return record.Member{Name: name, Value: v} }
	return &account{UUID: "u", Owner: "svm1", Name: "joe", Role: "admin", Apps: record.List(
		record.Object(member("application", record.Text("ssh")), member("authentication_methods", record.Texts([]string{"publickey", "password"}))),
		record.Object(member("application", record.Text("http"))),
	)}
}

func TestFiltersOnColumns(t *testing.T) {
	tests := []struct {
		query string
		want  bool
	}{
		{"applications.application=ssh", true},
		{"applications.application=SSH|console", true},
		{"applications.application=console", false},
		{"applications.application=!http", false},
		{"applications.authentication_methods=password", true},
		{"applications.second_authentication_method=null", true},
		{"applications.second_authentication_method=*", false},
		{"applications=!null", true},
		{"role=admin", true},
		{"role.name=ad*", true},
		{"query=publickey&query_fields=*", true},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			q := parse(t, accounts, tt.query, record.ListMode)
			if got := q.Match(joe()); got != tt.want {
				t.Errorf("matches: %v", got)
			}
		})
	}
	_, err := accounts.ParseQuery(params(t, "applications=ssh"), record.ListMode)
	wantFault(t, err, fault.BadReason, "applications", "")
	_, err = accounts.ParseQuery(params(t, "applications.application=telnet"), record.ListMode)
	wantFault(t, err, fault.BadValue, "applications.application", `The value "telnet" is invalid for field "applications.application" (<console|http|ssh>)`)
}

func TestFiltersRefuse(t *testing.T) {
	tests := []struct {
		name, query string
		code        fault.Code
		target      string
		message     string
	}{
		{"an unknown parameter", "enabled=true", fault.UnknownField, "enabled", `Unexpected argument "enabled"`},
		{"a group without a name", "svm=x", fault.UnknownField, "svm", ""},
		{"a secret", "secret_key=canary", fault.SecretInQuery, "secret_key", `Field "secret_key" is a secret and cannot be part of a URL.`},
		{"a secret twice", "secret_key=canary&secret_key=canary", fault.SecretInQuery, "secret_key", ""},
		{"a word that is none of the enum's", "fail_mode=open", fault.BadValue, "fail_mode", `The value "open" is invalid for field "fail_mode" (<safe|secure>)`},
		{"a comparison with no word of the enum's", "fail_mode=>open", fault.BadValue, "fail_mode", ""},
		{"text for a number", "max_prompts=abc", fault.BadValue, "max_prompts", `The value "abc" is invalid for field "max_prompts" (<1..3>)`},
		{"a number the field cannot have", "max_prompts=7", fault.BadValue, "max_prompts", ""},
		{"a wildcard in a number", "max_prompts=1*", fault.BadValue, "max_prompts", ""},
		{"text at the end of a range", "max_prompts=1..x", fault.BadValue, "max_prompts", ""},
		{"a number for a truth value", "is_enabled=2", fault.BadValue, "is_enabled", ""},
		{"no time", "since=now", fault.BadValue, "since", ""},
		{"nothing", "comment=", fault.MissingOperand, "comment", "The expression is missing a value"},
		{"nothing behind an operator", "max_prompts=>", fault.MissingOperand, "max_prompts", "The expression is missing a value"},
		{"nothing behind a negation", "comment=!", fault.MissingOperand, "comment", ""},
		{"nothing in a list", "comment=a||b", fault.MissingOperand, "comment", ""},
		{"nothing at the end of a list", "comment=a|", fault.MissingOperand, "comment", ""},
		{"a range without beginning", "max_prompts=..3", fault.MissingOperand, "max_prompts", ""},
		{"a range without end", "max_prompts=1..", fault.MissingOperand, "max_prompts", ""},
		{"a range of three", "comment=a..b..c", fault.BadReason, "comment", `The value "a..b..c" is invalid for field "comment": a range has two ends`},
		{"a quote without partner in a comparison", `comment=<"a`, fault.BadReason, "comment", ""},
		{"a quote without partner at the end of a range", `comment=a.."b`, fault.BadReason, "comment", ""},
		{"a wildcard at the end of a range", "comment=a..b*", fault.BadReason, "comment", ""},
		{"a comparison of a range", "comment=<a..b", fault.BadReason, "comment", ""},
		{"a wildcard in a comparison", "comment=<a*", fault.BadReason, "comment", ""},
		{"a wildcard in a range", "comment=a*..b", fault.BadReason, "comment", ""},
		{"a quote without partner", `comment="a`, fault.BadReason, "comment", `The value ""a" is invalid for field "comment": a quotation mark has no partner`},
		{"an opening brace without partner", `comment={a{b}`, fault.BadReason, "comment", ""},
		{"a closing brace without partner", `comment=a}`, fault.BadReason, "comment", ""},
		{"what may hold a secret is not repeated", `http_proxy="canary`, fault.BadReason, "http_proxy", `The value given is invalid for field "http_proxy": a quotation mark has no partner`},
		{"a field twice", "comment=a&comment=b", fault.TwiceField, "comment", `Field "comment" was specified twice (to "a" and "b").`},
		{"a field twice, once by its short name", "owner.name=a&owner=b", fault.TwiceField, "owner.name", `Field "owner.name" was specified twice (to "a" and "b").`},
		{"a sensitive field twice", "http_proxy=canary&http_proxy=canary", fault.TwiceField, "http_proxy", `Field "http_proxy" was specified twice.`},
		{"NUL", "comment=a%00", fault.BadRequest, "", ""},
		{"broken UTF-8", "comment=%ff", fault.BadRequest, "", ""},
		{"query without query_fields", "query=a", fault.QueryHalf, "query_fields", ""},
		{"query_fields without query", "query_fields=*", fault.QueryHalf, "query", ""},
		{"an empty query", "query=&query_fields=*", fault.QueryEmpty, "query", ""},
		{"a query of spaces", "query=%20%20&query_fields=*", fault.QueryEmpty, "query", ""},
		{"an empty alternative", "query=a|&query_fields=*", fault.QueryEmpty, "query", ""},
		{"an unmatched quote", `query=a "b&query_fields=*`, fault.QueryQuote, "query", ""},
		{"no field to query", "query=a&query_fields=", fault.QueryNoField, "query_fields", ""},
		{"all fields left out", "query=a&query_fields=comment,!comment", fault.QueryNoField, "query_fields", ""},
		{"a field twice to query", "query=a&query_fields=comment,comment", fault.QueryTwice, "query_fields", ""},
		{"an unknown field to query", "query=a&query_fields=coment", fault.UnknownSelection, "query_fields", `The value "coment" is invalid for field "query_fields" (<field,...>)`},
		{"a secret to query", "query=a&query_fields=secret_key", fault.NotReadable, "query_fields", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := profiles.ParseQuery(params(t, tt.query), record.ListMode)
			wantFault(t, err, tt.code, tt.target, tt.message)
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the message repeats the value: %v", err)
			}
		})
	}
}

func TestFiltersPrintInCanonicalForm(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"plain text stays", "api-3f", "api-3f"},
		{"needless quotes go", `"api-3f"`, "api-3f"},
		{"a wildcard stays a wildcard", "a**b", "a*b"},
		{"a quoted wildcard stays quoted", "{a*b}", `"a*b"`},
		{"the text null stays text", "{null}", `"null"`},
		{"no text is null", `""`, "null"},
		{"a double negation goes", "!!a", "a"},
		{"a literal negation stays literal", `"!"a`, `"!a"`},
		{"a literal equals sign behind a comparison", `<"=5"`, `<"=5"`},
		{"a dot at the end of a range", "a...b", `a..".b"`},
		{"a quote and a brace", `{a"}"}"`, `"a"{"}"}"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := profiles.ParseQuery([]record.Param{{Name: "comment", Value: tt.value}}, record.ListMode)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]record.Param{{Name: "comment", Value: tt.want}}, q.Params()); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
		})
	}
}
