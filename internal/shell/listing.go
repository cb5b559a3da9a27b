package shell

import (
	"slices"
	"strings"
)

// A Line is one line of a block layout.
type Line struct {
	Label, Param string
	Below        bool // the value stands on a line of its own
	Ruled        bool // a rule stands below the label, and the value's lines below that
	Gap          bool // an empty line follows
}

// ruleWidth is that of the rule below a label.
const ruleWidth = 77

// A Column is one column of a table.
type Column struct {
	// Header has one or two lines.
	Header []string
	Param  string
	// Width is that of the column, 0 for that of the widest value.
	Width int
}

// A listing is what show prints, one batch of records after the other.
type listing[T any] struct {
	*mounted[T]

	c        *Call
	instance bool
	flags    []string // of -fields; nil where it was not given
	count    int      // records printed so far
	table    *table   // once its head stands there
}

// print prints a batch in the layout asked for.
func (l *listing[T]) print(found []*T) {
	switch {
	case l.instance:
		l.printInstances(found)
	case l.flags != nil:
		l.printFields(found)
	case l.Block != nil:
		l.printBlocks(found)
	default:
		l.printTables(found)
	}
	l.count += len(found)
}

// end prints what stands below the records.
func (l *listing[T]) end() {
	blocks := l.instance || l.flags == nil && l.Block != nil
	switch {
	case l.count == 0:
		l.c.Line(noEntries)
	case l.count > 1 || !blocks:
		l.c.Line("%s", footer(l.count, "displayed"))
	}
}

// between parts a record from the one before.
func (l *listing[T]) between(i int) {
	if l.count+i > 0 {
		l.c.Line("")
	}
}

// printInstances prints every field of every record.
func (l *listing[T]) printInstances(found []*T) {
	for i, t := range found {
		if l.c.Stopped() {
			return
		}
		l.between(i)
		pairs := make([][2]string, len(l.all))
		for i, flag := range l.all {
			pairs[i] = [2]string{l.label(flag), l.text(flag, t, ", ")}
		}
		l.c.Pairs(pairs...)
	}
}

func (m *mounted[T]) label(flag string) string { return labelOf(m.rows[flag]) }

// printBlocks prints the records in the resource's own layout.
func (l *listing[T]) printBlocks(found []*T) {
	for i, t := range found {
		if l.c.Stopped() {
			return
		}
		l.between(i)
		for _, line := range l.Block {
			l.printLine(line, t)
		}
	}
}

func (l *listing[T]) printLine(line Line, t *T) {
	switch {
	case line.Ruled:
		l.c.Line("%s", line.Label)
		l.c.Line("%s", strings.Repeat("-", ruleWidth))
		for text := range strings.SplitSeq(l.text(line.Param, t, ", "), "\n") {
			l.c.Line("%s", text)
		}
	case line.Below:
		l.c.Line("%s:", line.Label)
		l.c.Line("%s", l.cell(line.Param, t, ", "))
	default:
		l.c.Line("%s: %s", line.Label, l.cell(line.Param, t, ", "))
	}
	if line.Gap {
		l.c.Line("")
	}
}

// printFields prints rows of the table of -fields.
func (l *listing[T]) printFields(found []*T) {
	columns := make([]Column, len(l.flags))
	for i, flag := range l.flags {
		columns[i] = Column{Header: []string{flag}, Param: flag}
	}
	l.printRows(columns, l.cells(columns, found, ","))
}

// printTables prints rows of the resource's table, or one table for each value
// of By.
func (l *listing[T]) printTables(found []*T) {
	cells := l.cells(l.Columns, found, ", ")
	if l.By == "" {
		l.printRows(l.Columns, cells)
		return
	}
	for from := 0; from < len(found) && !l.c.Stopped(); {
		heading := l.cell(l.By, found[from], ", ")
		to := from + 1
		for to < len(found) && l.cell(l.By, found[to], ", ") == heading {
			to++
		}
		l.c.Line("")
		l.c.Line("%s: %s", l.label(l.By), heading)
		l.fit(l.Columns, cells).print(l.c.session.out, cells[from:to])
		from = to
	}
}

// cells returns what stands in the columns.
func (l *listing[T]) cells(columns []Column, found []*T, between string) [][]string {
	cells := make([][]string, len(found))
	for i, t := range found {
		cells[i] = make([]string, len(columns))
		for j, column := range columns {
			cells[i][j] = l.cell(column.Param, t, between)
		}
	}
	return cells
}

// printRows prints rows of the one table there is. The first batch says how
// wide the columns are.
func (l *listing[T]) printRows(columns []Column, cells [][]string) {
	if len(cells) == 0 {
		return
	}
	if l.table == nil {
		l.table = l.fit(columns, cells)
		l.table.head(l.c.session.out)
	}
	l.table.body(l.c.session.out, cells)
}

// fit returns a table whose columns are as wide as declared, else as the cells.
func (l *listing[T]) fit(columns []Column, cells [][]string) *table {
	tb := &table{separator: l.c.session.separator}
	for j, column := range columns {
		width := column.Width
		if width == 0 {
			width = fitted(slices.MaxFunc(column.Header, func(a, b string) int { return len(a) - len(b) }), cells, j)
		}
		tb.headers = append(tb.headers, column.Header)
		tb.widths = append(tb.widths, width)
	}
	return tb
}
