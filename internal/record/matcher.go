package record

import (
	"math"
	"slices"
	"strings"
)

// A test is a compiled term. Its negation is that of the whole question: an
// array passes "!x" if no element is x, what is not set passes it too.
type test struct {
	negated bool
	ask     predicate
}

// A matcher is a compiled expression.
type matcher []test

func (m matcher) match(v Value, column string) bool {
	for i := range m {
		hit := false
		if v.kind.scalar() { // nearly always: spare the walk
			hit = m[i].ask.holds(v)
		} else {
			hit = found(v, column, m[i].ask)
		}
		if hit != m[i].negated {
			return true
		}
	}
	return false
}

// compile turns an expression into typed tests, and its operands into their
// normal form ("TRUE" → "true", "007" → "7"). BadValue when an operand does
// not fit the field.
func (sh *shape) compile(e expression) (matcher, error) {
	m := make(matcher, len(e))
	for i := range e {
		ask, err := sh.predicate(&e[i])
		if err != nil {
			return nil, err
		}
		m[i] = test{negated: e[i].negated, ask: ask}
		if e[i].op == isNull { // not set is: nothing found
			m[i].negated = !e[i].negated
		}
	}
	return m.merged(e), nil
}

// merged makes one look-up of a long list of exact texts.
func (m matcher) merged(e expression) matcher {
	const long = 8
	among := make(isAmong, len(m))
	for i, t := range m {
		text, ok := t.ask.(isText)
		if !ok || e[i].negated {
			return m
		}
		among[string(text)] = true
	}
	if len(among) < long {
		return m
	}
	return matcher{{ask: among}}
}

func (sh *shape) predicate(t *term) (predicate, error) {
	if t.op == isNull || t.anything() {
		return isAnything{}, nil
	}
	switch sh.kind {
	case Objects:
		return nil, sh.badReason(strings.Join(t.pieces, "*"), "it holds objects; filter by one of their members")
	case Enum:
		return sh.wordPredicate(t)
	case Strings:
		if len(sh.words) > 0 {
			return sh.wordPredicate(t)
		}
		return textPredicate(t), nil
	case Bool, Int, Time:
		return sh.numberPredicate(t)
	case UUID:
		for _, text := range t.operands() {
			*text = strings.ToLower(*text)
		}
		return textPredicate(t), nil
	default:
		return textPredicate(t), nil
	}
}

func textPredicate(t *term) predicate {
	switch t.op {
	case like:
		if t.exact() {
			return isText(t.pieces[0])
		}
		return isLike(t.pieces)
	case less:
		return isTextRange{high: t.low, open: true}
	case lessOrEqual:
		return isTextRange{high: t.low}
	case greater:
		return isTextRange{low: t.low, open: true}
	case greaterOrEqual:
		return isTextRange{low: t.low}
	default:
		return isTextRange{low: t.low, high: t.high}
	}
}

// wordPredicate settles the question for every word of an enum beforehand:
// letter case does not matter, and words compare by the alphabet.
func (sh *shape) wordPredicate(t *term) (predicate, error) {
	for _, text := range t.operands() {
		word, ok := sh.word(*text)
		switch {
		case ok:
			*text = word
		case t.op == like && !t.exact(): // a piece of a word
			*text = strings.ToLower(*text)
		default:
			return nil, sh.badValue(*text)
		}
	}
	lower := *t
	lower.pieces = slices.Clone(t.pieces)
	for _, text := range lower.operands() {
		*text = strings.ToLower(*text)
	}
	ask := textPredicate(&lower)
	words := isWord{}
	for _, word := range sh.words {
		if ask.holds(Text(strings.ToLower(word))) {
			words = append(words, word)
		}
	}
	return words, nil
}

// numberPredicate makes every comparison a range with its ends included.
func (sh *shape) numberPredicate(t *term) (predicate, error) {
	if t.op == like && !t.exact() {
		return nil, sh.badValue(strings.Join(t.pieces, "*"))
	}
	var ends [2]int64
	for i, text := range t.operands() {
		v, err := sh.number(*text, t.op == like)
		if err != nil {
			return nil, err
		}
		ends[i], *text = v.num, v.String()
	}
	n := ends[0]
	switch {
	case t.op == like:
		return isBetween{n, n}, nil
	case t.op == between:
		return isBetween{n, ends[1]}, nil
	case t.op == lessOrEqual:
		return isBetween{math.MinInt64, n}, nil
	case t.op == greaterOrEqual:
		return isBetween{n, math.MaxInt64}, nil
	case t.op == less && n > math.MinInt64:
		return isBetween{math.MinInt64, n - 1}, nil
	case t.op == greater && n < math.MaxInt64:
		return isBetween{n + 1, math.MaxInt64}, nil
	default: // nothing is beyond the last number
		return isBetween{1, 0}, nil
	}
}

// number reads an operand. A comparison may lie outside the field's range; an
// exact value that the field cannot have is more likely a mistake.
func (sh *shape) number(text string, exact bool) (Value, error) {
	wide := shape{path: sh.path, kind: sh.kind}
	v, err := wide.scalar(text)
	if err != nil || exact && sh.kind == Int && !sh.inRange(v.num) {
		return Value{}, sh.badValue(text)
	}
	return v, nil
}
