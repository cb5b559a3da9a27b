package record

import "slices"

// Project returns the selected fields of a record as an object: nested
// members in declared order, unset fields left out.
func (s *Schema[T]) Project(t *T, sel Selection) Value {
	return Object(s.project(t, sel.nodes)...)
}

func (s *Schema[T]) project(t *T, nodes []node) []Member {
	members := make([]Member, 0, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		var v Value
		if n.row < 0 {
			if inner := s.project(t, n.children); len(inner) > 0 {
				v = Object(inner...)
			}
		} else if v = s.fields[n.row].Get(t); n.columns != nil {
			v = onlyColumns(v, n.columns)
		}
		if !v.IsZero() {
			members = append(members, Member{Name: n.name, Value: v})
		}
	}
	return members
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
