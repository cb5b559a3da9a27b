package shell

import (
	"slices"
	"strings"
)

// A vocabulary is the command line's words of an enum, in ONTAP's order; it is
// empty for a field of another kind.
type vocabulary []string

// expression turns a value typed as a query into a filter of the record
// engine. What was quoted is literal there too; "-" and "" ask for what is not
// set; enums compare by the order they are declared in, while the engine
// compares them by the alphabet, as REST does.
func (v vocabulary) expression(value token) string {
	terms := splitTerms(value.parts)
	texts := make([]string, len(terms))
	for i, parts := range terms {
		texts[i] = v.term(parts)
	}
	return strings.Join(texts, "|")
}

// splitTerms splits at the bars that are not quoted.
func splitTerms(parts []part) [][]part {
	terms := [][]part{nil}
	for _, p := range parts {
		if p.quoted {
			terms[len(terms)-1] = append(terms[len(terms)-1], p)
			continue
		}
		for i, text := range strings.Split(p.text, "|") {
			if i > 0 {
				terms = append(terms, nil)
			}
			if text != "" {
				terms[len(terms)-1] = append(terms[len(terms)-1], part{text: text})
			}
		}
	}
	return terms
}

func (v vocabulary) term(parts []part) string {
	if len(parts) == 1 && !parts[0].quoted {
		rest := strings.TrimLeft(parts[0].text, "!")
		negations := parts[0].text[:len(parts[0].text)-len(rest)]
		return negations + v.bare(rest)
	}
	var b strings.Builder
	for _, p := range parts {
		if p.quoted {
			b.WriteString(literal(p.text))
			continue
		}
		b.WriteString(braceless(p.text))
	}
	return b.String()
}

// bare is a term without its negation, of which nothing is quoted.
func (v vocabulary) bare(text string) string {
	switch {
	case text == "-":
		return "null"
	case strings.EqualFold(text, "null"):
		return literal(text)
	}
	if words, ok := v.compared(text); ok {
		return words
	}
	return braceless(text)
}

// compared spells out which words of an enum a comparison or range means.
func (v vocabulary) compared(text string) (string, bool) {
	if len(v) == 0 {
		return "", false
	}
	low, high, ok := v.bounds(text)
	if !ok {
		return "", false
	}
	if low > high {
		return ">" + literal(slices.Max(v)), true // no word is behind the last
	}
	return strings.Join(v[low:high+1], "|"), true
}

// bounds returns the first and the last place of the words meant.
func (v vocabulary) bounds(text string) (low, high int, ok bool) {
	place := func(word string) int {
		return slices.IndexFunc(v, func(w string) bool { return strings.EqualFold(w, word) })
	}
	low, high = 0, len(v)-1
	if from, to, ok := strings.Cut(text, ".."); ok {
		low, high = place(from), place(to)
		return low, high, low >= 0 && high >= 0
	}
	for _, c := range []struct {
		sign string
		set  func(at int)
	}{
		{"<=", func(at int) { high = at }},
		{">=", func(at int) { low = at }},
		{"<", func(at int) { high = at - 1 }},
		{">", func(at int) { low = at + 1 }},
	} {
		if word, ok := strings.CutPrefix(text, c.sign); ok {
			at := place(word)
			c.set(at)
			return low, high, at >= 0
		}
	}
	return 0, 0, false
}

// literal writes a text that the record engine takes as it is: quotation marks
// around it, or braces around a quotation mark in it.
func literal(text string) string {
	if text == "" {
		return `""`
	}
	var b strings.Builder
	for i, piece := range strings.Split(text, `"`) {
		if i > 0 {
			b.WriteString(`{"}`)
		}
		if piece != "" {
			b.WriteString(`"` + piece + `"`)
		}
	}
	return b.String()
}

// braceless keeps operators as they are but takes away the meaning that
// braces have to the engine and not to the command line.
func braceless(text string) string {
	return strings.NewReplacer("{", `"{"`, "}", `"}"`).Replace(text)
}

// hasQuery reports whether a value typed as a query is more than one literal
// text.
func hasQuery(value token) bool {
	for i, p := range value.parts {
		if p.quoted {
			continue
		}
		if strings.ContainsAny(p.text, "*|") || strings.Contains(p.text, "..") ||
			i == 0 && (strings.ContainsAny(p.text[:1], "!<>") || p.text == "-") {
			return true
		}
	}
	return value.text() == ""
}
