package shell

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// Bounds of what completion looks at and offers.
const (
	maxLooked  = 10000
	maxOffered = 200
)

// filter turns parameters given as queries into one query over the records,
// which shows the fields.
func (m *mounted[T]) filter(given []arg, fields []string, more ...record.Param) (record.Query[T], error) {
	params := more
	for _, g := range given {
		f := m.rows[g.param.Name]
		if f == nil {
			continue // -fields, -instance
		}
		value := m.Schema.StoredFilter(f.Path, vocabulary(f.SaidWords()).expression(g.value))
		params = append(params, record.Param{Name: f.Path, Value: value})
	}
	if len(fields) > 0 {
		paths := make([]string, len(fields))
		for i, flag := range fields {
			paths[i] = m.rows[flag].Path
		}
		params = append(params, record.Param{Name: "fields", Value: strings.Join(paths, ",")})
	}
	return m.Schema.ParseQuery(params, record.ListMode)
}

// find returns all records that match, sorted by their keys as shown.
func (m *mounted[T]) find(ctx context.Context, c *Call, q record.Query[T]) ([]*T, error) {
	var found []*T
	for page, err := range m.pages(ctx, c, q) {
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
	}
	if !m.KeepOrder {
		slices.SortStableFunc(found, m.compare)
	}
	return found, nil
}

// batches yields the records that match as show prints them: all together when
// they must be sorted, else page by page, so that of a long list only a part
// is in memory.
func (m *mounted[T]) batches(ctx context.Context, c *Call, q record.Query[T]) iter.Seq2[[]*T, error] {
	if m.KeepOrder {
		return m.pages(ctx, c, q)
	}
	return func(yield func([]*T, error) bool) { yield(m.find(ctx, c, q)) }
}

// pages yields the records that match as Rows has them.
func (m *mounted[T]) pages(ctx context.Context, c *Call, q record.Query[T]) iter.Seq2[[]*T, error] {
	return func(yield func([]*T, error) bool) {
		for {
			page, err := q.Run(ctx, m.Reader.Rows(ctx, c.Caller.Asking(q), q.From()), m.Reader.Fill)
			if err == nil && page.Next != nil {
				err = ctx.Err()
			}
			if !yield(page.Records, err) || err != nil || page.Next == nil {
				return
			}
			if q, err = m.Schema.ParseQuery(page.Next, record.ListMode); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

func (m *mounted[T]) compare(a, b *T) int {
	for _, flag := range m.keys {
		get := m.rows[flag].Get
		x, y := get(a), get(b)
		if order := cmp.Or(cmp.Compare(x.Int(), y.Int()), cmp.Compare(x.String(), y.String())); order != 0 {
			return order
		}
	}
	return 0
}

// targets returns the records that a modify or delete is for: those of the
// extended query and of the keys given. Exact says that the keys named one
// record and not a query, and then there is one.
func (m *mounted[T]) targets(ctx context.Context, c *Call) (found []*T, exact bool, err error) {
	given := slices.Clone(c.args.where)
	exact = !c.args.between
	var more []record.Param
	for _, flag := range m.keys {
		g := c.args.find(flag)
		switch {
		case g != nil && g.bare:
			return nil, false, needsValue(g.param)
		case g != nil:
			if i := slices.IndexFunc(given, func(w arg) bool { return w.param.Name == flag }); i >= 0 {
				return nil, false, usagef("parameter %q is given twice", "-"+flag)
			}
			given = append(given, *g)
			exact = exact && !hasQuery(g.value)
		case c.args.between:
		case m.rows[flag].Path == ownerName:
			more = append(more, record.Param{Name: ownerUUID, Value: literal(c.ownerUUID())})
		default:
			return nil, false, usagef("missing required parameter -%s", flag)
		}
	}
	q, err := m.filter(given, m.keys, more...)
	if err != nil {
		return nil, false, err
	}
	found, err = m.find(ctx, c, q)
	if err == nil && exact && len(found) == 0 {
		keys := m.Schema.Keys()
		err = fault.New(fault.NotFound, keys[len(keys)-1], "entry doesn't exist")
	}
	return found, exact, err
}

// ownerUUID returns the owner that stands for a -vserver left out.
func (c *Call) ownerUUID() string {
	if uuid, single := c.Caller.Scope.Single(); single {
		return uuid
	}
	return c.Caller.Owner.UUID
}

// names returns what completes a key: its values in the records there are
// that have the other keys given so far.
func (m *mounted[T]) names(flag string) func(ctx context.Context, c *Call) []string {
	return func(ctx context.Context, c *Call) []string {
		if c.session.cfg.May == nil || !c.session.cfg.May(methodGet, "/api"+m.Path) {
			return nil
		}
		var given []arg
		for _, g := range slices.Concat(c.args.list, c.args.where) {
			if !g.bare && g.param.query && g.param.Name != flag {
				given = append(given, g)
			}
		}
		q, err := m.filter(given, nil)
		if err != nil || len(q.NeedsComputed()) > 0 {
			return nil
		}
		var names []string
		looked := 0
		for t, err := range m.Reader.Rows(ctx, c.Caller.Asking(q), q.From()) {
			if looked++; err != nil || looked > maxLooked || len(names) > maxOffered {
				break
			}
			if !q.Match(t) {
				continue
			}
			if name := m.rows[flag].Get(t).String(); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names
	}
}
