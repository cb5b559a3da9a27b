package record_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

func TestValuesPrintOnOneLine(t *testing.T) {
	noon := time.Date(2025, 3, 1, 12, 0, 0, 5000, time.FixedZone("", 3600))
	tests := []struct {
		name  string
		value record.Value
		want  string
	}{
		{"nothing", record.Value{}, ""},
		{"text", record.Text("a b"), "a b"},
		{"a truth value", record.Flag(true), "true"},
		{"a number", record.Integer(-7), "-7"},
		{"an instant, in UTC to the microsecond", record.Instant(noon), "2025-03-01T11:00:00.000005Z"},
		{"a secret", record.Hidden(secret.NewText("x")), "[redacted]"},
		{"an array", record.Texts([]string{"a", "b"}), "a,b"},
		{"an object", record.Object(record.Member{Name: "a", Value: record.Integer(1)}, record.Member{Name: "b", Value: record.Flag(false)}), "{a=1 b=false}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.value.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got, want := fmt.Sprintf("%#v", tt.value), fmt.Sprintf("record.Value(%q)", tt.want); got != want {
				t.Errorf("as Go: %s, want %s", got, want)
			}
		})
	}
}

func TestValuesOfAnotherKindAreAbsent(t *testing.T) {
	text := record.Text("x")
	if text.Bool() || text.Int() != 0 || !text.Time().IsZero() || !text.Secret().IsZero() || text.Items() != nil || text.Strings() != nil || text.Members() != nil {
		t.Error("a text is something else too")
	}
	object := record.Object(record.Member{Name: "a", Value: text})
	if object.Member("a").Str() != "x" || !object.Member("b").IsZero() || object.Str() != "" {
		t.Error("an object does not know its members")
	}
	for name, v := range map[string]record.Value{"text": record.Text(""), "instant": record.Instant(time.Time{}), "secret": record.Hidden(secret.Text{}), "array": record.Texts(nil)} {
		if !v.IsZero() {
			t.Errorf("an empty %s is there", name)
		}
	}
}

func TestEqualComparesDeeply(t *testing.T) {
	object := func(name, text string) record.Value {
		return record.List(record.Object(record.Member{Name: name, Value: record.Text(text)}))
	}
	values := []record.Value{
		{},
		record.Text("a"), record.Text("b"), record.Flag(false), record.Flag(true), record.Integer(0), record.Integer(1),
		record.Instant(time.Unix(0, 1000)), record.Hidden(secret.NewText("a")), record.Hidden(secret.NewText("b")),
		record.List(), record.Texts([]string{"a"}), record.Texts([]string{"a", "b"}), record.Texts([]string{"b", "a"}),
		object("a", "x"), object("a", "y"), object("b", "x"), record.Object(),
	}
	for i, a := range values {
		for j, b := range values {
			if a.Equal(b) != (i == j) {
				t.Errorf("%#v and %#v: equal %v", a, b, i != j)
			}
		}
	}
	if !object("a", "x").Equal(object("a", "x")) {
		t.Error("values made alike are not equal")
	}
}
