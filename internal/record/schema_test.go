package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/record"
)

func TestSchemaAnswersAboutItsRows(t *testing.T) {
	if diff := cmp.Diff([]string{"owner.uuid", "name"}, accounts.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"u", "joe"}, accounts.KeyOf(&account{UUID: "u", Owner: "x", Name: "joe"})); diff != "" {
		t.Errorf("key of a record (-want +got):\n%s", diff)
	}
	if profiles.Name() != "profile" || len(profiles.Fields()) != 15 {
		t.Errorf("%s has %d fields", profiles.Name(), len(profiles.Fields()))
	}
	for _, flag := range []string{"apihost", "api-host"} {
		if f, ok := profiles.FieldByFlag(flag); !ok || f.Path != "api_host" {
			t.Errorf("flag %s: %v", flag, ok)
		}
	}
	if _, ok := profiles.Field("owner"); ok {
		t.Error("a group is no field")
	}
	if _, ok := profiles.FieldByFlag("api_host"); ok {
		t.Error("a path is no flag")
	}
}

func TestSyntaxTellsWhatAFieldTakes(t *testing.T) {
	for path, want := range map[string]string{
		"max_prompts": "<1..3>", "fail_mode": "<safe|secure>", "is_enabled": "<true|false>", "comment": "<text of 1..1000 bytes>",
		"since": "<YYYY-MM-DDThh:mm:ssZ>", "excluded_users": "<text of 1..4096 bytes,...>",
	} {
		f, _ := profiles.Field(path)
		if got := f.Syntax(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	open := record.Field[profile]{Kind: record.Int, Min: 5}
	if got := open.Syntax(); got != "<5..>" {
		t.Errorf("a range without end: %s", got)
	}
}

func TestNewSchemaRefusesFaultyDeclarations(t *testing.T) {
	get := func(*profile) record.Value { return record.Value{} }
	set := func(*profile, record.Value) {}
	row := func(path string, change func(*record.Field[profile])) record.Field[profile] {
		f := record.Field[profile]{Path: path, Kind: record.String, Get: get, Set: set}
		if change != nil {
			change(&f)
		}
		return f
	}
	one := func(change func(*record.Field[profile])) []record.Field[profile] {
		return []record.Field[profile]{row("a", change)}
	}
	elem := func(columns ...record.Column) []record.Field[profile] {
		return one(func(f *record.Field[profile]) { f.Kind, f.Elem = record.Objects, columns })
	}
	tests := []struct {
		name, word string
		fields     []record.Field[profile]
	}{
		{"a path twice", "twice", []record.Field[profile]{row("a", nil), row("a", nil)}},
		{"a flag twice", "twice", []record.Field[profile]{
			row("a", func(f *record.Field[profile]) { f.Flag = "x" }), row("b", func(f *record.Field[profile]) { f.Aliases = []string{"x"} }),
		}},
		{"a field that is a group too", "both", []record.Field[profile]{row("a", nil), row("a.b", nil)}},
		{"a group torn apart", "together", []record.Field[profile]{row("a.b", nil), row("c", nil), row("a.d", nil)}},
		{"a path with a capital", "lower-case", []record.Field[profile]{row("A", nil)}},
		{"no path", "lower-case", []record.Field[profile]{row("", nil)}},
		{"the name of a parameter", "parameter", []record.Field[profile]{row("start.a", nil)}},
		{"no Get", "no Get", one(func(f *record.Field[profile]) { f.Get = nil })},
		{"no Set", "no Set", one(func(f *record.Field[profile]) { f.Set = nil })},
		{"no kind", "no Kind", one(func(f *record.Field[profile]) { f.Kind = 0 })},
		{"a key that is a truth value", "key", one(func(f *record.Field[profile]) { f.Kind, f.Use = record.Bool, record.Key })},
		{"required and clearable", "Clearable", one(func(f *record.Field[profile]) { f.Use = record.Required | record.Clearable })},
		{"an enum without words", "without words", one(func(f *record.Field[profile]) { f.Kind = record.Enum })},
		{"text with words", "words belong", one(func(f *record.Field[profile]) { f.Enum = []string{"x"} })},
		{"a word for what is none of the words", "no value", one(func(f *record.Field[profile]) {
			f.Kind, f.Enum, f.Words = record.Enum, []string{"x"}, map[string]string{"y": "z"}
		})},
		{"a word for a number", "no value", one(func(f *record.Field[profile]) { f.Kind, f.Words = record.Int, map[string]string{"1": "one"} })},
		{"a default of another kind", "another kind", one(func(f *record.Field[profile]) { f.Default = record.Integer(1) })},
		{"a default that is none of the words", "none of the words", one(func(f *record.Field[profile]) {
			f.Kind, f.Enum, f.Default = record.Enum, []string{"x"}, record.Text("y")
		})},
		{"objects without columns", "columns", one(func(f *record.Field[profile]) { f.Kind = record.Objects })},
		{"a bound above the other", "above", one(func(f *record.Field[profile]) { f.Min, f.Max = 3, 2 })},
		{"a column twice", "twice", elem(record.Column{Name: "x", Kind: record.Int}, record.Column{Name: "x", Kind: record.Int})},
		{"a secret column", "scalars", elem(record.Column{Name: "x", Kind: record.Secret})},
		{"a column without kind", "no Kind", elem(record.Column{Name: "x"})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, tt.word) {
					t.Errorf("panics with %q, want the word %q", said, tt.word)
				}
			}()
			record.NewSchema("test", tt.fields...)
		})
	}
}
