package record

import (
	"slices"
	"strings"
)

// Said returns the command line's word for a value, which is the value itself
// where Words has no other.
func (f *Field[T]) Said(value string) string {
	if said, ok := f.Words[value]; ok {
		return said
	}
	return value
}

// SaidWords returns the command line's words for those of Enum, in order.
func (f *Field[T]) SaidWords() []string {
	if len(f.Words) == 0 {
		return f.Enum
	}
	words := make([]string, len(f.Enum))
	for i, word := range f.Enum {
		words[i] = f.Said(word)
	}
	return words
}

// StoredFilter puts the values in the place of the command line's words in the
// right side of a filter on a field. What is no filter comes back as it is, for
// ParseQuery to refuse. A pattern of an enum's words is joined by the values
// whose words it matches; one that is negated comes back as it is.
func (s *Schema[T]) StoredFilter(path, text string) string {
	row, ok := s.paths[path]
	if !ok || !s.shapes[row].wordy() {
		return text
	}
	sh := &s.shapes[row]
	e, err := sh.parseExpression(text)
	if err != nil {
		return text
	}
	for i := range e {
		if e[i].op == like && !e[i].exact() {
			e = append(e, sh.alike(&e[i])...)
			continue
		}
		for _, operand := range e[i].operands() {
			*operand = sh.heard(*operand)
		}
	}
	return e.String()
}

// alike returns a term for each value of an enum that a pattern matches as the
// command line says it, and not as it is stored.
func (sh *shape) alike(t *term) (more []term) {
	if t.negated || sh.kind != Enum {
		return nil
	}
	stored, said := make(isLike, len(t.pieces)), make(isLike, len(t.pieces))
	for i, piece := range t.pieces {
		stored[i] = strings.ToLower(piece)
		said[i] = hyphened(stored[i])
	}
	for i, word := range sh.aloud().words {
		if said.matches(hyphened(strings.ToLower(word))) && !stored.matches(strings.ToLower(sh.words[i])) {
			more = append(more, term{op: like, pieces: []string{sh.words[i]}})
		}
	}
	return more
}

// wordy reports whether the command line may have other words for values.
func (sh *shape) wordy() bool { return len(sh.said) > 0 || sh.kind == Enum }

// heard returns the value that a word of the command line stands for, in any
// letter case. Those of an enum may have underscores for hyphens, as ONTAP's
// passthrough has them, and the other way round.
func (sh *shape) heard(word string) string {
	for value, said := range sh.said {
		if strings.EqualFold(said, word) {
			return value
		}
	}
	if sh.kind == Enum {
		if i := slices.IndexFunc(sh.words, func(w string) bool { return strings.EqualFold(hyphened(w), hyphened(word)) }); i >= 0 {
			return sh.words[i]
		}
	}
	return word
}

func hyphened(word string) string { return strings.ReplaceAll(word, "_", "-") }

// aloud returns the shape with the command line's words in the place of its
// own, for messages.
func (sh *shape) aloud() *shape {
	said := *sh
	said.words = slices.Clone(sh.words)
	for i, word := range said.words {
		if w, ok := sh.said[word]; ok {
			said.words[i] = w
		}
	}
	return &said
}
