package record

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// A Selection is the set of fields to show, in declared order. It belongs to
// the schema that made it, is immutable, and shows nothing when zero.
type Selection struct{ nodes []node }

// A node is one member of a projected object: a row, or a group of rows.
type node struct {
	name     string
	row      int
	columns  []string // of an Objects row, when not all of them
	children []node   // of a group
}

// Picks are the rows of a selection while it is made. In a row of objects
// columns may be picked one by one.
type picks struct {
	rows    []bool
	columns map[int][]string
}

// All returns the selection of every readable field: fields=*.
func (s *Schema[T]) All() Selection { return Selection{s.tree} }

// Identity returns the selection of the key and whatever is Shown.
func (s *Schema[T]) Identity() Selection { return s.selection(s.identity()) }

// ParseSelection reads a fields parameter: names, dotted names, braces
// ("version.{major,minor}"), "*", "**", "!" before a name to leave it out.
// Exclusions win wherever they stand; with nothing but exclusions everything
// else is shown. The result includes the key and whatever is Shown. With
// ignoreUnknown unknown names are skipped. Errors, all with target "fields":
// UnknownSelection, NotReadable, Braces.
func (s *Schema[T]) ParseSelection(fields string, ignoreUnknown bool) (Selection, error) {
	p, err := s.pickFields(fields, ignoreUnknown)
	if err != nil {
		return Selection{}, err
	}
	p.merge(s.identity())
	return s.selection(p), nil
}

// pickFields reads a fields parameter without adding the identity.
func (s *Schema[T]) pickFields(fields string, ignoreUnknown bool) (picks, error) {
	names, err := expandBraces(fields)
	if err != nil {
		return picks{}, err
	}
	p, only := s.nothing(), true
	for _, name := range names {
		if name.excluded {
			continue
		}
		only = false
		if err := s.pick(&p, name.path, true, ignoreUnknown); err != nil {
			return picks{}, err
		}
	}
	if only {
		p = s.everything()
	}
	for _, name := range names {
		if name.excluded {
			if err := s.pick(&p, name.path, false, ignoreUnknown); err != nil {
				return picks{}, err
			}
		}
	}
	return p, nil
}

// pick puts what a name stands for into the picks, or takes it out.
func (s *Schema[T]) pick(p *picks, name string, in, ignoreUnknown bool) error {
	if name == "*" || name == "**" {
		s.pickRows(p, span{0, len(s.fields)}, in)
		return nil
	}
	if group, ok := s.groups[name]; ok {
		s.pickRows(p, group, in)
		return nil
	}
	r, ok := s.resolve(name)
	switch {
	case name == linksName || strings.HasSuffix(name, "."+linksName):
		return nil // links are the edge's to show
	case !ok && ignoreUnknown:
		return nil
	case !ok:
		return invalid(fault.UnknownSelection, name, "fields", "<field,...>")
	case !s.readable(r.row) && in:
		return notReadable(s.fields[r.row].Path, "fields")
	case r.column != "":
		p.pickColumn(r, &s.shapes[r.row], in)
	default:
		p.rows[r.row] = in
		delete(p.columns, r.row)
	}
	return nil
}

func (s *Schema[T]) pickRows(p *picks, rows span, in bool) {
	for row := rows.first; row < rows.last; row++ {
		p.rows[row] = in && s.readable(row)
		delete(p.columns, row)
	}
}

// pickColumn puts one column in, or takes it out of those picked so far.
func (p *picks) pickColumn(r ref, sh *shape, in bool) {
	before, some := p.columns[r.row]
	whole := p.rows[r.row] && !some
	var columns []string // in declared order
	for i := range sh.columns {
		name := sh.columns[i].name()
		picked := whole || slices.Contains(before, name)
		if name == r.column {
			picked = in
		}
		if picked {
			columns = append(columns, name)
		}
	}
	p.rows[r.row] = len(columns) > 0
	p.columns[r.row] = columns
	if len(columns) == 0 || len(columns) == len(sh.columns) {
		delete(p.columns, r.row)
	}
}

func (s *Schema[T]) nothing() picks {
	return picks{rows: make([]bool, len(s.fields)), columns: make(map[int][]string)}
}

func (s *Schema[T]) everything() picks {
	p := s.nothing()
	s.pickRows(&p, span{0, len(s.fields)}, true)
	return p
}

func (s *Schema[T]) identity() picks {
	p := s.nothing()
	for row := range s.fields {
		use := s.fields[row].Use
		p.rows[row] = s.readable(row) && (use.Has(Key) || use.Has(Shown))
	}
	return p
}

// merge adds the other picks.
func (p *picks) merge(other picks) {
	for row, in := range other.rows {
		if !in {
			continue
		}
		p.rows[row] = true
		delete(p.columns, row)
	}
}

// selection makes the picked rows a tree.
func (s *Schema[T]) selection(p picks) Selection {
	return Selection{s.nest(span{0, len(s.fields)}, 0, p)}
}

// nest makes the rows that share the first prefix bytes of their paths one level.
func (s *Schema[T]) nest(rows span, prefix int, p picks) []node {
	var nodes []node
	for row := rows.first; row < rows.last; row++ {
		path := s.fields[row].Path
		name, _, grouped := strings.Cut(path[prefix:], ".")
		if !grouped {
			if p.rows[row] {
				nodes = append(nodes, node{name: name, row: row, columns: p.columns[row]})
			}
			continue
		}
		group := s.groups[path[:prefix+len(name)]]
		if children := s.nest(group, prefix+len(name)+1, p); len(children) > 0 {
			nodes = append(nodes, node{name: name, row: -1, children: children})
		}
		row = group.last - 1
	}
	return nodes
}

// Includes reports whether the selection shows the field, or any field below
// the path.
func (sel Selection) Includes(path string) bool {
	nodes := sel.nodes
	for {
		name, rest, deeper := strings.Cut(path, ".")
		i := slices.IndexFunc(nodes, func(n node) bool { return n.name == name })
		switch {
		case i < 0:
			return false
		case !deeper:
			return true
		case nodes[i].row >= 0: // a column
			return len(nodes[i].columns) == 0 || slices.Contains(nodes[i].columns, rest)
		}
		nodes, path = nodes[i].children, rest
	}
}
