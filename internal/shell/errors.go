package shell

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// mistakes are the codes for what was typed, as against what could not be done.
var mistakes = map[fault.Code]bool{
	fault.BadValue: true, fault.BadReason: true, fault.UnknownField: true, fault.MissingField: true,
	fault.TwiceField: true, fault.NotSettable: true, fault.NotPatchable: true, fault.NothingToSet: true,
	fault.ArrayWanted: true, fault.ArrayUnwanted: true, fault.DuplicateValue: true, fault.MissingOperand: true,
	fault.NameLength: true, fault.NameCharacters: true, fault.PasswordLength: true, fault.PasswordContent: true,
}

// errShown is a failure that has been told already.
var errShown = errors.New("the error has been printed")

// fail prints why a command did not do what it should, and returns false.
func (s *Session) fail(ctx context.Context, cmd *command, err error) bool {
	if errors.Is(err, errShown) {
		return false
	}
	s.out.message("Error: ", s.explain(ctx, cmd, err))
	return false
}

// explain returns the sentence that is shown for an error.
func (s *Session) explain(ctx context.Context, cmd *command, err error) string {
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case ok && f.Code != fault.Internal:
	case errors.Is(err, context.DeadlineExceeded):
		f = fault.New(fault.Timeout, "", "the command did not end in time")
	case isUsage(err):
		return err.Error()
	default:
		s.shell.cfg.Logger.ErrorContext(ctx, "a command failed", slog.Any("error", err),
			slog.String("user", s.cfg.Caller.Name), slog.String("request", s.cfg.Caller.Request))
		f = fault.New(fault.Internal, "", "an internal error occurred; the server's log has it")
	}
	text := f.Msg
	if cmd != nil {
		text = cmd.respell(text, f.Target)
	}
	switch {
	case mistakes[f.Code]:
		return text
	case cmd != nil && cmd.show:
		return "show failed: " + text
	default:
		return "command failed: " + text
	}
}

func isUsage(err error) bool {
	if _, ok := errors.AsType[usageError](err); ok {
		return true
	}
	for _, known := range []error{errQuote, errBrace, errTooLong, errControl, errUTF8} {
		if errors.Is(err, known) {
			return true
		}
	}
	_, ok := errors.AsType[unknownCommand](err)
	return ok
}

// respell puts the parameter's name in the place of the field's REST path.
func (c *command) respell(text, target string) string {
	name, ok := c.names[target]
	if !ok {
		return text
	}
	text = strings.ReplaceAll(text, `"`+target+`"`, `"-`+name+`"`)
	return strings.ReplaceAll(text, `'`+target+`'`, `"-`+name+`"`)
}
