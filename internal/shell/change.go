package shell

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

// inputs turns parameters that are no queries into what the schema reads. A
// secret without a value is asked for.
func (m *mounted[T]) inputs(c *Call, op record.Op) (record.Input[T], error) {
	var params []record.Param
	var asked []arg
	for _, g := range c.args.list {
		f := m.rows[g.param.Name]
		switch {
		case g.param.query || f == nil:
		case g.bare:
			asked = append(asked, g)
		default:
			params = append(params, record.Param{Name: f.Path, Value: g.value.text()})
		}
	}
	in, err := m.Schema.ReadFlags(params, op)
	if err != nil {
		return in, err
	}
	for _, g := range asked {
		text, err := c.session.askSecret("Enter the " + m.rows[g.param.Name].Label + ": ")
		if err != nil {
			return in, err
		}
		if in, err = m.withSecret(in, g.param.Name, text); err != nil {
			return in, err
		}
	}
	return in, nil
}

// withSecret adds a secret that somebody typed by itself.
func (m *mounted[T]) withSecret(in record.Input[T], flag string, text secret.Text) (record.Input[T], error) {
	f := m.rows[flag]
	v := record.Hidden(text)
	switch n := int64(text.Len()); {
	case n == 0:
		return in, usagef("parameter %q needs a value", "-"+flag)
	case f.Max > 0 && n > f.Max || n < f.Min:
		return in, usagef("the value of parameter %q has %d characters; %d to %d are allowed", "-"+flag, n, max(f.Min, 1), f.Max)
	}
	if f.Check != nil {
		if err := f.Check(v); err != nil {
			return in, err
		}
	}
	return in.With(f.Path, v), nil
}

func (m *mounted[T]) create(ctx context.Context, c *Call) error {
	in, err := m.inputs(c, record.Create)
	if err != nil {
		return err
	}
	in, err = m.askRequired(c, in)
	if err == nil && m.Complete != nil {
		in, err = m.Complete(ctx, c, in)
	}
	if err == nil {
		_, err = m.Service.Create(ctx, c.Caller, in)
	}
	return err
}

// askRequired asks a person for the secrets that a new record needs and that
// were not on the line.
func (m *mounted[T]) askRequired(c *Call, in record.Input[T]) (record.Input[T], error) {
	for _, p := range m.params(verbCreate) {
		path := m.rows[p.Name].Path
		switch {
		case !p.Secret || !p.Required || in.Has(path):
			continue
		case !c.session.cfg.Term:
			return in, usagef("missing required parameter -%s", p.Name)
		}
		text, err := c.session.askSecret("Enter the " + p.Label + ": ")
		if err == nil {
			in, err = m.withSecret(in, p.Name, text)
		}
		if err != nil {
			return in, err
		}
	}
	return in, nil
}

func (m *mounted[T]) modify(ctx context.Context, c *Call) error {
	in, err := m.inputs(c, record.Modify)
	compose := in.Len() == 0 && m.Compose != nil && c.session.cfg.Term
	switch {
	case err != nil:
		return err
	case in.Len() == 0 && !compose:
		return usagef("nothing to modify; give the parameters that shall change")
	}
	found, exact, err := m.targets(ctx, c)
	if err != nil {
		return err
	}
	return m.each(ctx, c, found, exact, "modified", func(t *T) error {
		in := in
		if compose {
			if in, err = m.Compose(c, t); err != nil {
				return err
			}
		}
		_, err := m.Modifier.Modify(ctx, c.Caller, m.Schema.KeyOf(t), in)
		return err
	})
}

func (m *mounted[T]) remove(ctx context.Context, c *Call) error {
	found, exact, err := m.targets(ctx, c)
	if err != nil {
		return err
	}
	if m.DeleteWarning != "" && len(found) > 0 {
		if yes, err := c.Confirm(m.DeleteWarning); !yes || err != nil {
			return err
		}
	}
	return m.each(ctx, c, found, exact, "deleted", func(t *T) error {
		return m.Service.Delete(ctx, c.Caller, m.Schema.KeyOf(t))
	})
}

// each does one thing to every record and, unless exactly one was named, tells
// to how many. What fails for one record is told and does not keep it from
// the others; Ctrl-C does.
func (m *mounted[T]) each(ctx context.Context, c *Call, found []*T, exact bool, done string, do func(t *T) error) error {
	s := c.session
	if len(found) == 0 {
		c.Line(noEntries)
		return nil
	}
	count, failed := 0, false
	for _, t := range found {
		err := do(t)
		switch {
		case err == nil:
			count++
		case errors.Is(err, errInterrupt):
			return errShown
		case exact && len(found) == 1:
			return err
		default:
			failed = true
			s.out.message("Error: ", s.explain(ctx, m.command(), err)+" ("+m.title(t)+")")
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	if !exact || len(found) > 1 {
		c.Line("%s", footer(count, done))
	}
	if failed {
		return errShown
	}
	return nil
}

// command gives explain the parameters' names.
func (m *mounted[T]) command() *command {
	names := make(map[string]string)
	for flag, f := range m.rows {
		names[f.Path] = flag
	}
	return &command{names: names}
}

// title names a record by its keys: "vserver svm1, group-name admins".
func (m *mounted[T]) title(t *T) string {
	words := make([]string, len(m.keys))
	for i, flag := range m.keys {
		words[i] = flag + " " + m.cell(flag, t, ",")
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return strings.HasSuffix(w, " -") }), ", ")
}
