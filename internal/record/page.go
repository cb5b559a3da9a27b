package record

import (
	"cmp"
	"maps"
	"slices"

	"github.com/duoplane/duoplane/internal/fault"
)

// A cursor is the place in a list where a page begins: the sort values of its
// first record, if the list is ordered, and its key. It is inclusive, and the
// record itself need not exist any more. So a change between two pages
// neither repeats nor loses a record that was not changed.
//
// In a request it is start.<path>=<text> for each sort field and key field;
// a sort field that is not set has no parameter.
type cursor struct {
	values []Value // one for each term of the order
	key    []Value // one for each field of the key
}

// readStart reads the start parameters; what is neither key nor sort field is
// UnknownField. A part of the key says where to start only behind the parts
// before it: MissingField without them.
func (p *queryParser[T]) readStart() error {
	if len(p.start) == 0 {
		return nil
	}
	s, q := p.schema, &p.query
	c := &cursor{values: make([]Value, len(q.order)), key: make([]Value, len(s.keys))}
	unread := maps.Clone(p.start)
	read := func(row int) (Value, error) {
		path := s.fields[row].Path
		delete(unread, path)
		text, ok := p.start[path]
		if !ok {
			return Value{}, nil
		}
		return s.shapes[row].stored(text)
	}
	var err error
	for i, o := range q.order {
		if c.values[i], err = read(o.row); err != nil {
			return err
		}
	}
	for i, row := range s.keys {
		if c.key[i], err = read(row); err != nil {
			return err
		}
	}
	if len(unread) > 0 {
		return unexpected(startPrefix + slices.Min(slices.Collect(maps.Keys(unread))))
	}
	q.start = c
	return p.wholeStart(c)
}

// wholeStart refuses a key with a gap before a part. A part that is a sort
// field too has a meaning without the others.
func (p *queryParser[T]) wholeStart(c *cursor) error {
	gap := ""
	for i, row := range p.schema.keys {
		sorts := slices.ContainsFunc(p.query.order, func(o sortTerm) bool { return o.row == row })
		switch path := startPrefix + p.schema.fields[row].Path; {
		case c.key[i].IsZero():
			gap = cmp.Or(gap, path)
		case gap != "" && !sorts:
			return fault.New(fault.MissingField, gap, "\"%s\" says where a page begins only together with \"%s\".", path, gap)
		}
	}
	return nil
}

// stored reads a value as String printed it, without the rules for input.
func (sh *shape) stored(text string) (Value, error) {
	if sh.kind == String || sh.kind == Enum || text == "" {
		return Text(text), nil
	}
	wide := shape{path: sh.path, kind: sh.kind}
	return wide.scalar(text)
}

// cursorAt returns the place of a record.
func (q *Query[T]) cursorAt(t *T) *cursor {
	return &cursor{values: q.schema.sortValues(nil, q.order, t), key: q.schema.keyValues(t)}
}

// precedes reports whether a record comes before the place.
func (q *Query[T]) precedes(t *T, c *cursor) bool {
	order := q.schema.compareBy(q.order, t, c.values)
	return cmp.Or(order, q.schema.compareKey(t, c.key)) < 0
}

// startParams prints a place as parameters of a request.
func (q *Query[T]) startParams(c *cursor) []Param {
	if c == nil {
		return nil
	}
	var params []Param
	for i, o := range q.order {
		if !c.values[i].IsZero() && !slices.Contains(q.schema.keys, o.row) {
			params = append(params, Param{startPrefix + q.schema.fields[o.row].Path, c.values[i].String()})
		}
	}
	for i, path := range q.schema.Keys() {
		if !c.key[i].IsZero() {
			params = append(params, Param{startPrefix + path, c.key[i].String()})
		}
	}
	return params
}

// NextFrom returns the parameters of the request that goes on with record t
// where this one ended: for a bulk change that ran out of time before t.
func (q Query[T]) NextFrom(t *T) []Param {
	rest := slices.DeleteFunc(slices.Clone(q.given), func(p Param) bool { return p.Name == "offset" })
	return append(q.startParams(q.cursorAt(t)), rest...)
}

// From returns the least key that can match, nil for no bound: where to start
// reading rows. It may have fewer parts than a key.
func (q Query[T]) From() []string {
	var from []string
	if q.start != nil && len(q.order) == 0 {
		for _, part := range q.start.key {
			if part.IsZero() {
				break
			}
			from = append(from, part.String())
		}
	}
	if only, ok := q.onlyKey(); ok && (from == nil || only > from[0]) {
		from = []string{only}
	}
	return from
}

// onlyKey returns the one text that the first part of the key must have, if a
// filter says so: then the rows behind it need not be read.
func (q *Query[T]) onlyKey() (string, bool) {
	for _, f := range q.filters {
		exact := len(f.expr) == 1 && f.expr[0].exact() && !f.expr[0].negated
		if exact && len(q.schema.keys) > 0 && f.ref.row == q.schema.keys[0] {
			return f.expr[0].pieces[0], true
		}
	}
	return "", false
}
