package record

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/fault"
)

// parameters lists the parameters that are not fields, with the modes they
// belong to.
var parameters = map[string]Mode{
	"fields":                ListMode | OneMode,
	"ignore_unknown_fields": ListMode | OneMode,
	"return_records":        ListMode | OneMode | BulkMode | CreateMode,
	"order_by":              ListMode,
	"offset":                ListMode,
	"max_records":           ListMode | OneMode | BulkMode,
	"query":                 ListMode,
	"query_fields":          ListMode,
}

// aliases are other spellings of parameters.
var aliases = map[string]string{"$orderBy": "order_by"}

// startPrefix begins the parameters that a next link carries.
const startPrefix = "start."

// A queryParser sorts the parameters of one request before they are read,
// since some depend on others that may come later.
type queryParser[T any] struct {
	schema *Schema[T]
	mode   Mode
	plain  map[string]string // parameters that are not fields
	start  map[string]string // by path
	query  Query[T]
}

// ParseQuery reads the decoded parameters of a request that concern records.
// The edge takes its own parameters (return_timeout, pretty,
// continue_on_failure, ...) out first: whatever is neither a field nor a
// parameter of the mode gives UnknownField. A secret field gives
// SecretInQuery, with a message that does not repeat the value.
func (s *Schema[T]) ParseQuery(params []Param, mode Mode) (Query[T], error) {
	p := queryParser[T]{
		schema: s, mode: mode, plain: make(map[string]string), start: make(map[string]string),
		query: Query[T]{schema: s, mode: mode, records: mode == ListMode || mode == OneMode},
	}
	for _, param := range params {
		if err := p.take(param); err != nil {
			return Query[T]{}, err
		}
	}
	if err := p.finish(); err != nil {
		return Query[T]{}, err
	}
	return p.query, nil
}

// take reads one parameter as far as it can be read alone.
func (p *queryParser[T]) take(param Param) error {
	name := cmp.Or(aliases[param.Name], param.Name)
	path, start := strings.CutPrefix(name, startPrefix)
	modes, plain := parameters[name]
	switch {
	case !wellFormed(param.Name) || !wellFormed(param.Value):
		return fault.New(fault.BadRequest, "", "The query string holds a NUL or text that is not valid UTF-8.")
	case plain && modes&p.mode == 0 && (name == "query" || name == "query_fields"):
		return fault.New(fault.QueryNotRead, name, "\"%s\" goes with reading a collection only.", name)
	case plain && modes&p.mode == 0, start && p.mode != ListMode && p.mode != BulkMode:
		return unexpected(param.Name)
	case plain:
		p.query.given = append(p.query.given, param)
		if first, ok := p.plain[name]; ok {
			return twice(name, first, param.Value)
		}
		p.plain[name] = param.Value
		return nil
	case start:
		if _, ok := p.start[path]; ok {
			return givenTwice(param.Name)
		}
		p.start[path] = param.Value
		return nil
	default:
		p.query.given = append(p.query.given, param)
		return p.filter(param)
	}
}

func wellFormed(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }

// filter reads a parameter that names a field, or nothing.
func (p *queryParser[T]) filter(param Param) error {
	s := p.schema
	r, ok := s.resolve(param.Name)
	if !ok {
		return unexpected(param.Name)
	}
	path, sh := s.path(r), s.shape(r)
	switch {
	case sh.kind == Secret:
		return fault.New(fault.SecretInQuery, path, "Field \"%s\" is a secret and cannot be part of a URL.", path)
	case !s.readable(r.row):
		return notReadable(path, path)
	case p.mode == CreateMode:
		return fault.New(fault.FilterOnCreate, path, "Field \"%s\" goes into the body of this request.", path)
	case p.mode == OneMode && s.fields[r.row].Use&(Key|Shown) == 0:
		return unexpected(param.Name)
	}
	for _, f := range p.query.filters {
		if f.ref == r {
			return sh.twice(f.expr.String(), param.Value)
		}
	}
	expr, err := sh.parseExpression(param.Value)
	if err != nil {
		return err
	}
	test, err := sh.compile(expr)
	if err != nil {
		return err
	}
	p.query.filters = append(p.query.filters, filter[T]{
		ref: r, expr: expr, test: test, get: s.fields[r.row].Get, computed: s.computed(r.row),
	})
	return nil
}

