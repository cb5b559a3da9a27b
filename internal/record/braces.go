package record

import (
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// maxName is longer than the name of any field; longer ones are cut there, so
// that names in nested braces cannot multiply a small request into a huge one.
const maxName = 256

// A fieldName is one entry of a list of fields with its braces expanded.
type fieldName struct {
	path     string
	excluded bool
}

// expandBraces splits a list such as "a,b.{c,!d}" into a, b.c and !b.d. An
// empty list has no entries, and an empty entry is passed over, since clients
// end their lists with a comma; Braces when they do not pair, follow anything but
// a dot, or nest too deep.
func expandBraces(list string) ([]fieldName, error) {
	if list == "" {
		return nil, nil
	}
	b := braceReader{text: list}
	if err := b.list(fieldName{}, 0); err != nil {
		return nil, err
	}
	if b.at < len(b.text) {
		return nil, badBraces(list)
	}
	return b.names, nil
}

type braceReader struct {
	text  string
	at    int
	names []fieldName
}

// list reads entries up to the end or the brace that closes it.
func (b *braceReader) list(within fieldName, depth int) error {
	if depth > maxDepth {
		return badBraces(b.text)
	}
	for {
		if err := b.entry(within, depth); err != nil {
			return err
		}
		if b.next() != ',' {
			return nil
		}
		b.at++
	}
}

// entry reads one name, or a name's beginning and the list in braces behind it.
func (b *braceReader) entry(within fieldName, depth int) error {
	start := b.at
	for b.next() != ',' && b.next() != '{' && b.next() != '}' && b.next() != 0 {
		b.at++
	}
	if start == b.at && b.next() != '{' && depth == 0 {
		return nil
	}
	name, excluded := strings.CutPrefix(b.text[start:b.at], "!")
	name = within.path + name
	entry := fieldName{path: name[:min(len(name), maxName)], excluded: excluded || within.excluded}
	if b.next() != '{' {
		b.names = append(b.names, entry)
		return nil
	}
	if name != "" && !strings.HasSuffix(name, ".") {
		return badBraces(b.text)
	}
	b.at++
	if err := b.list(entry, depth+1); err != nil {
		return err
	}
	if b.next() != '}' {
		return badBraces(b.text)
	}
	b.at++
	if end := b.next(); end != ',' && end != '}' && end != 0 {
		return badBraces(b.text)
	}
	return nil
}

// next returns the next byte, 0 at the end. The text itself holds no NUL.
func (b *braceReader) next() byte {
	if b.at == len(b.text) {
		return 0
	}
	return b.text[b.at]
}

func badBraces(list string) error {
	return fault.New(fault.Braces, "fields", "The braces in \"%s\" do not pair; write field.{name,name}.", echo(list))
}
