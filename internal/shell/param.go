package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Param is one parameter of a command.
type Param struct {
	// Name is written with a hyphen before it; Aliases are other spellings.
	Name    string
	Aliases []string
	// Label says in a few words what it is, Syntax what it takes ("<text>").
	Label, Syntax string
	// Words are the values there are, where they are few; they stand for
	// Syntax and are completed.
	Words []string
	// Default is shown in help.
	Default string
	// Required parameters must be given; Positional ones may be given without
	// their name, in declared order.
	Required, Positional bool
	// Switch takes no value, List takes several with commas between, Rest
	// takes all that follows.
	Switch, List, Rest bool
	// Secret values are asked for where they are not given, and never come
	// into the history.
	Secret bool
	// Names returns what there is to complete the value with; it may be nil.
	Names func(ctx context.Context, c *Call) []string

	query   bool // the value is a query
	implied bool // help shows it as required, but it has a default
}

// values returns what help shows for the value, "" for a switch.
func (p *Param) values() string {
	switch {
	case p.Switch:
		return ""
	case p.Syntax != "" && p.Words != nil: // too many words to show
		return p.Syntax
	case len(p.Words) > 0 && p.List:
		return "{" + strings.Join(p.Words, "|") + "}, ..."
	case len(p.Words) > 0:
		return "{" + strings.Join(p.Words, "|") + "}"
	case p.Syntax != "":
		return p.Syntax
	case p.List:
		return "<text>, ..."
	default:
		return "<text>"
	}
}

// called reports whether the parameter has exactly the name, in any letter case.
func (p *Param) called(name string) bool {
	return strings.EqualFold(p.Name, name) ||
		slices.ContainsFunc(p.Aliases, func(a string) bool { return strings.EqualFold(a, name) })
}

// begins reports whether the name, or else another spelling, begins so.
func (p *Param) begins(name string) bool {
	return hasPrefixFold(p.Name, name) ||
		slices.ContainsFunc(p.Aliases, func(a string) bool { return hasPrefixFold(a, name) })
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// A usageError is what is wrong with a command line as it was typed.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// findParam returns the parameter of a name or of its shortest unique
// beginning.
func findParam(params []*Param, name string) (*Param, error) {
	var found []*Param
	for _, p := range params {
		if p.called(name) {
			return p, nil
		}
		if p.begins(name) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return nil, usagef("invalid argument %q", "-"+name)
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, p := range found {
		names[i] = "-" + p.Name
	}
	return nil, usagef("ambiguous argument %q; it may be %s", "-"+name, strings.Join(names, ", "))
}
