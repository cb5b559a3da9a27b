package shell

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is the longest command line, in bytes.
const maxLine = 64 << 10

// What is wrong with a line before anything in it is looked at.
var (
	errQuote   = errors.New("a quotation mark has no partner")
	errBrace   = errors.New("an opening brace has no partner")
	errTooLong = errors.New("the command line is too long")
	errControl = errors.New("the command line holds a control character")
	errUTF8    = errors.New("the command line is not valid UTF-8")
)

// A part is a piece of a token, quoted or bare.
type part struct {
	text   string
	quoted bool
}

// A token is one word of a command line: bare and quoted text that stands
// together, or an extended query in braces.
type token struct {
	parts      []part
	brace      bool    // an extended query
	inner      []token // what the braces hold
	start, end int     // where in the line, in bytes
}

// text returns the token without its quotation marks.
func (t token) text() string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
	}
	return b.String()
}

// bare reports whether nothing of the token is quoted.
func (t token) bare() bool {
	for _, p := range t.parts {
		if p.quoted {
			return false
		}
	}
	return !t.brace
}

// endsWith and startsWith look at the token's bare ends.
func (t token) endsWith(sign string) bool {
	last := len(t.parts) - 1
	return last >= 0 && !t.parts[last].quoted && strings.HasSuffix(t.parts[last].text, sign)
}

func (t token) startsWith(sign string) bool {
	return len(t.parts) > 0 && !t.parts[0].quoted && strings.HasPrefix(t.parts[0].text, sign)
}

// is reports whether the token is exactly the bare text.
func (t token) is(text string) bool { return t.bare() && t.text() == text }

// parameter returns the name in a token such as "-fail-mode".
func (t token) parameter() (string, bool) {
	if !t.startsWith("-") || !t.bare() {
		return "", false
	}
	name := t.text()[1:]
	if name == "" || !isLetter(name[0]) {
		return "", false
	}
	return name, true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// join puts the next token behind this one, as if no space were between.
func (t token) join(next token) token {
	t.parts = append(append([]part(nil), t.parts...), next.parts...)
	t.end = next.end
	return t
}

// checkLine finds what no command line may hold.
func checkLine(line string) error {
	switch {
	case len(line) > maxLine:
		return errTooLong
	case !utf8.ValidString(line):
		return errUTF8
	}
	for _, r := range line {
		if r != '\t' && unicode.IsControl(r) {
			return errControl
		}
	}
	return nil
}

// tokenize splits a line into commands (at ";") and those into tokens. A "#"
// where a token could begin makes the rest a comment. Inside quotation marks
// a backslash goes before a quotation mark or a backslash that is meant.
//
// After an error what was read before it is returned too, for completion and
// help, which look at lines that are still being typed.
func tokenize(line string) ([][]token, error) {
	if err := checkLine(line); err != nil {
		return nil, err
	}
	t := tokenizer{line: line}
	commands := [][]token{nil}
	for {
		last := len(commands) - 1
		tokens, err := t.tokens(';')
		commands[last] = tokens
		switch {
		case err != nil:
			return commands, err
		case t.at == len(line):
			return commands, nil
		}
		t.at++
		commands = append(commands, nil)
	}
}

type tokenizer struct {
	line string
	at   int
}

// tokens reads up to the end of the line or to the sign.
func (t *tokenizer) tokens(end byte) ([]token, error) {
	var tokens []token
	for t.at < len(t.line) {
		switch t.line[t.at] {
		case ' ', '\t':
			t.at++
		case end:
			return tokens, nil
		case '#':
			t.at = len(t.line)
		default:
			tok, err := t.token(end)
			tokens = append(tokens, tok)
			if err != nil {
				return tokens, err
			}
		}
	}
	return tokens, nil
}

func (t *tokenizer) token(end byte) (token, error) {
	if t.line[t.at] == '{' && end != '}' {
		return t.braces()
	}
	tok := token{start: t.at}
	for t.at < len(t.line) {
		switch t.line[t.at] {
		case ' ', '\t', end:
			tok.end = t.at
			return tok, nil
		case '"':
			text, err := t.quoted()
			tok.parts = append(tok.parts, part{text, true})
			if err != nil {
				tok.end = t.at
				return tok, err
			}
		default:
			tok.parts = append(tok.parts, part{t.plain(end), false})
		}
	}
	tok.end = t.at
	return tok, nil
}

func (t *tokenizer) plain(end byte) string {
	start := t.at
	for t.at < len(t.line) {
		if c := t.line[t.at]; c == ' ' || c == '\t' || c == end || c == '"' {
			break
		}
		t.at++
	}
	return t.line[start:t.at]
}

func (t *tokenizer) quoted() (string, error) {
	var b strings.Builder
	for t.at++; t.at < len(t.line); t.at++ {
		switch c := t.line[t.at]; {
		case c == '"':
			t.at++
			return b.String(), nil
		case c == '\\' && t.at+1 < len(t.line) && (t.line[t.at+1] == '"' || t.line[t.at+1] == '\\'):
			t.at++
			b.WriteByte(t.line[t.at])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), errQuote
}

func (t *tokenizer) braces() (token, error) {
	tok := token{start: t.at, brace: true}
	t.at++
	inner, err := t.tokens('}')
	tok.inner = inner
	if err == nil && t.at == len(t.line) {
		err = errBrace
	}
	if err == nil {
		t.at++
	}
	tok.end = t.at
	return tok, err
}

// quoteToken writes a text so that the tokenizer reads it as one bare or
// quoted token with that text.
func quoteToken(text string) string {
	plain := text != "" && !strings.ContainsAny(text, " \t;\"#{}?|*!<>\\,")
	if plain && text[0] != '-' && !strings.Contains(text, "..") {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