// finish reads what may depend on other parameters.
func (p *queryParser[T]) finish() error {
	q := &p.query
	slices.SortFunc(q.filters, func(a, b filter[T]) int {
		return cmp.Or(cmp.Compare(a.ref.row, b.ref.row), strings.Compare(a.ref.column, b.ref.column))
	})
	for _, read := range []func() error{p.readCross, p.readOrder, p.readNumbers, p.readFields, p.readStart} {
		if err := read(); err != nil {
			return err
		}
	}
	if p.mode == BulkMode && !q.Filtered() {
		return fault.New(fault.NoFilter, "", "A change of many records needs a query on at least one field; \"%s=*\" means all.", p.schema.fields[0].Path)
	}
	return nil
}

func (p *queryParser[T]) readCross() error {
	cross, err := p.schema.parseCross(p.optional("query"), p.optional("query_fields"))
	p.query.cross = cross
	p.query.crossComputed = cross != nil && slices.ContainsFunc(cross.rows, p.schema.computed)
	return err
}

func (p *queryParser[T]) optional(name string) *string {
	value, ok := p.plain[name]
	if !ok {
		return nil
	}
	return &value
}

func (p *queryParser[T]) readOrder() (err error) {
	if text, ok := p.plain["order_by"]; ok {
		p.query.order, err = p.schema.parseOrder(text)
	}
	return err
}

func (p *queryParser[T]) readNumbers() error {
	q := &p.query
	if err := p.number("offset", 0, &q.offset); err != nil {
		return err
	}
	if err := p.number("max_records", 1, &q.max); err != nil {
		return err
	}
	return p.truth("return_records", &q.records)
}

func (p *queryParser[T]) number(name string, least int64, to *int) error {
	text, ok := p.plain[name]
	if !ok {
		return nil
	}
	n, ok := parseInt(text)
	if !ok || n < least || n > math.MaxInt32 {
		sh := shape{path: name, kind: Int, min: least, max: math.MaxInt32}
		return sh.badValue(text)
	}
	*to = int(n)
	return nil
}

func (p *queryParser[T]) truth(name string, to *bool) error {
	text, ok := p.plain[name]
	if !ok {
		return nil
	}
	sh := shape{path: name, kind: Bool}
	v, err := sh.scalar(text)
	*to = v.Bool()
	return err
}

// readFields settles what is shown: what fields asks for, by default the
// identity in a list and everything in one record; always the identity and
// the fields that filters name.
func (p *queryParser[T]) readFields() error {
	s, q := p.schema, &p.query
	ignore := false
	if err := p.truth("ignore_unknown_fields", &ignore); err != nil {
		return err
	}
	var err error
	switch list := p.plain["fields"]; {
	case list != "":
		q.picked, err = s.pickFields(list, ignore)
	case p.mode == ListMode:
		q.picked = s.nothing()
	default:
		q.picked = s.everything()
	}
	if err != nil {
		return err
	}
	s.alwaysShown(&q.picked, q.filters)
	q.selection = s.selection(q.picked)
	return nil
}

// alwaysShown adds the identity and the fields that filters name.
func (s *Schema[T]) alwaysShown(p *picks, filters []filter[T]) {
	p.merge(s.identity())
	for _, f := range filters {
		if f.ref.column != "" {
			p.pickColumn(f.ref, &s.shapes[f.ref.row], true)
			continue
		}
		p.rows[f.ref.row] = true
		delete(p.columns, f.ref.row)
	}
}
