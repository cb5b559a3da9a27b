package shell

import (
	"context"
	"strings"
	"unicode/utf8"
)

const (
	wordColumn = 28 // where the words of a directory are explained
	longParam  = 42 // a parameter's left part from here on has its label below
)

// help prints what may come behind the tokens, where the fragment is the
// beginning of it.
func (s *Session) help(ctx context.Context, tokens []token, fragment string) error {
	e, err := s.expect(tokens, fragment)
	if err != nil {
		return err
	}
	switch {
	case e.cmd == nil:
		if len(e.nodes) == 0 {
			return unknownCommand(fragment)
		}
		for _, n := range e.nodes {
			s.out.line(n.helpLine())
		}
	case e.value != nil:
		s.helpValue(ctx, &e, fragment)
	default:
		s.helpParams(&e, fragment)
	}
	return nil
}

func (n *node) helpLine() string {
	name := n.name
	if n.command == nil {
		name += ">"
	}
	return strings.TrimRight("  "+pad(name, wordColumn-1)+" "+n.doc, " ")
}

// helpValue explains one value, and lists what it may be where that is known.
func (s *Session) helpValue(ctx context.Context, e *expectation, fragment string) {
	if e.value.Name == fieldsParam {
		for _, p := range e.cmd.params {
			if hasPrefixFold(p.Name, fragment) && p.Name != fieldsParam && p.Name != instanceParam {
				s.out.line(strings.TrimRight("    "+pad(p.Name, wordColumn)+" "+p.Label, " "))
			}
		}
		return
	}
	s.out.line(strings.TrimRight("  "+pad(e.value.values(), wordColumn-1)+" "+e.value.explained(), " "))
	if len(e.value.Words) > 0 {
		return
	}
	for _, name := range e.candidates(ctx, fragment) {
		s.out.line("    " + name)
	}
}

// helpParams lists the parameters that may still be given.
func (s *Session) helpParams(e *expectation, fragment string) {
	prefix := strings.TrimPrefix(fragment, "-")
	var params []*Param
	column := 0
	for _, p := range e.params {
		if !p.begins(prefix) {
			continue
		}
		params = append(params, p)
		if n := utf8.RuneCountInString(p.usage()); n < longParam && p.Label != "" {
			column = max(column, n)
		}
	}
	column += 3
	for _, p := range params {
		left, label := p.usage(), p.explained()
		switch {
		case label == "":
			s.out.line(left)
		case utf8.RuneCountInString(left) < longParam:
			s.out.line(pad(left, column) + label)
		default:
			s.out.line(left)
			s.out.line(strings.Repeat(" ", column) + label)
		}
	}
	if len(params) == 0 {
		s.out.line("  <cr>")
	}
}

// usage is the left part of a parameter's line of help.
func (p *Param) usage() string {
	name := "-" + p.Name
	if p.Positional {
		name = "[" + name + "]"
	}
	value := p.values()
	if value != "" {
		value = " " + value
	}
	switch {
	case p.Required:
		return "   " + name + value
	case p.Positional:
		return "  [" + name + value + "]"
	default:
		return "  [ " + name + value + " ]"
	}
}

func (p *Param) explained() string {
	if p.Default == "" {
		return p.Label
	}
	return p.Label + " (default: " + p.Default + ")"
}

// pad fills a text up with spaces.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}
