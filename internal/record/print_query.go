package record

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// String returns the query in canonical form, as an encoded query string:
// parsing it in the same mode gives an equal query.
func (q Query[T]) String() string {
	var b strings.Builder
	for i, p := range q.Params() {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value))
	}
	return b.String()
}

// Params returns the canonical form as decoded parameters: what says the same
// as the default is left out, names are spelled in full, values in their
// normal form, fields in declared order.
func (q Query[T]) Params() []Param {
	params := q.startParams(q.start)
	for _, f := range q.filters {
		params = append(params, Param{q.schema.path(f.ref), f.expr.String()})
	}
	if q.cross != nil {
		params = append(params, Param{"query", printPatterns(q.cross.words)}, Param{"query_fields", q.paths(q.cross.rows)})
	}
	if fields := q.printFields(); fields != "" {
		params = append(params, Param{"fields", fields})
	}
	if len(q.order) > 0 {
		params = append(params, Param{"order_by", q.schema.printOrder(q.order)})
	}
	if q.offset > 0 {
		params = append(params, Param{"offset", strconv.Itoa(q.offset)})
	}
	if q.max > 0 {
		params = append(params, Param{"max_records", strconv.Itoa(q.max)})
	}
	if reading := q.mode == ListMode || q.mode == OneMode; q.records != reading {
		params = append(params, Param{"return_records", strconv.FormatBool(q.records)})
	}
	return params
}

// Equal reports whether two queries of one schema ask for the same.
func (q Query[T]) Equal(o Query[T]) bool {
	return q.mode == o.mode && slices.Equal(q.Params(), o.Params())
}

func (q *Query[T]) paths(rows []int) string {
	paths := make([]string, len(rows))
	for i, row := range rows {
		paths[i] = q.schema.fields[row].Path
	}
	return strings.Join(paths, ",")
}

// printFields names what is shown beyond what is shown anyway; "" stands for
// the mode's default.
func (q *Query[T]) printFields() string {
	s := q.schema
	all := s.everything()
	if q.picked.equal(all) {
		if q.mode == ListMode && len(s.fields) > 0 {
			return "*"
		}
		return ""
	}
	anyway := s.nothing()
	s.alwaysShown(&anyway, q.filters)
	var names []string
	for row, in := range q.picked.rows {
		switch columns := q.picked.columns[row]; {
		case !in || anyway.rows[row] && slices.Equal(anyway.columns[row], columns):
		case len(columns) == 0:
			names = append(names, s.fields[row].Path)
		default:
			for _, column := range columns {
				names = append(names, s.fields[row].Path+"."+column)
			}
		}
	}
	if len(names) == 0 && q.mode != ListMode { // not everything, only what is shown anyway
		return linksName
	}
	return strings.Join(names, ",")
}

func (p picks) equal(o picks) bool {
	for row, in := range p.rows {
		if in != o.rows[row] || !slices.Equal(p.columns[row], o.columns[row]) {
			return false
		}
	}
	return true
}
