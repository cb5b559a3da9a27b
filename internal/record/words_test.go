package record_test

import (
	"slices"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// A port has words that the command line spells in its own way.
type port struct{ Via, Status string }

var ports = record.NewSchema("port",
	record.Field[port]{
		Path: "via", Flag: "via", Kind: record.Enum, Enum: []string{"console", "service_processor"},
		Words: map[string]string{"service_processor": "service-processor"},
		Get:   func(p *port) record.Value { return record.Text(p.Via) },
		Set:   func(p *port, v record.Value) { p.Via = v.Str() },
	},
	record.Field[port]{
		Path: "status", Flag: "status", Kind: record.String, Words: map[string]string{"Ok": "ok"},
		Get: func(p *port) record.Value { return record.Text(p.Status) },
		Set: func(p *port, v record.Value) { p.Status = v.Str() },
	},
)

func TestTheCommandLineHasItsOwnWords(t *testing.T) {
	via, _ := ports.Field("via")
	if got := via.Said("service_processor") + " " + via.Said("console"); got != "service-processor console" {
		t.Errorf("said: %s", got)
	}
	if got := via.SaidWords(); !slices.Equal(got, []string{"console", "service-processor"}) {
		t.Errorf("words: %q", got)
	}
	for _, given := range []string{"service-processor", "service_processor", "SERVICE-Processor"} {
		in, err := ports.ReadFlags([]record.Param{{Name: "via", Value: given}, {Name: "status", Value: "OK"}}, record.Create)
		if err != nil || in.Get("via").Str() != "service_processor" || in.Get("status").Str() != "Ok" {
			t.Errorf("%s: got %v, %v, %v", given, in.Get("via"), in.Get("status"), err)
		}
	}
	_, err := ports.ReadFlags([]record.Param{{Name: "via", Value: "telnet"}}, record.Create)
	wantFault(t, err, fault.BadValue, "via", `The value "telnet" is invalid for field "via" (<console|service-processor>)`)
	_, err = ports.ReadBody([]byte(`{"via":"service-processor"}`), record.Create)
	wantFault(t, err, fault.BadValue, "via", `The value "service-processor" is invalid for field "via" (<console|service_processor>)`)
}

func TestFiltersInTheCommandLinesWords(t *testing.T) {
	for _, tt := range []struct{ path, given, want string }{
		{"via", "service-processor", "service_processor"},
		{"via", "!service-processor", "!service_processor"},
		{"via", "console|Service-Processor", "console|service_processor"},
		{"via", "<=service-processor", "<=service_processor"},
		{"via", "console..service-processor", "console..service_processor"},
		{"via", `"service-processor"`, "service_processor"},
		{"via", "service*", "service*"},
		{"via", "service-*", "service-*|service_processor"},
		{"via", "*-PROC*|console", "*-PROC*|console|service_processor"},
		{"via", "!service-*", "!service-*"},
		{"status", "o*", "o*"},
		{"via", "telnet", "telnet"},
		{"via", "null", "null"},
		{"via", `"torn`, `"torn`},
		{"status", "!OK", "!Ok"},
		{"status", "no answer", "no answer"},
		{"unknown", "x", "x"},
	} {
		if got := ports.StoredFilter(tt.path, tt.given); got != tt.want {
			t.Errorf("%s=%s: got %s, want %s", tt.path, tt.given, got, tt.want)
		}
	}
}
