package record

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The engine's own limits, for what a declaration leaves open.
const (
	maxText     = 4096  // bytes of one text
	maxElements = 10000 // elements of one array
)

// A shape is what reading and filtering know of a row or a column, without
// the type of the record.
type shape struct {
	path    string
	kind    Kind
	use     Use
	words   []string
	said    map[string]string // the command line's words by value
	min     int64
	max     int64
	columns []shape // of an Objects row
	initial Value   // what a column is when an element leaves it out
}

func shapeOf[T any](f *Field[T]) shape {
	sh := shape{path: f.Path, kind: f.Kind, use: f.Use, words: f.Enum, said: f.Words, min: f.Min, max: f.Max}
	for _, c := range f.Elem {
		column := shape{path: f.Path + "." + c.Name, kind: c.Kind, words: c.Enum, initial: c.Default}
		if c.Required {
			column.use |= Required
		}
		sh.columns = append(sh.columns, column)
	}
	return sh
}

// name returns the last part of the path.
func (sh *shape) name() string { return sh.path[strings.LastIndexByte(sh.path, '.')+1:] }

// column returns the named column of an Objects row, nil when there is none.
func (sh *shape) column(name string) *shape {
	i := slices.IndexFunc(sh.columns, func(c shape) bool { return c.name() == name })
	if i < 0 {
		return nil
	}
	return &sh.columns[i]
}

// hidden reports whether messages must not repeat a value given.
func (sh *shape) hidden() bool { return sh.kind == Secret || sh.use.Has(Sensitive) }

// word returns the declared spelling of an enum's word given in any letter case.
func (sh *shape) word(given string) (string, bool) {
	i := slices.IndexFunc(sh.words, func(w string) bool { return strings.EqualFold(w, given) })
	if i < 0 {
		return "", false
	}
	return sh.words[i], true
}

// textLimit is the length a single text may have, in bytes.
func (sh *shape) textLimit() int64 {
	if sh.kind == String || sh.kind == Secret || sh.kind == UUID {
		return cmp.Or(sh.max, maxText)
	}
	return maxText
}

// Syntax returns in angle brackets what the field takes, as ONTAP's messages
// and command-line help have it: "<1..3>", "<safe|secure>", "<true|false>".
func (f *Field[T]) Syntax() string {
	sh := shapeOf(f)
	return sh.syntax()
}

func (sh *shape) syntax() string {
	switch sh.kind {
	case Enum:
		return "<" + strings.Join(sh.words, "|") + ">"
	case Bool:
		return "<true|false>"
	case Int:
		return sh.numberSyntax()
	case Time:
		return "<YYYY-MM-DDThh:mm:ssZ>"
	case Strings:
		if len(sh.words) > 0 {
			return "<" + strings.Join(sh.words, "|") + ",...>"
		}
		return fmt.Sprintf("<%s,...>", textSyntax(0, maxText))
	case Objects:
		return "<object,...>"
	case UUID:
		return "<UUID>"
	default:
		return "<" + textSyntax(sh.min, sh.textLimit()) + ">"
	}
}

func (sh *shape) numberSyntax() string {
	switch {
	case sh.min == 0 && sh.max == 0:
		return "<integer>"
	case sh.max == 0:
		return fmt.Sprintf("<%d..>", sh.min)
	default:
		return fmt.Sprintf("<%d..%d>", sh.min, sh.max)
	}
}

func textSyntax(low, high int64) string {
	return fmt.Sprintf("text of %d..%d bytes", max(low, 1), high)
}
