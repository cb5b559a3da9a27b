package record_test

import (
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// A version is shaped like /api/cluster: a singleton without a key, with
// nested members.
type version struct{ Name, Full string }

func readOnly(path string, get func(*version) string) record.Field[version] {
	return record.Field[version]{
		Path: path, Kind: record.String, Use: record.ReadOnly,
		Get: func(v *version) record.Value { return record.Text(get(v)) },
	}
}

var clusters = record.NewSchema("cluster",
	readOnly("name", func(v *version) string { return v.Name }),
	readOnly("version.full", func(v *version) string { return v.Full }),
	readOnly("version.patch.major", func(*version) string { return "16" }),
	readOnly("version.patch.minor", func(*version) string { return "1" }),
	readOnly("version.patch.unset", func(*version) string { return "" }),
	readOnly("contact", func(*version) string { return "ops" }),
)

func TestFieldsOfOneRecord(t *testing.T) {
	tests := []struct{ name, fields, want string }{
		{"without fields everything", "", "{name=c version={full=f patch={major=16 minor=1}} contact=ops}"},
		{"a star", "*", "{name=c version={full=f patch={major=16 minor=1}} contact=ops}"},
		{"two stars", "**", "{name=c version={full=f patch={major=16 minor=1}} contact=ops}"},
		{"a name", "contact", "{contact=ops}"},
		{"names in any order come in the declared one", "contact,name", "{name=c contact=ops}"},
		{"an object with all its members", "version", "{version={full=f patch={major=16 minor=1}}}"},
		{"a list that ends with a comma, as Ansible sends it", "contact,name,", "{name=c contact=ops}"},
		{"one member", "version.full", "{version={full=f}}"},
		{"members in braces, as version.{major,minor}", "version.patch.{major,minor}", "{version={patch={major=16 minor=1}}}"},
		{"braces in braces", "version.{full,patch.{minor}},name", "{name=c version={full=f patch={minor=1}}}"},
		{"braces around all", "{name,contact}", "{name=c contact=ops}"},
		{"all of b but c, as b,!b.c", "version,!version.full", "{version={patch={major=16 minor=1}}}"},
		{"an exclusion in braces", "version.{full,patch,!patch.major}", "{version={full=f patch={minor=1}}}"},
		{"an exclusion of braces", "*,!version.{full,patch}", "{name=c contact=ops}"},
		{"an exclusion wins wherever it stands", "!name,*", "{version={full=f patch={major=16 minor=1}} contact=ops}"},
		{"nothing but exclusions", "!version,!name", "{contact=ops}"},
		{"a member that is not set", "version.patch.unset,name", "{name=c}"},
		{"links are the edge's", "_links,contact,version._links", "{contact=ops}"},
		{"a name twice is one", "name,name", "{name=c}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := clusters.ParseQuery([]record.Param{{Name: "fields", Value: tt.fields}}, record.OneMode)
			if err != nil {
				t.Fatal(err)
			}
			got := clusters.Project(&version{Name: "c", Full: "f"}, q.Selection()).String()
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFieldsOfAList(t *testing.T) {
	joe := &account{UUID: "u", Owner: "svm1", Name: "joe", Role: "admin", Apps: record.List(
		record.Object(record.Member{Name: "application", Value: record.Text("ssh")}, record.Member{Name: "second_authentication_method", Value: record.Text("none")}),
	)}
	const who = "{owner={uuid=u name=svm1} name=joe"
	tests := []struct{ name, query, want string }{
		{"without fields the identity", "", who + "}"},
		{"the identity always", "fields=role", who + " role={name=admin}}"},
		{"the identity cannot be left out", "fields=*,!owner,!name,!applications", who + " role={name=admin}}"},
		{"a field used in a filter is shown", "role.name=*", who + " role={name=admin}}"},
		{"a column used in a filter is shown", "applications.application=*", who + " applications={application=ssh}}"},
		{"an array with all its members", "fields=applications", who + " applications={application=ssh second_authentication_method=none}}"},
		{"one member of an array's elements", "fields=applications.application", who + " applications={application=ssh}}"},
		{"an array less a member", "fields=applications,!applications.application", who + " applications={second_authentication_method=none}}"},
		{"a member that no element has", "fields=applications.authentication_methods", who + "}"},
		{"everything but secrets", "fields=*", who + " applications={application=ssh second_authentication_method=none} role={name=admin}}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := parse(t, accounts, tt.query, record.ListMode)
			if got := accounts.Project(joe, q.Selection()).String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			again := parse(t, accounts, q.String(), record.ListMode)
			if got := accounts.Project(joe, again.Selection()).String(); got != tt.want || again.String() != q.String() {
				t.Errorf("printed as %s, reads as %s: %s", q, again, got)
			}
		})
	}
}

func TestFieldsRefuse(t *testing.T) {
	tests := []struct {
		name, fields string
		code         fault.Code
		message      string
	}{
		{"an unknown name", "secretkey", fault.UnknownSelection, `The value "secretkey" is invalid for field "fields" (<field,...>)`},
		{"an unknown member", "owner.id", fault.UnknownSelection, `The value "owner.id" is invalid for field "fields" (<field,...>)`},
		{"an unknown member in braces", "owner.{uuid,id}", fault.UnknownSelection, `The value "owner.id" is invalid for field "fields" (<field,...>)`},
		{"an unknown name left out", "!foo", fault.UnknownSelection, ""},
		{"an empty name in braces", "owner.{uuid,}", fault.UnknownSelection, ""},
		{"a secret", "comment,secret_key", fault.NotReadable, `Field "secret_key" cannot be read.`},
		{"a brace that is not closed", "owner.{uuid,name", fault.Braces, ""},
		{"a brace that was not opened", "owner.uuid}", fault.Braces, ""},
		{"text behind a brace", "owner.{uuid}name", fault.Braces, ""},
		{"a brace behind a name without a dot", "owner{uuid}", fault.Braces, ""},
		{"braces too deep", strings.Repeat("a.{", 17) + strings.Repeat("}", 17), fault.Braces, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := profiles.ParseSelection(tt.fields, false)
			wantFault(t, err, tt.code, "fields", tt.message)
		})
	}
}

func TestUnknownFieldsAreSkippedOnRequest(t *testing.T) {
	q := parse(t, clusters, "ignore_unknown_fields=true&fields=harvestTag,linux,da39a3ee,25.2.0,17,name,san_optimized", record.OneMode)
	if got := clusters.Project(&version{Name: "c"}, q.Selection()).String(); got != "{name=c}" {
		t.Errorf("got %s", got)
	}
	_, err := profiles.ParseSelection("secret_key", true)
	wantFault(t, err, fault.NotReadable, "fields", "")
}

func TestSelectionTellsWhatItIncludes(t *testing.T) {
	sel, err := accounts.ParseSelection("applications.application,role", false)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"owner": true, "owner.uuid": true, "name": true, "role": true, "role.name": true, "applications": true,
		"applications.application": true, "applications.authentication_methods": false, "password": false, "nothing": false, "owner.id": false,
	} {
		if sel.Includes(path) != want {
			t.Errorf("%s: included %v", path, !want)
		}
	}
	if !accounts.All().Includes("applications.second_authentication_method") || accounts.All().Includes("password") {
		t.Error("all is not everything that may be read")
	}
	if accounts.Identity().Includes("role") || !accounts.Identity().Includes("owner.name") {
		t.Error("the identity is not the key and what is shown with it")
	}
}

func FuzzParseSelection(f *testing.F) {
	for _, seed := range []string{"*", "**,!owner.uuid", "owner.{uuid,!name}", "a.{b.{c,d},e}", "{comment}", "_links", "applications.application", "a{", "}", "!,!", ",,"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, fields string, ignore bool) {
		sel, err := accounts.ParseSelection(fields, ignore)
		if err != nil {
			if code := fault.CodeOf(err); code != fault.UnknownSelection && code != fault.NotReadable && code != fault.Braces {
				t.Errorf("refused with %s: %v", code, err)
			}
			return
		}
		if !sel.Includes("owner.uuid") || !sel.Includes("name") || sel.Includes("password") {
			t.Errorf("%q leaves out the identity or shows a secret", fields)
		}
	})
}
