package record_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

func TestPlainTextHasNoControlCharacters(t *testing.T) {
	tests := []struct {
		name string
		give record.Value
		code fault.Code
	}{
		{"ordinary text", record.Text("Grüße, 世界 ~"), ""},
		{"nothing", record.Value{}, ""},
		{"an escape sequence", record.Text("a\x1b[2J"), fault.BadReason},
		{"a line break", record.Text("a\nb"), fault.BadReason},
		{"DEL", record.Text("a\x7f"), fault.BadReason},
		{"a C1 control", record.Text("a\u009bm"), fault.BadReason},
		{"one of several", record.Texts([]string{"a", "b\t"}), fault.BadReason},
		{"several without", record.Texts([]string{"a", "b"}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.CodeOf(record.Plain(tt.give)); got != tt.code {
				t.Errorf("got %q, want %q", got, tt.code)
			}
		})
	}
}
