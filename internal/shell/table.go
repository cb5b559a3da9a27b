package shell

import (
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
	tb.head(out)
	tb.body(out, rows)
}

// head prints the header and its rule.
func (tb *table) head(out *printer) {
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
}

func (tb *table) body(out *printer, rows [][]string) {
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
