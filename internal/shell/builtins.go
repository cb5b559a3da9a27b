package shell

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A privilege is the level of a session.
type privilege uint8

const (
	admin privilege = iota
	advanced
	diagnostic
)

var privileges = []string{"admin", "advanced", "diagnostic"}

const (
	advancedWarning = "These advanced commands are potentially dangerous; use them only when directed to do so by NetApp personnel."
	// maxRedo bounds a redo of a redo of a redo.
	maxRedo = 16
)

// builtins are the shell's own commands.
func builtins() []Mounted {
	leave := func(_ context.Context, c *Call) error {
		c.session.leaving = true
		return nil
	}
	return []Mounted{
		Command{Name: "exit", Doc: "Quit the CLI session", Run: leave},
		Command{Name: "logout", Doc: "Quit the CLI session", Run: leave},
		Command{Name: "quit", Doc: "Quit the CLI session", Run: leave},
		Command{Name: "help", Doc: "Display help on a command", Run: runHelp, Params: []Param{
			{Name: "command", Label: "Command", Positional: true, Rest: true},
		}},
		Command{Name: "history", Doc: "Show the history of commands for this CLI session", Run: runHistory},
		Command{Name: "redo", Doc: "Execute a previous command", Run: runRedo, Params: []Param{
			{Name: "command", Label: "Beginning or number of the command", Syntax: "<text|number|-number>", Positional: true, Rest: true},
		}},
		Command{Name: "rows", Doc: "Show or set the lines of a screenful for this CLI session", Run: runRows, Params: []Param{
			{Name: "rows", Label: "Number of lines; 0 never waits", Syntax: "<integer>", Positional: true},
		}},
		Command{Name: "set", Doc: "Show or set the settings of this CLI session", Run: runSet, Params: []Param{
			{Name: "privilege", Label: "Privilege Level", Words: privileges, Positional: true},
			{Name: "confirmations", Label: "Confirmation Messages", Words: []string{"on", "off"}},
			{Name: "showallfields", Label: "Show All Fields", Words: []string{"true", "false"}},
			{Name: "showseparator", Label: "Show Separator"},
		}},
		Command{Name: "top", Doc: "Go to the top-level directory", Run: func(_ context.Context, c *Call) error {
			for c.session.dir.parent != nil {
				c.session.dir = c.session.dir.parent
			}
			return nil
		}},
		Command{Name: "up", Doc: "Go up one directory", Run: func(_ context.Context, c *Call) error {
			if c.session.dir.parent != nil {
				c.session.dir = c.session.dir.parent
			}
			return nil
		}},
	}
}

func runHelp(ctx context.Context, c *Call) error {
	commands, err := tokenize(c.Text("command"))
	if err != nil {
		return err
	}
	return c.session.help(ctx, commands[0], "")
}

func runHistory(_ context.Context, c *Call) error {
	past := &c.session.past
	for i, line := range past.lines {
		c.Line("%4d  %s", past.gone+i+1, line)
	}
	return nil
}

// runRedo runs an earlier line: by its number, by how many lines ago it was,
// or by its beginning; without any of them the last one.
func runRedo(ctx context.Context, c *Call) error {
	s := c.session
	which := c.Text("command")
	// The line of this very redo is in the history already, and must not find
	// itself.
	past := history{lines: s.past.lines[:max(len(s.past.lines)-1-s.depth, 0)], gone: s.past.gone}
	line, ok := past.find(which)
	if !ok {
		return usagef("no command in the history matches %q", which)
	}
	if s.depth == maxRedo {
		return usagef("redo goes round in circles")
	}
	s.depth++
	defer func() { s.depth-- }()
	c.Line("%s", line)
	if !s.runLine(ctx, line) {
		return errShown
	}
	return nil
}

// find returns the line that redo means.
func (h *history) find(which string) (string, bool) {
	n, err := strconv.Atoi(which)
	switch {
	case which == "":
		return h.at(h.gone + len(h.lines))
	case err == nil && n < 0:
		return h.at(h.gone + len(h.lines) + n + 1)
	case err == nil:
		return h.at(n)
	default:
		return h.latest(which)
	}
}

func runRows(_ context.Context, c *Call) error {
	s := c.session
	if !c.Given("rows") {
		lines, _ := s.page()
		if lines > 0 {
			lines++
		}
		c.Line("Number of Rows: %d", max(s.rows, lines))
		return nil
	}
	n, err := strconv.Atoi(c.Text("rows"))
	if err != nil || n < 0 || n > 10000 {
		return usagef("%q is not a number of lines from 0 to 10000", c.Text("rows"))
	}
	s.rows = n
	return nil
}

func runSet(_ context.Context, c *Call) error {
	s := c.session
	if len(c.args.list) == 0 {
		c.Pairs([2]string{"Privilege Level", privileges[s.level]},
			[2]string{"Confirmation Messages", onOff[s.asks]},
			[2]string{"Show All Fields", strconv.FormatBool(s.allFields)},
			[2]string{"Show Separator", fmt.Sprintf("%q", s.separator)})
		return nil
	}
	settings := make(map[string]string)
	for _, g := range c.args.list {
		text := g.value.text()
		if len(g.param.Words) > 0 {
			word, err := oneWord(g.param, text)
			if err != nil {
				return err
			}
			text = word
		}
		settings[g.param.Name] = text
	}
	return s.apply(c, settings)
}

var onOff = map[bool]string{true: "on", false: "off"}

// oneWord returns the word that a text is the unique beginning of.
func oneWord(p *Param, text string) (string, error) {
	var found []string
	for _, w := range p.Words {
		if strings.EqualFold(w, text) {
			return w, nil
		}
		if hasPrefixFold(w, text) {
			found = append(found, w)
		}
	}
	if len(found) != 1 {
		return "", usagef("%q is an invalid value for parameter %q %s", text, "-"+p.Name, p.values())
	}
	return found[0], nil
}

// apply changes the settings given. Confirmations come first, so that "set
// -privilege advanced -confirmations off" asks nothing.
func (s *Session) apply(c *Call, settings map[string]string) error {
	if word, ok := settings["confirmations"]; ok {
		s.asks = word == "on" && s.cfg.Term
	}
	if word, ok := settings["showallfields"]; ok {
		s.allFields = word == "true"
	}
	if text, ok := settings["showseparator"]; ok {
		if s.separator = text; text == "" {
			s.separator = " "
		}
	}
	word, ok := settings["privilege"]
	if !ok {
		return nil
	}
	level := privilege(slices.Index(privileges, word)) //nolint:gosec // one of three words
	if level > admin && level != s.level {
		if yes, err := c.Confirm(advancedWarning); !yes || err != nil {
			return err
		}
	}
	s.level = level
	return nil
}
