package shell

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// wideValue is the width from which on a value of a -fields table no longer
// widens its column: it stands alone, and the row goes on below.
const wideValue = 40

// A table is a header, rules of hyphens and rows.
type table struct {
	headers   [][]string // by column, from top to bottom
	widths    []int
	separator string
}

// printFields prints the table of -fields.
func (m *mounted[T]) printFields(c *Call, found []*T, flags []string) {
	cells := make([][]string, len(found))
	for i, t := range found {
		cells[i] = make([]string, len(flags))
		for j, flag := range flags {
			cells[i][j] = m.cell(flag, t, ",")
		}
	}
	tb := table{separator: c.session.separator}
	for j, flag := range flags {
		tb.headers = append(tb.headers, []string{flag})
		tb.widths = append(tb.widths, fitted(flag, cells, j))
	}
	tb.print(c.session.out, cells)
	c.Line("%s", footer(len(found), "displayed"))
}

// printTables prints the resource's table, or one for each value of By.
func (m *mounted[T]) printTables(c *Call, found []*T) {
	cells := make([][]string, len(found))
	for i, t := range found {
		for _, column := range m.Columns {
			cells[i] = append(cells[i], m.cell(column.Param, t, ", "))
		}
	}
	tb := table{separator: c.session.separator}
	for j, column := range m.Columns {
		width := column.Width
		if width == 0 {
			width = fitted(slices.MaxFunc(column.Header, func(a, b string) int { return len(a) - len(b) }), cells, j)
		}
		tb.headers = append(tb.headers, column.Header)
		tb.widths = append(tb.widths, width)
	}
	if m.By == "" {
		tb.print(c.session.out, cells)
	}
	for from := 0; m.By != "" && from < len(found) && !c.Stopped(); {
		heading := m.cell(m.By, found[from], ", ")
		to := from + 1
		for to < len(found) && m.cell(m.By, found[to], ", ") == heading {
			to++
		}
		c.Line("")
		c.Line("%s: %s", m.label(m.By), heading)
		tb.print(c.session.out, cells[from:to])
		from = to
	}
	c.Line("%s", footer(len(found), "displayed"))
}

// fitted returns the width of a column that fits its values, but for very
// wide ones.
func fitted(header string, cells [][]string, column int) int {
	width := utf8.RuneCountInString(header)
	for _, row := range cells {
		if n := utf8.RuneCountInString(row[column]); n <= wideValue {
			width = max(width, n)
		}
	}
	return width
}

func (tb *table) print(out *printer, rows [][]string) {
	high := 0
	for _, header := range tb.headers {
		high = max(high, len(header))
	}
	for line := range high {
		texts := make([]string, len(tb.headers))
		for i, header := range tb.headers {
			if at := line - (high - len(header)); at >= 0 {
				texts[i] = header[at]
			}
		}
		tb.header(out, texts)
	}
	if tb.separator == " " {
		rules := make([]string, len(tb.widths))
		for i, width := range tb.widths {
			rules[i] = strings.Repeat("-", width)
		}
		tb.row(out, rules)
	}
	for _, row := range rows {
		if out.stopped() {
			return
		}
		tb.row(out, row)
	}
}

// header prints one line of the header, where a title may be wider than its
// column as long as there is nothing beside it.
func (tb *table) header(out *printer, texts []string) {
	if tb.separator != " " {
		out.line(strings.Join(texts, tb.separator))
		return
	}
	var b strings.Builder
	for i, text := range texts {
		b.WriteString(pad(text, tb.widths[i]+1))
	}
	out.line(strings.TrimRight(b.String(), " "))
}

// row prints one row. A value that is too wide for its column pushes the rest
// of the row to the next line, under the right columns.
func (tb *table) row(out *printer, texts []string) {
	if tb.separator != " " {
		out.line(strings.Join(texts, tb.separator))
		return
	}
	var b strings.Builder
	at, column := 0, 0 // where the line ends, where the column begins
	for i, text := range texts {
		if i > 0 && at >= column {
			out.line(b.String())
			b.Reset()
			at = 0
		}
		b.WriteString(strings.Repeat(" ", column-at))
		b.WriteString(text)
		at = column + utf8.RuneCountInString(text)
		column += tb.widths[i] + 1
	}
	out.line(strings.TrimRight(b.String(), " "))
}
