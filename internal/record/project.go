package record

import "slices"

// A Sink is told a record's members one after the other.
type Sink interface {
	// Open begins an object; its members follow, and then Close.
	Open(name string)
	Close(name string)
	// Member tells a value that is present: a scalar or an array.
	Member(name string, v Value)
}

// Show tells a sink the selected fields of a record: nested members in declared
// order, unset fields left out, and objects without any.
func (s *Schema[T]) Show(t *T, sel Selection, to Sink) { s.show(t, sel.nodes, to) }

func (s *Schema[T]) show(t *T, nodes []node, to Sink) {
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.row >= 0:
			if v := s.valueAt(t, n); !v.IsZero() {
				to.Member(n.name, v)
			}
		case s.anySet(t, n.children):
			to.Open(n.name)
			s.show(t, n.children, to)
			to.Close(n.name)
		}
	}
}

// anySet reports whether any of the fields is set.
func (s *Schema[T]) anySet(t *T, nodes []node) bool {
	for i := range nodes {
		n := &nodes[i]
		if n.row < 0 && s.anySet(t, n.children) || n.row >= 0 && !s.valueAt(t, n).IsZero() {
			return true
		}
	}
	return false
}

func (s *Schema[T]) valueAt(t *T, n *node) Value {
	v := s.fields[n.row].Get(t)
	if n.columns == nil {
		return v
	}
	return onlyColumns(v, n.columns)
}

// onlyColumns leaves the named members in the objects of an array.
func onlyColumns(array Value, columns []string) Value {
	var items []Value
	for _, item := range array.Items() {
		var members []Member
		for _, m := range item.Members() {
			if slices.Contains(columns, m.Name) {
				members = append(members, m)
			}
		}
		if len(members) > 0 {
			items = append(items, Object(members...))
		}
	}
	if items == nil {
		return Value{}
	}
	return List(items...)
}

// Project returns what Show tells as an object.
func (s *Schema[T]) Project(t *T, sel Selection) Value {
	c := collector{open: make([][]Member, 1)}
	s.Show(t, sel, &c)
	return Object(c.open[0]...)
}

// A collector is a Sink that keeps what it is told: the members of every object
// that is open, the innermost last.
type collector struct{ open [][]Member }

func (c *collector) Open(string) { c.open = append(c.open, nil) }

func (c *collector) Close(name string) {
	last := len(c.open) - 1
	v := Object(c.open[last]...)
	c.open = c.open[:last]
	c.Member(name, v)
}

func (c *collector) Member(name string, v Value) {
	last := len(c.open) - 1
	c.open[last] = append(c.open[last], Member{Name: name, Value: v})
}
