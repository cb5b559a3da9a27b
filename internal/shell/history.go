package shell

import (
	"slices"
	"strings"
)

// maxHistory is how many commands a session remembers.
const maxHistory = 500

// A history is the lines of a session, oldest first.
type history struct {
	lines []string
	gone  int // lines forgotten before the first
}

func (h *history) add(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if len(h.lines) == maxHistory {
		h.lines = slices.Delete(h.lines, 0, 1)
		h.gone++
	}
	h.lines = append(h.lines, line)
}

// at returns the line of a number as history prints it.
func (h *history) at(number int) (string, bool) {
	i := number - 1 - h.gone
	if i < 0 || i >= len(h.lines) {
		return "", false
	}
	return h.lines[i], true
}

// latest returns the last line before the current one that begins so.
func (h *history) latest(prefix string) (string, bool) {
	for _, line := range slices.Backward(h.lines) {
		if hasPrefixFold(line, prefix) {
			return line, true
		}
	}
	return "", false
}

// search returns the place of the latest line before the given place that
// holds the text, or -1.
func (h *history) search(text string, before int) int {
	for i := min(before, len(h.lines)) - 1; i >= 0; i-- {
		if strings.Contains(h.lines[i], text) {
			return i
		}
	}
	return -1
}

// withoutSecrets returns a line as it may be remembered: the value behind
// everything that could be the beginning of a secret parameter's name is left
// out, so that running the line again asks for it. A line that cannot be read
// is not remembered.
func (sh *Shell) withoutSecrets(line string) string {
	commands, err := tokenize(line)
	if err != nil {
		return ""
	}
	var b strings.Builder
	from := 0
	cut := func(start, end int) {
		b.WriteString(strings.TrimRight(line[from:start], " \t"))
		from = end
	}
	for _, tokens := range commands {
		sh.cutSecrets(tokens, cut)
	}
	b.WriteString(line[from:])
	return b.String()
}

func (sh *Shell) cutSecrets(tokens []token, cut func(start, end int)) {
	hiding := false
	for _, tok := range tokens {
		name, named := tok.parameter()
		switch {
		case named:
			hiding = slices.ContainsFunc(sh.secrets, func(s string) bool { return hasPrefixFold(s, name) })
		case hiding:
			cut(tok.start, tok.end)
		case tok.brace:
			sh.cutSecrets(tok.inner, cut)
		}
	}
}
