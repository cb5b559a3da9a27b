package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A query is as much of a PromQL expression as can be compared with a scrape.
type query struct {
	uses    []use
	grouped []string // labels in by, on and the like
}

// A use is one metric in a query.
type use struct {
	metric string
	rated  bool // directly inside rate or increase
	match  []matcher
}

type matcher struct{ label, op, value string }

// values are the values that a matcher names; none for a pattern or a variable
// of Grafana's.
func (m matcher) values() []string {
	if strings.HasPrefix(m.value, "$") {
		return nil
	}
	words := []string{m.value}
	if strings.HasSuffix(m.op, "~") {
		words = strings.Split(m.value, "|")
	}
	return slices.DeleteFunc(words, func(w string) bool { return !regexp.MustCompile(`^[A-Za-z0-9_]*$`).MatchString(w) })
}

var (
	promToken = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|\[(?:\$__(?:rate_interval|range)|[0-9]+[smhd])\]|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9]+(?:\.[0-9]+)?|=~|!~|!=|==|>=|<=|[-+*/(){},=<>])`)
	promWord  = regexp.MustCompile(`^[a-zA-Z_:]`)

	promFunctions = []string{"rate", "increase", "histogram_quantile", "sum", "max", "min", "avg", "count", "topk"}
	promGroupings = []string{"by", "without", "on", "ignoring"}
	promOperators = []string{"and", "or", "unless"}
)

// readQuery takes an expression apart; what it does not know is an error. It
// is no parser of PromQL: interop/prometheus asks Prometheus' own.
func readQuery(expr string) (query, error) {
	tokens, err := tokensOf(expr)
	if err != nil {
		return query{}, err
	}
	var q query
	for i := 0; i < len(tokens); i++ {
		switch word, next := tokens[i], tokenAt(tokens, i+1); {
		case !promWord.MatchString(word), slices.Contains(promOperators, word):
		case slices.Contains(promGroupings, word):
			if next != "(" {
				return q, fmt.Errorf("%s without labels", word)
			}
			for i += 2; tokenAt(tokens, i) != ")"; i++ {
				if label := tokenAt(tokens, i); promWord.MatchString(label) {
					q.grouped = append(q.grouped, label)
				} else if label != "," {
					return q, fmt.Errorf("%q among labels", label)
				}
			}
		case slices.Contains(promFunctions, word):
			if next != "(" && !slices.Contains(promGroupings, next) {
				return q, fmt.Errorf("%s of nothing", word)
			}
		case next == "(":
			return q, fmt.Errorf("%s is not known here", word)
		default:
			u := use{metric: word, rated: tokenAt(tokens, i-1) == "(" && slices.Contains([]string{"rate", "increase"}, tokenAt(tokens, i-2))}
			if i, err = u.readMatchers(tokens, i); err != nil {
				return q, err
			}
			q.uses = append(q.uses, u)
		}
	}
	return q, nil
}

// readMatchers reads what stands in braces behind a metric, if anything, and
// returns the place of its last token.
func (u *use) readMatchers(tokens []string, at int) (int, error) {
	if tokenAt(tokens, at+1) != "{" {
		return at, nil
	}
	for i := at + 2; ; i += 4 {
		label, op, value := tokenAt(tokens, i), tokenAt(tokens, i+1), tokenAt(tokens, i+2)
		if !promWord.MatchString(label) || !slices.Contains([]string{"=", "!=", "=~", "!~"}, op) || !strings.HasPrefix(value, `"`) {
			return 0, fmt.Errorf("%s{%s %s %s is no matcher", u.metric, label, op, value)
		}
		u.match = append(u.match, matcher{label, op, strings.Trim(value, `"`)})
		switch tokenAt(tokens, i+3) {
		case "}":
			return i + 3, nil
		case ",":
		default:
			return 0, fmt.Errorf("%s{ is not ended", u.metric)
		}
	}
}

func tokenAt(tokens []string, i int) string {
	if i < 0 || i >= len(tokens) {
		return ""
	}
	return tokens[i]
}

// tokensOf also checks that brackets come in pairs.
func tokensOf(expr string) ([]string, error) {
	var tokens, open []string
	pairs := map[string]string{")": "(", "}": "{"}
	for rest := strings.TrimSpace(expr); rest != ""; rest = strings.TrimSpace(rest) {
		token := promToken.FindString(rest)
		if token == "" {
			return nil, fmt.Errorf("cannot read on at %q", rest)
		}
		rest = rest[len(token):]
		tokens = append(tokens, token)
		switch token {
		case "(", "{":
			open = append(open, token)
		case ")", "}":
			if len(open) == 0 || open[len(open)-1] != pairs[token] {
				return nil, fmt.Errorf("%q closes nothing", token)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("%q is not closed", open)
	}
	return tokens, nil
}

func TestQueriesAreTakenApart(t *testing.T) {
	got, err := readQuery(`topk(3, sum by (le, a) (rate(x_total{job=~"$job",b=~"c|d",e!="f"}[5m]))) / on (g) y > 0.5 and z{h=""}`)
	if err != nil {
		t.Fatal(err)
	}
	want := query{
		uses: []use{
			{metric: "x_total", rated: true, match: []matcher{{"job", "=~", "$job"}, {"b", "=~", "c|d"}, {"e", "!=", "f"}}},
			{metric: "y"},
			{metric: "z", match: []matcher{{"h", "=", ""}}},
		},
		grouped: []string{"le", "a", "g"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(query{}, use{}, matcher{})); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	for _, expr := range []string{
		`sum(x`, `sum x)`, `x{a="b"`, `x{a=b}`, `x{"a"}`, `summ(x)`, `rate(x[5x])`, `sum by le (x)`, `x $y`, `sum`, `x{}`,
	} {
		if _, err := readQuery(expr); err == nil {
			t.Errorf("%s is taken for a query", expr)
		}
	}
}
