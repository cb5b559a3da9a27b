package shell

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// complete does what Tab is for: it goes on as far as only one way leads, and
// from where several do it lists them.
func (e *editor) complete(ctx context.Context) {
	line := e.before()
	tokens, fragment, start, ok := splitLine(line)
	if !ok || e.s.renew(ctx) != nil {
		e.s.out.raw(bell)
		return
	}
	next, err := e.s.expect(tokens, fragment)
	if err != nil {
		e.s.out.raw(bell)
		return
	}
	found := next.candidates(ctx, fragment)
	prefix := ""
	if next.value != nil && next.value.List {
		prefix = fragment[:strings.LastIndexByte(fragment, ',')+1]
	}
	common := commonPrefix(found)
	switch {
	case len(found) == 0:
		e.s.out.raw(bell)
	case len(found) == 1:
		text := prefix + found[0]
		if prefix == "" && next.value != nil {
			text = quoteToken(found[0])
		}
		if next.value == nil || !next.value.List {
			text += " "
		}
		e.rewrite(line, start, text)
	case len(common) > len(fragment)-len(prefix) && !strings.ContainsAny(common, " \"\\;#"):
		e.rewrite(line, start, prefix+common)
	default:
		e.list(ctx, tokens, fragment, "")
	}
}

// rewrite replaces what is between a place in the line, in bytes, and the cursor.
func (e *editor) rewrite(line string, start int, text string) {
	e.replace(utf8.RuneCountInString(line[:start]), e.at, []rune(text))
}

// help does what a question mark is for.
func (e *editor) help(ctx context.Context) {
	tokens, fragment, _, ok := splitLine(e.before())
	if !ok || e.s.renew(ctx) != nil {
		e.s.out.raw(bell)
		return
	}
	e.list(ctx, tokens, fragment, "?")
}

// list prints what may come next below the line and then the line again.
func (e *editor) list(ctx context.Context, tokens []token, fragment, note string) {
	line, at := slices.Clone(e.line), e.at
	e.stale = e.stale || at < len(line)
	e.line = e.line[:at]
	e.refresh()
	e.s.out.raw(note + newline)
	e.s.out.begin()
	if err := e.s.help(ctx, tokens, fragment); err != nil {
		e.s.fail(ctx, nil, err)
	}
	e.line, e.at, e.row, e.stale = line, at, 0, true
}

// commonPrefix returns the longest beginning that all texts share, in the
// letter case of the first.
func commonPrefix(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	common := texts[0]
	for _, text := range texts[1:] {
		for !hasPrefixFold(text, common) {
			_, size := utf8.DecodeLastRuneInString(common)
			common = common[:len(common)-size]
		}
	}
	return common
}
