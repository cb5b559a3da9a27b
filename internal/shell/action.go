package shell

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// An Action is a verb whose parameters and whose answer are declared like
// records. The answer is printed as labels and values, its arrays of objects
// as tables below.
type Action[I, O any] struct {
	// Name, Doc, Method and Path are as in Command.
	Name, Doc, Method, Path string
	Input                   *record.Schema[I]
	Output                  *record.Schema[O]
	// Owners returns the names that -vserver is completed with.
	Owners func(ctx context.Context, caller svm.Caller) []string
	// Key, if any, finds the key that Do wants, from the parameter -vserver.
	Key func(ctx context.Context, c *Call) ([]string, error)
	// Do does it.
	Do func(ctx context.Context, caller svm.Caller, key []string, in record.Input[I]) (*O, error)
}

func (a Action[I, O]) mount(t *tree) error {
	m := &mounted[I]{
		Resource: Resource[I]{Schema: a.Input, Keys: []string{}, Owners: a.Owners},
		rows:     make(map[string]*record.Field[I]),
	}
	names := make(map[string]string)
	cmd := &command{words: strings.Fields(a.Name), doc: a.Doc, method: a.Method, path: a.Path, names: names}
	if a.Key != nil {
		p := &Param{Name: "vserver", Label: "Vserver", Syntax: "<vserver name>"}
		if a.Owners != nil {
			p.Names = func(ctx context.Context, c *Call) []string { return a.Owners(ctx, c.Caller) }
		}
		cmd.params = append(cmd.params, p)
	}
	fields := a.Input.Fields()
	for i := range fields {
		f := &fields[i]
		if f.Use.Has(record.ReadOnly) || f.Flag == "" && strings.HasSuffix(f.Path, "uuid") {
			continue
		}
		name := cmp.Or(f.Flag, hyphens(f.Path))
		m.rows[name], names[f.Path] = f, name
		cmd.params = append(cmd.params, m.param(verbCreate, name))
	}
	cmd.run = func(ctx context.Context, c *Call) error {
		in, err := m.inputs(c, record.Create)
		if err != nil {
			return err
		}
		var key []string
		if a.Key != nil {
			if key, err = a.Key(ctx, c); err != nil {
				return err
			}
		}
		out, err := a.Do(ctx, c.Caller, key, in)
		if err == nil {
			a.print(c, out)
		}
		return err
	}
	return t.add(cmd)
}

// hyphens spells a REST path as the command line does.
func hyphens(path string) string { return strings.NewReplacer("_", "-", ".", "-").Replace(path) }

func (a Action[I, O]) print(c *Call, out *O) {
	var pairs [][2]string
	var tables []*record.Field[O]
	fields := a.Output.Fields()
	for i := range fields {
		f := &fields[i]
		v := f.Get(out)
		switch {
		case f.Use.Has(record.WriteOnly) || strings.HasSuffix(f.Path, "uuid"):
		case f.Kind == record.Objects:
			if len(v.Items()) > 0 {
				tables = append(tables, f)
			}
		default:
			pairs = append(pairs, [2]string{labelOf(f), f.Said(shown(f, v, ", "))})
		}
	}
	printParagraphs(c.session.out, pairs)
	for _, f := range tables {
		c.Line("")
		printObjects(c, f.Elem, f.Get(out).Items())
	}
}

// labelOf returns the words for a field that may have none declared: those of
// its path.
func labelOf[T any](f *record.Field[T]) string {
	switch {
	case f.Label != "":
		return f.Label
	case f.Path == ownerName:
		return "Vserver"
	}
	words := strings.FieldsFunc(strings.TrimPrefix(f.Path, "is_"), func(r rune) bool { return r == '_' || r == '.' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// shown returns a value as the command line shows it, "" for what is not set.
func shown[T any](f *record.Field[T], v record.Value, between string) string {
	switch {
	case f.Kind == record.Strings:
		return strings.Join(v.Strings(), between)
	case f.Kind == record.Time && !v.IsZero():
		return v.Time().Format("2006-01-02T15:04:05Z")
	default:
		return v.String()
	}
}

// printParagraphs is printPairs for values that may be sentences.
func printParagraphs(p *printer, pairs [][2]string) {
	widest := 0
	for _, pair := range pairs {
		widest = max(widest, utf8.RuneCountInString(pair[0]))
	}
	for _, pair := range pairs {
		heading := strings.Repeat(" ", widest-utf8.RuneCountInString(pair[0])) + pair[0] + ": "
		for _, l := range wrap(heading, orDash(pair[1]), wrapAt) {
			p.line(l)
		}
	}
}

// printObjects prints an array of objects as a table of the members that any
// of them has.
func printObjects(c *Call, columns []record.Column, items []record.Value) {
	columns = slices.DeleteFunc(slices.Clone(columns), func(column record.Column) bool {
		return !slices.ContainsFunc(items, func(item record.Value) bool { return !item.Member(column.Name).IsZero() })
	})
	cells := make([][]string, len(items))
	for i, item := range items {
		for _, column := range columns {
			cells[i] = append(cells[i], clean(orDash(item.Member(column.Name).String())))
		}
	}
	tb := table{separator: c.session.separator}
	for j, column := range columns {
		name := hyphens(column.Name)
		tb.headers = append(tb.headers, []string{name})
		tb.widths = append(tb.widths, fitted(name, cells, j))
	}
	tb.print(c.session.out, cells)
}
