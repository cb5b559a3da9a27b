package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
)

const noEntries = "There are no entries matching your query."

// footer counts entries as ONTAP does: "1 entry was deleted.".
func footer(count int, done string) string {
	if count == 1 {
		return "1 entry was " + done + "."
	}
	return fmt.Sprintf("%d entries were %s.", count, done)
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
	given, more := m.needed(slices.Concat(c.args.where, c.args.list))
	q, err := m.filter(given, shown, more...)
	if err != nil {
		return err
	}
	l := listing[T]{mounted: m, c: c, instance: instance, flags: flags}
	for found, err := range m.batches(ctx, c, q) {
		if err != nil {
			return err
		}
		if l.print(found); c.Stopped() {
			return nil
		}
	}
	l.end()
	return nil
}

// needed adds the filter of a resource that Needs a value. It may change given.
func (m *mounted[T]) needed(given []arg) ([]arg, []record.Param) {
	if m.Needs == "" {
		return given, nil
	}
	i := slices.IndexFunc(given, func(g arg) bool { return g.param.Name == m.Needs })
	switch {
	case i < 0:
		return given, []record.Param{{Name: m.rows[m.Needs].Path, Value: "!null"}}
	case given[i].value.is("*"):
		return slices.Delete(given, i, i+1), nil
	default:
		return given, nil
	}
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

// cell returns a record's value as it is shown in one line: "-" for what is not
// set, lists with the separator between their elements.
func (m *mounted[T]) cell(flag string, t *T, between string) string {
	return clean(strings.ReplaceAll(m.text(flag, t, between), "\n", " "))
}

// text is cell for a text that may have several lines and hold anything.
func (m *mounted[T]) text(flag string, t *T, between string) string {
	f := m.rows[flag]
	return orDash(f.Said(strings.TrimRight(shown(f, f.Get(t), between), "\n")))
}
