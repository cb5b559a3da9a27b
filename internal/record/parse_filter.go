package record

import (
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// parseExpression reads the right side of a filter on a field. Errors:
// MissingOperand, BadReason.
func (sh *shape) parseExpression(text string) (expression, error) {
	p := filterParser{shape: sh, text: text}
	var e expression
	for {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		e = append(e, t)
		if p.done() {
			return e, nil
		}
		p.at++ // the "|" that ended the term
	}
}

// A filterParser reads one expression from left to right.
type filterParser struct {
	shape *shape
	text  string
	at    int
}

// An operand is a text with wildcards. Bare means that nothing of it was
// quoted, so that it may be the word null.
type operand struct {
	pieces []string
	bare   bool
}

func (o operand) wild() bool   { return len(o.pieces) > 1 }
func (o operand) text() string { return o.pieces[0] }

func (p *filterParser) done() bool              { return p.at == len(p.text) }
func (p *filterParser) sees(sign string) bool   { return strings.HasPrefix(p.text[p.at:], sign) }
func (p *filterParser) refuse(why string) error { return p.shape.badReason(p.text, why) }

// takes moves past the sign if it is next.
func (p *filterParser) takes(sign string) bool {
	if !p.sees(sign) {
		return false
	}
	p.at += len(sign)
	return true
}

func (p *filterParser) term() (term, error) {
	var t term
	for p.takes("!") {
		t.negated = !t.negated
	}
	for _, c := range comparisons {
		if p.takes(c.sign) {
			return p.comparison(t, c.op)
		}
	}
	low, err := p.operand()
	if err != nil {
		return t, err
	}
	if p.takes("..") {
		return p.span(t, low)
	}
	switch {
	case low.wild():
		t.pieces = low.pieces
	case low.text() == "" && low.bare:
		return t, p.missing()
	case low.text() == "", low.text() == "null" && low.bare:
		t.op = isNull
	default:
		t.pieces = low.pieces
	}
	return t, nil
}

func (p *filterParser) comparison(t term, op operator) (term, error) {
	o, err := p.operand()
	switch {
	case err != nil:
		return t, err
	case p.sees(".."):
		return t, p.refuse("a comparison and a range do not go together")
	}
	t.op = op
	t.low, err = p.bound(o)
	return t, err
}

func (p *filterParser) span(t term, low operand) (term, error) {
	high, err := p.operand()
	switch {
	case err != nil:
		return t, err
	case p.sees(".."):
		return t, p.refuse("a range has two ends")
	}
	t.op = between
	if t.low, err = p.bound(low); err != nil {
		return t, err
	}
	t.high, err = p.bound(high)
	return t, err
}

// bound is an operand that values are compared with.
func (p *filterParser) bound(o operand) (string, error) {
	switch {
	case o.wild():
		return "", p.refuse("a wildcard does not go into a comparison or a range")
	case o.text() == "":
		return "", p.missing()
	default:
		return o.text(), nil
	}
}

// operand reads up to the end of the term, or to a range's two dots.
func (p *filterParser) operand() (operand, error) {
	o := operand{bare: true}
	var piece strings.Builder
	for !p.done() && !p.sees("|") && !p.sees("..") {
		var part string
		var err error
		switch p.text[p.at] {
		case '*':
			p.at++
			o.add(piece.String())
			piece.Reset()
		case '"':
			part, err = p.quoted()
			o.bare = false
		case '{':
			part, err = p.braced()
			o.bare = false
		case '}':
			err = p.refuse("a closing brace has no partner")
		default:
			part = p.plain()
		}
		if err != nil {
			return o, err
		}
		piece.WriteString(part)
	}
	o.pieces = append(o.pieces, piece.String())
	return o, nil
}

// add ends a piece at a wildcard; a row of wildcards is one.
func (o *operand) add(piece string) {
	if piece != "" || len(o.pieces) == 0 {
		o.pieces = append(o.pieces, piece)
	}
}

// plain reads text that means itself; there is at least one byte of it.
func (p *filterParser) plain() string {
	start := p.at
	for p.at++; !p.done() && !p.sees("..") && strings.IndexByte("*|\"{}", p.text[p.at]) < 0; p.at++ {
	}
	return p.text[start:p.at]
}

func (p *filterParser) quoted() (string, error) {
	rest := p.text[p.at+1:]
	end := strings.IndexByte(rest, '"')
	if end < 0 {
		return "", p.refuse("a quotation mark has no partner")
	}
	p.at += end + 2
	return rest[:end], nil
}

func (p *filterParser) braced() (string, error) {
	depth := 0
	for i := p.at; i < len(p.text); i++ {
		switch p.text[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			inner := p.text[p.at+1 : i]
			p.at = i + 1
			return inner, nil
		}
	}
	return "", p.refuse("an opening brace has no partner")
}

func (p *filterParser) missing() error {
	return fault.New(fault.MissingOperand, p.shape.path, "The expression is missing a value")
}
