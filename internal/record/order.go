package record

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// A sortTerm is one field of order_by.
type sortTerm struct {
	row        int
	descending bool
}

// parseOrder reads order_by: fields with "asc" or "desc" behind them. Text
// compares by its bytes, enums by the alphabet; what is not set comes first,
// descending last. Errors, all with target "order_by": UnknownSelection,
// NotSortable, BadValue, TwiceField.
func (s *Schema[T]) parseOrder(text string) ([]sortTerm, error) {
	var order []sortTerm
	for part := range strings.SplitSeq(text, ",") {
		name, direction, _ := strings.Cut(strings.Trim(part, " "), " ")
		direction = strings.ToLower(strings.TrimLeft(direction, " "))
		r, ok := s.resolve(name)
		switch {
		case !ok:
			return nil, invalid(fault.UnknownSelection, name, "order_by", "<field [asc|desc],...>")
		case r.column != "" || !s.sortable(r.row):
			return nil, fault.New(fault.NotSortable, "order_by", "Records cannot be sorted by field \"%s\".", echo(name))
		case direction != "" && direction != "asc" && direction != "desc":
			return nil, invalid(fault.BadValue, direction, "order_by", "<asc|desc>")
		case slices.ContainsFunc(order, func(o sortTerm) bool { return o.row == r.row }):
			return nil, fault.New(fault.TwiceField, "order_by", "Field \"%s\" was specified twice in \"order_by\".", echo(name))
		}
		order = append(order, sortTerm{row: r.row, descending: direction == "desc"})
	}
	return order, nil
}

func (s *Schema[T]) sortable(row int) bool {
	f := &s.fields[row]
	return s.readable(row) && !f.Use.Has(Unsorted) && f.Kind != Strings && f.Kind != Objects
}

func (s *Schema[T]) printOrder(order []sortTerm) string {
	parts := make([]string, len(order))
	for i, o := range order {
		parts[i] = s.fields[o.row].Path
		if o.descending {
			parts[i] += " desc"
		}
	}
	return strings.Join(parts, ",")
}

// compare orders two values of the term's field.
func (o sortTerm) compare(a, b Value) int {
	if o.descending {
		a, b = b, a
	}
	return compareScalars(a, b)
}

// compareBy orders a record against values of the order's fields.
func (s *Schema[T]) compareBy(order []sortTerm, t *T, values []Value) int {
	for i, o := range order {
		if c := o.compare(s.fields[o.row].Get(t), values[i]); c != 0 {
			return c
		}
	}
	return 0
}

// sortValues appends the values of the order's fields in a record.
func (s *Schema[T]) sortValues(dst []Value, order []sortTerm, t *T) []Value {
	for _, o := range order {
		dst = append(dst, s.fields[o.row].Get(t))
	}
	return dst
}

// compareKey orders a record's key against another, whose absent parts come
// before all there are.
func (s *Schema[T]) compareKey(t *T, key []Value) int {
	for i, part := range key {
		if c := compareScalars(s.fields[s.keys[i]].Get(t), part); c != 0 {
			return c
		}
	}
	return 0
}
