package record_test

import (
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/record"
)

// A teller writes down what it is told.
type teller struct{ strings.Builder }

func (w *teller) Open(name string)                   { w.WriteString(name + "{ ") }
func (w *teller) Close(name string)                  { w.WriteString("}" + name + " ") }
func (w *teller) Member(name string, v record.Value) { w.WriteString(name + "=" + v.String() + " ") }

func TestASinkIsToldWhatIsSelectedAndSet(t *testing.T) {
	for _, tt := range []struct{ fields, want string }{
		{"*", "name=c version{ full=f patch{ major=16 minor=1 }patch }version contact=ops "},
		{"version.patch.minor,version.full", "version{ full=f patch{ minor=1 }patch }version "},
		{"name,version.patch.unset", "name=c "},
		{"!name", "version{ full=f patch{ major=16 minor=1 }patch }version contact=ops "},
	} {
		q, err := clusters.ParseQuery([]record.Param{{Name: "fields", Value: tt.fields}}, record.OneMode)
		if err != nil {
			t.Fatal(err)
		}
		var w teller
		clusters.Show(&version{Name: "c", Full: "f"}, q.Selection(), &w)
		if got := w.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.fields, got, tt.want)
		}
	}
}
