package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// pathOf knows a few fields by names of a command line.
func pathOf(name string) string {
	return map[string]string{
		"vserver": "owner.name", "host": "api_host", "apihost": "api_host", "comment": "comment",
		"users": "excluded_users", "prompts": "max_prompts", "push": "auto_push", "status": "status",
	}[name]
}

func TestReadNamed(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       []record.Change
		code       fault.Code
		target     string
	}{
		{name: "names of a command line", body: `{"vserver":"svm1","comment":"c"}`, want: []record.Change{{"owner.name", "svm1"}, {"comment", "c"}}},
		{name: "a hyphen takes a value away", body: `{"comment":"-"}`, want: []record.Change{{"comment", ""}}},
		{name: "a number for a text", body: `{"comment":7}`, want: []record.Change{{"comment", "7"}}},
		{name: "numbers and truth values", body: `{"prompts":"2","push":0}`, want: []record.Change{{"auto_push", "false"}, {"max_prompts", "2"}}},
		{name: "a list between commas", body: `{"users":"a,b"}`, want: []record.Change{{"excluded_users", "a,b"}}},
		{name: "a list as an array", body: `{"users":["a","b"]}`, want: []record.Change{{"excluded_users", "a,b"}}},
		{name: "an unknown name", body: `{"api_host":"h"}`, code: fault.UnknownField, target: "api_host"},
		{name: "two names of one field", body: `{"host":"h","apihost":"h"}`, code: fault.TwiceField, target: "api_host"},
		{name: "an array for one value", body: `{"comment":["a"]}`, code: fault.ArrayUnwanted, target: "comment"},
		{name: "a value out of range", body: `{"prompts":9}`, code: fault.BadValue, target: "max_prompts"},
		{name: "a field that is never given", body: `{"status":"Ok"}`, code: fault.NotSettable, target: "status"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := record.ParseObject([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			in, err := profiles.ReadNamed(o, record.Modify, pathOf)
			if tt.code != "" {
				wantFault(t, err, tt.code, tt.target, "")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []record.Change
			for _, path := range in.Paths() {
				got = append(got, record.Change{Path: path, Value: in.Get(path).String()})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}
