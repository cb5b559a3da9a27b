package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/duoplane/duoplane/internal/enumtest"
	"github.com/duoplane/duoplane/internal/fault"
)

func TestCodeOf(t *testing.T) {
	raced := fault.New(fault.Raced, "", "lost a race")
	tests := []struct {
		name string
		give error
		want fault.Code
	}{
		{"nil has no code", nil, ""},
		{"a foreign error is internal", io.EOF, fault.Internal},
		{"a fault has its own", raced, fault.Raced},
		{"a wrapped fault keeps it", fmt.Errorf("commit: %w", raced), fault.Raced},
		{"a joined fault keeps it", errors.Join(io.EOF, raced), fault.Raced},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.CodeOf(tt.give); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if fault.Is(nil, "") {
		t.Error("nil is a fault")
	}
}

func TestTheCauseIsForTheLogOnly(t *testing.T) {
	err := fault.Wrap(io.ErrUnexpectedEOF, fault.Unavailable, "owner.uuid", "try again in %d s", 5)
	if err.Msg != "try again in 5 s" || err.Target != "owner.uuid" {
		t.Errorf("got %+v", err)
	}
	if want := "try again in 5 s: unexpected EOF"; err.Error() != want {
		t.Errorf("for the log: %q, want %q", err.Error(), want)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestCodesAreAllCodes(t *testing.T) { enumtest.Complete(t, "Code", fault.Codes()) }
