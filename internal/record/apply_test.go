package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

func modification(tb testing.TB, body string) record.Input[profile] {
	tb.Helper()
	in, err := profiles.ReadBody([]byte(body), record.Modify)
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

func TestApplyChangesWhatIsGiven(t *testing.T) {
	p := *lab()[0]
	if err := modification(t, `{"comment":null,"auto_push":false,"excluded_users":[],"owner":{"uuid":"a1","name":"lab-a"}}`).Apply(&p); err != nil {
		t.Fatal(err)
	}
	want := *lab()[0]
	want.Comment, want.Push, want.Users = "", false, nil
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestApplyRefuses(t *testing.T) {
	tests := []struct {
		name, body string
		code       fault.Code
		target     string
		message    string
	}{
		{"no field", `{}`, fault.NothingToSet, "", ""},
		{"nothing but the record's own key", `{"owner.uuid":"a1"}`, fault.NothingToSet, "", ""},
		{"another key", `{"comment":"x","owner":{"uuid":"b2"}}`, fault.NotPatchable, "owner.uuid", "Field 'owner.uuid' is not supported in the body of PATCH request"},
		{"another value of what is for creation only", `{"comment":"x","owner":"svm9"}`, fault.NotPatchable, "owner.name", "Field 'owner.name' is not supported in the body of PATCH request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := *lab()[0]
			wantFault(t, modification(t, tt.body).Apply(&p), tt.code, tt.target, tt.message)
			if diff := cmp.Diff(*lab()[0], p); diff != "" {
				t.Errorf("a refused change changed the record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInputAnswersWhatWasGiven(t *testing.T) {
	in := modification(t, `{"comment":null,"max_prompts":2,"owner":"svm1"}`)
	if diff := cmp.Diff([]string{"owner.name", "max_prompts", "comment"}, in.Paths()); diff != "" {
		t.Errorf("paths in declared order (-want +got):\n%s", diff)
	}
	if !in.Has("comment") || !in.Get("comment").IsZero() || in.Has("api_host") || in.Get("max_prompts").Int() != 2 {
		t.Errorf("given: %v", in.Paths())
	}
	less := in.Without("owner.name", "api_host")
	more := less.With("owner.uuid", record.Text("u")).With("max_prompts", record.Integer(3))
	if in.Len() != 3 || less.Len() != 2 || more.Len() != 3 {
		t.Errorf("lengths %d, %d, %d: an input changed", in.Len(), less.Len(), more.Len())
	}
	if more.Get("max_prompts").Int() != 3 || more.Paths()[0] != "owner.uuid" {
		t.Errorf("with: %v", more.Paths())
	}
	if none := (record.Input[profile]{}); none.Has("comment") || none.Len() != 0 || len(none.Paths()) != 0 {
		t.Error("the zero input is not empty")
	}
}

func TestChangesShowNoSecret(t *testing.T) {
	const canary = "canary-secret"
	in := modification(t, `{"secret_key":"`+canary+`","http_proxy":"user:`+canary+`@proxy","excluded_users":["a","b"],"comment":null}`)
	p := *lab()[0]
	if err := in.Apply(&p); err != nil {
		t.Fatal(err)
	}
	want := []record.Change{
		{Path: "secret_key", Value: "sha256:" + secret.NewText(canary).Fingerprint()},
		{Path: "http_proxy", Value: "user"},
		{Path: "comment", Value: ""},
		{Path: "excluded_users", Value: "a,b"},
	}
	if diff := cmp.Diff(want, in.Changes(&p)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
		if printed := fmt.Sprintf(verb, in.Get("secret_key")); strings.Contains(printed, canary) {
			t.Errorf("%s prints the secret: %s", verb, printed)
		}
	}
}

func TestAPasswordLeavesNoFingerprint(t *testing.T) {
	in, err := accounts.ReadBody([]byte(`{"password":"correct horse"}`), record.Modify)
	if err != nil {
		t.Fatal(err)
	}
	want := []record.Change{{Path: "password", Value: "[redacted]"}}
	if diff := cmp.Diff(want, in.Changes(new(account))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestFlagsReadLikeBodies(t *testing.T) {
	in, err := profiles.ReadFlags([]record.Param{
		{Name: "max-prompts", Value: "2"},
		{Name: "api-host", Value: "h"},
		{Name: "vserver", Value: "svm1"},
		{Name: "excluded-users", Value: "a,b"},
		{Name: "comment", Value: "-"},
		{Name: "is-enabled", Value: "False"},
		{Name: "secret-key", Value: "s"},
	}, record.Create)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]record.Value{
		"owner.name": record.Text("svm1"), "secret_key": record.Hidden(secret.NewText("s")), "api_host": record.Text("h"),
		"is_enabled": record.Flag(false), "max_prompts": record.Integer(2), "comment": {},
		"excluded_users": record.Texts([]string{"a", "b"}),
	}
	got := make(map[string]record.Value)
	for _, path := range in.Paths() {
		got[path] = in.Get(path)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestFlagsRefuse(t *testing.T) {
	tests := []struct {
		name   string
		flags  []record.Param
		code   fault.Code
		target string
	}{
		{"an unknown flag", []record.Param{{Name: "apihots", Value: "x"}}, fault.UnknownField, "apihots"},
		{"a flag twice", []record.Param{{Name: "apihost", Value: "x"}, {Name: "api-host", Value: "y"}}, fault.TwiceField, "api_host"},
		{"a read-only field", []record.Param{{Name: "status", Value: "ok"}}, fault.NotSettable, "status"},
		{"an empty element", []record.Param{{Name: "excluded-users", Value: "a,,b"}}, fault.BadValue, "excluded_users"},
		{"a bad number", []record.Param{{Name: "max-prompts", Value: "+2"}}, fault.BadValue, "max_prompts"},
		{"nothing for what cannot be cleared", []record.Param{{Name: "apihost", Value: ""}}, fault.BadValue, "api_host"},
		{"what the row's own rule refuses", []record.Param{{Name: "integration_key", Value: "a b"}}, fault.BadReason, "integration_key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := profiles.ReadFlags(tt.flags, record.Create)
			wantFault(t, err, tt.code, tt.target, "")
		})
	}
	_, err := accounts.ReadText("applications", "ssh")
	wantFault(t, err, fault.BadReason, "applications", "")
}
