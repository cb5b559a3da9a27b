package record

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// A crossQuery looks for patterns in several fields at once (query= and
// query_fields=): every one of its words must be found in some field.
type crossQuery struct {
	words []crossWord
	rows  []int
}

// A crossWord is alternative patterns with "|" between them, each matched
// against the whole text of a value. They are kept as predicates, since making
// an interface of an isLike allocates.
type crossWord struct {
	patterns []isLike
	ask      []predicate
}

// parseCross reads the two parameters. Errors: QueryHalf, QueryEmpty,
// QueryQuote, QueryNoField, QueryTwice, UnknownSelection, NotReadable.
func (s *Schema[T]) parseCross(query, fields *string) (*crossQuery, error) {
	switch {
	case query == nil && fields == nil:
		return nil, nil //nolint:nilnil // no cross-field query is the ordinary case
	case query == nil:
		return nil, fault.New(fault.QueryHalf, "query", "\"query_fields\" needs \"query\" beside it.")
	case fields == nil:
		return nil, fault.New(fault.QueryHalf, "query_fields", "\"query\" needs \"query_fields\" beside it.")
	}
	words, err := parsePatterns(*query)
	if err != nil {
		return nil, err
	}
	rows, err := s.crossRows(*fields)
	if err != nil {
		return nil, err
	}
	return &crossQuery{words: words, rows: rows}, nil
}

// crossRows reads query_fields: names, "*", "!" before a name to leave it out.
// "*" does not include Computed fields: they cost I/O for every record, so
// they have to be asked for by name.
func (s *Schema[T]) crossRows(list string) ([]int, error) {
	var in, out []int
	for name := range strings.SplitSeq(list, ",") {
		name, excluded := strings.CutPrefix(name, "!")
		rows, err := s.crossName(name)
		switch {
		case err != nil:
			return nil, err
		case excluded:
			out = append(out, rows...)
		case slices.ContainsFunc(rows, func(row int) bool { return slices.Contains(in, row) }):
			return nil, fault.New(fault.QueryTwice, "query_fields", "\"query_fields\" names field \"%s\" twice.", echo(name))
		default:
			in = append(in, rows...)
		}
	}
	if len(in) == 0 && len(out) > 0 {
		in, _ = s.crossName("*")
	}
	rows := slices.DeleteFunc(in, func(row int) bool { return slices.Contains(out, row) })
	if len(rows) == 0 {
		return nil, fault.New(fault.QueryNoField, "query_fields", "\"query_fields\" names no field.")
	}
	slices.Sort(rows)
	return rows, nil
}

// crossName returns the rows a name in query_fields stands for.
func (s *Schema[T]) crossName(name string) ([]int, error) {
	if name == "" {
		return nil, nil
	}
	group, many := s.groups[name]
	if name == "*" {
		group, many = span{0, len(s.fields)}, true
	}
	if !many {
		row, ok := s.paths[name]
		switch {
		case !ok:
			return nil, invalid(fault.UnknownSelection, name, "query_fields", "<field,...>")
		case !s.readable(row):
			return nil, notReadable(name, "query_fields")
		}
		return []int{row}, nil
	}
	var rows []int
	for row := group.first; row < group.last; row++ {
		if s.readable(row) && !s.computed(row) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// match reports whether every word is found in some field of the record.
func (s *Schema[T]) matchCross(c *crossQuery, t *T) bool {
	for _, word := range c.words {
		if !s.anyField(c.rows, word, t) {
			return false
		}
	}
	return true
}

func (s *Schema[T]) anyField(rows []int, word crossWord, t *T) bool {
	for _, row := range rows {
		v := s.fields[row].Get(t)
		for _, pattern := range word.ask {
			if found(v, "", pattern) {
				return true
			}
		}
	}
	return false
}

// parsePatterns reads query=: words separated by spaces, alternatives by "|",
// "*" for any text, quotation marks around what is literal.
func parsePatterns(query string) ([]crossWord, error) {
	var words []crossWord
	p := patternReader{text: query}
	for p.skipSpaces(); !p.done(); p.skipSpaces() {
		word, err := p.word()
		if err != nil {
			return nil, err
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return nil, emptyPattern()
	}
	return words, nil
}

func emptyPattern() error {
	return fault.New(fault.QueryEmpty, "query", "\"query\" has no pattern, or an empty one.")
}

type patternReader struct {
	text string
	at   int
}

func (p *patternReader) done() bool { return p.at == len(p.text) }

func (p *patternReader) skipSpaces() {
	for !p.done() && p.text[p.at] == ' ' {
		p.at++
	}
}

func (p *patternReader) word() (crossWord, error) {
	var word crossWord
	for {
		pattern, err := p.pattern()
		if err != nil {
			return word, err
		}
		word.patterns = append(word.patterns, pattern)
		word.ask = append(word.ask, pattern)
		if p.done() || p.text[p.at] != '|' {
			return word, nil
		}
		p.at++
	}
}

func (p *patternReader) pattern() (isLike, error) {
	var o operand
	var piece strings.Builder
	for !p.done() && p.text[p.at] != ' ' && p.text[p.at] != '|' {
		c := p.text[p.at]
		p.at++
		switch c {
		case '*':
			o.add(piece.String())
			piece.Reset()
		case '"':
			quoted, _, ok := strings.Cut(p.text[p.at:], `"`)
			if !ok {
				return nil, fault.New(fault.QueryQuote, "query", "A quotation mark in \"query\" has no partner.")
			}
			piece.WriteString(quoted)
			p.at += len(quoted) + 1
		default:
			piece.WriteByte(c)
		}
	}
	o.pieces = append(o.pieces, piece.String())
	if len(o.pieces) == 1 && o.pieces[0] == "" {
		return nil, emptyPattern()
	}
	return o.pieces, nil
}

// printPatterns is the inverse of parsePatterns.
func printPatterns(words []crossWord) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		for j, pattern := range word.patterns {
			if j > 0 {
				b.WriteByte('|')
			}
			for k, piece := range pattern {
				if k > 0 {
					b.WriteByte('*')
				}
				if strings.ContainsAny(piece, " |*") {
					piece = `"` + piece + `"`
				}
				b.WriteString(piece)
			}
		}
	}
	return b.String()
}
