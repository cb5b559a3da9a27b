package shell

import (
	"context"
	"slices"
	"strings"
)

// An expectation is what may come next on a line, as help and completion show
// it: words, parameters, or the value of one parameter.
type expectation struct {
	nodes  []*node
	cmd    *command
	params []*Param // that may still be given
	value  *Param   // whose value is expected
	call   *Call    // what was given so far
}

// expect looks at the tokens in front of the fragment under the cursor.
func (s *Session) expect(tokens []token, fragment string) (expectation, error) {
	if len(tokens) > 0 && tokens[0].is("..") {
		tokens = append([]token{{parts: []part{{text: "up"}}}}, tokens[1:]...)
	}
	n, rest, err := s.shell.tree.resolve(s.dir, tokens, s.visible)
	if err != nil {
		return expectation{}, err
	}
	if n.command == nil {
		return expectation{nodes: s.words(n, len(tokens) == 0, fragment)}, nil
	}
	e := expectation{cmd: n.command}
	params, filters := n.command.params, n.command.filters
	if len(rest) == 1 && rest[0].brace && filters != nil { // perhaps still open
		if open := rest[0]; open.end == 0 {
			params, filters, rest = filters, nil, open.inner
		}
	}
	a, err := parseArgs(rest, params, filters)
	if err != nil {
		return e, err
	}
	e.call = &Call{Caller: s.cfg.Caller, session: s, args: a}
	e.value = a.pending
	if last := len(rest) - 1; e.value == nil && last >= 0 && len(a.list) > 0 && rest[last].endsWith(",") {
		if g := a.list[len(a.list)-1]; g.param.List {
			e.value = g.param
		}
	}
	for _, p := range params {
		if a.find(p.Name) == nil && (p.Name != fieldsParam || a.find(instanceParam) == nil) {
			e.params = append(e.params, p)
		}
	}
	if positional := e.positional(); e.value == nil && fragment != "" && fragment[0] != '-' {
		e.value = positional
	}
	return e, nil
}

func (e *expectation) positional() *Param {
	i := slices.IndexFunc(e.params, func(p *Param) bool { return p.Positional })
	if i < 0 {
		return nil
	}
	return e.params[i]
}

// words returns the children of a directory that begin with the fragment. The
// first word of a line may come from the root too.
func (s *Session) words(dir *node, first bool, fragment string) []*node {
	var found []*node
	for _, c := range dir.children {
		if hasPrefixFold(c.name, fragment) && s.visible(c) {
			found = append(found, c)
		}
	}
	if len(found) == 0 && first && dir.parent != nil {
		return s.words(&s.shell.tree.root, false, fragment)
	}
	return found
}

// candidates returns what the fragment may be completed to.
func (e *expectation) candidates(ctx context.Context, fragment string) []string {
	var all []string
	switch {
	case e.cmd == nil:
		for _, n := range e.nodes {
			all = append(all, n.name)
		}
	case e.value != nil:
		all = e.value.candidates(ctx, e.call)
		if e.value.List {
			fragment = fragment[strings.LastIndexByte(fragment, ',')+1:]
		}
	default:
		for _, p := range e.params {
			all = append(all, "-"+p.Name)
			if !hasPrefixFold("-"+p.Name, fragment) {
				for _, alias := range p.Aliases {
					all = append(all, "-"+alias)
				}
			}
		}
	}
	// What would have to be made visible first cannot be typed.
	all = slices.DeleteFunc(slices.Clone(all), func(w string) bool { return !hasPrefixFold(w, fragment) || clean(w) != w })
	slices.Sort(all)
	return slices.Compact(all)
}

func (p *Param) candidates(ctx context.Context, c *Call) []string {
	if len(p.Words) > 0 || p.Names == nil {
		return p.Words
	}
	return p.Names(ctx, c)
}

// splitLine returns the tokens in front of the cursor less the one it stands
// at the end of, which is returned as it was typed, with the place where it
// begins. It looks at the last command of the line only. A line that cannot
// be read for another reason than that it is unfinished gives ok=false.
func splitLine(line string) (tokens []token, fragment string, start int, ok bool) {
	commands, err := tokenize(line)
	if err != nil && err != errQuote && err != errBrace { //nolint:errorlint // tokenize returns them unwrapped
		return nil, "", 0, false
	}
	if strings.Contains(line, "#") && inComment(line) {
		return nil, "", 0, false
	}
	tokens = commands[len(commands)-1]
	last := len(tokens) - 1
	switch {
	case last < 0:
		return nil, "", len(line), true
	case tokens[last].brace && err == errBrace: //nolint:errorlint // see above
		open := tokens[last]
		inner := open.inner
		if end := len(inner) - 1; end >= 0 && inner[end].end == len(line) {
			fragment, start = inner[end].text(), inner[end].start
			open.inner = inner[:end]
		} else {
			start = len(line)
		}
		open.end = 0 // still open
		return append(slices.Clone(tokens[:last]), open), fragment, start, true
	case tokens[last].end == len(line) && !tokens[last].brace:
		return tokens[:last], tokens[last].text(), tokens[last].start, true
	default:
		return tokens, "", len(line), true
	}
}

// inComment reports whether the end of a line is in a comment.
func inComment(line string) bool {
	with, err := tokenize(line + " x")
	if err != nil {
		return false
	}
	without, err := tokenize(line)
	return err == nil && len(with[len(with)-1]) == len(without[len(without)-1])
}
