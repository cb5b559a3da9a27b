package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const noEntries = "There are no entries matching your query."

// footer counts entries as ONTAP does: "1 entry was deleted.".
func footer(count int, done string) string {
	if count == 1 {
		return "1 entry was " + done + "."
	}
	return fmt.Sprintf("%d entries were %s.", count, done)
}

// A Line is one line of a block layout.
type Line struct {
	Label, Param string
	Below        bool // the value stands on a line of its own
	Gap          bool // an empty line follows
}

// A Column is one column of a table.
type Column struct {
	// Header has one or two lines.
	Header []string
	Param  string
	// Width is that of the column, 0 for that of the widest value.
	Width int
}

// show prints the records in the layout asked for.
func (m *mounted[T]) show(ctx context.Context, c *Call) error {
	flags, err := m.pickFields(c)
	if err != nil {
		return err
	}
	instance := c.Given(instanceParam)
	if instance && c.Given(fieldsParam) {
		return usagef("-fields and -instance do not go together")
	}
	shown := flags
	switch {
	case instance:
		shown = m.all
	case flags == nil && c.session.allFields:
		flags, shown = m.all, m.all
	case flags == nil && len(m.columnFlags()) > 0:
		shown = append(slices.Clone(m.keys), m.columnFlags()...)
	case flags == nil:
		flags, shown = m.keys, m.keys
	}
	q, err := m.filter(slices.Concat(c.args.where, c.args.list), shown)
	if err != nil {
		return err
	}
	found, err := m.find(ctx, c, q)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		c.Line(noEntries)
		return nil
	}
	switch {
	case instance:
		m.printInstances(c, found)
	case flags != nil:
		m.printFields(c, found, flags)
	case m.Block != nil:
		m.printBlocks(c, found)
	default:
		m.printTables(c, found)
	}
	return nil
}

// pickFields reads -fields: names, their beginnings, "*" for all. The keys are
// always among them; nil when -fields was not given.
func (m *mounted[T]) pickFields(c *Call) ([]string, error) {
	g := c.args.find(fieldsParam)
	if g == nil {
		return nil, nil
	}
	picked := slices.Clone(m.keys)
	for name := range strings.SplitSeq(g.value.text(), ",") {
		name = strings.TrimSpace(name)
		if name == "*" {
			return m.all, nil
		}
		flag, err := m.readable(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(picked, flag) {
			picked = append(picked, flag)
		}
	}
	return picked, nil
}

// readable finds the field of a name, an alias or a unique beginning.
func (m *mounted[T]) readable(name string) (string, error) {
	params := make([]*Param, len(m.all))
	for i, flag := range m.all {
		params[i] = &Param{Name: flag, Aliases: m.rows[flag].Aliases}
	}
	p, err := findParam(params, name)
	if name == "" || err != nil {
		return "", usagef("invalid field %q in -fields", name)
	}
	return p.Name, nil
}

// cell returns a record's value as it is shown: "-" for what is not set, lists
// with the separator between their elements.
func (m *mounted[T]) cell(flag string, t *T, between string) string {
	f := m.rows[flag]
	return clean(orDash(f.Said(shown(f, f.Get(t), between))))
}

// printInstances prints every field of every record.
func (m *mounted[T]) printInstances(c *Call, found []*T) {
	for i, t := range found {
		if i > 0 {
			c.Line("")
		}
		pairs := make([][2]string, len(m.all))
		for i, flag := range m.all {
			pairs[i] = [2]string{m.label(flag), m.cell(flag, t, ", ")}
		}
		c.Pairs(pairs...)
		if c.Stopped() {
			return
		}
	}
	m.countBlocks(c, found)
}

func (m *mounted[T]) label(flag string) string { return labelOf(m.rows[flag]) }

func (m *mounted[T]) countBlocks(c *Call, found []*T) {
	if len(found) > 1 {
		c.Line("%s", footer(len(found), "displayed"))
	}
}

// printBlocks prints the records in the resource's own layout.
func (m *mounted[T]) printBlocks(c *Call, found []*T) {
	for i, t := range found {
		if i > 0 {
			c.Line("")
		}
		for _, l := range m.Block {
			value := m.cell(l.Param, t, ", ")
			if l.Below {
				c.Line("%s:", l.Label)
				c.Line("%s", value)
			} else {
				c.Line("%s: %s", l.Label, value)
			}
			if l.Gap {
				c.Line("")
			}
		}
		if c.Stopped() {
			return
		}
	}
	m.countBlocks(c, found)
}
