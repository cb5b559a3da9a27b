package shell

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape writes tokens down: quoted parts in «», braces as they are.
func shape(commands [][]token) string {
	var words func(tokens []token) string
	words = func(tokens []token) string {
		var list []string
		for _, t := range tokens {
			if t.brace {
				list = append(list, "{"+words(t.inner)+"}")
				continue
			}
			var b strings.Builder
			for _, p := range t.parts {
				if p.quoted {
					b.WriteString("«" + p.text + "»")
					continue
				}
				b.WriteString(p.text)
			}
			list = append(list, b.String())
		}
		return strings.Join(list, "_")
	}
	var list []string
	for _, c := range commands {
		list = append(list, words(c))
	}
	return strings.Join(list, " ; ")
}

func TestALineIsSplitIntoTokens(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"words are split at spaces and tabs", "security  login\tduo", "security_login_duo"},
		{"quotation marks keep spaces", `-comment "on call" x`, "-comment_«on call»_x"},
		{"quoted and bare text may stand together", `a"b c"d`, "a«b c»d"},
		{"empty quotes are a token", `-comment ""`, "-comment_«»"},
		{"a backslash in quotes escapes", `"a\"b\\c\d"`, `«a"b\c\d»`},
		{"a number sign begins a comment", "show # all of them", "show"},
		{"a number sign inside a word does not", "ticket#12", "ticket#12"},
		{"a number sign in quotes does not", `"# 1"`, "«# 1»"},
		{"a semicolon separates commands", "set -privilege advanced;rows 0", "set_-privilege_advanced ; rows_0"},
		{"a semicolon in quotes does not", `"a;b"`, "«a;b»"},
		{"braces hold a query", `modify {-is-enabled false} -is-enabled true`, "modify_{-is-enabled_false}_-is-enabled_true"},
		{"quotes in braces may hold a brace", `{-comment "}"}`, "{-comment_«}»}"},
		{"a brace inside a word is text", "a{b}", "a{b}"},
		{"nothing is one empty command", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := tokenize(test.line)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, shape(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestALineThatCannotBeRead(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       error
	}{
		{"a quotation mark without a partner", `show "abc`, errQuote},
		{"a brace without a partner", `modify {-a b`, errBrace},
		{"an escape sequence", "show \x1b[31m", errControl},
		{"a NUL", "show \x00", errControl},
		{"a C1 control", "show \u009b", errControl},
		{"invalid UTF-8", "show \xff", errUTF8},
		{"a mebibyte", strings.Repeat("a", 1<<20), errTooLong},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := tokenize(test.line); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func FuzzTokenize(f *testing.F) {
	for _, seed := range []string{`a "b c" d;e`, `modify {-a "b}"} -c d # x`, `"\\\""`, "a{", `"`, "x,y , z", "é\t;;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		commands, err := tokenize(line)
		if err != nil {
			return
		}
		for _, tokens := range commands {
			for _, tok := range tokens {
				if tok.start < 0 || tok.end > len(line) || tok.start >= tok.end {
					t.Fatalf("%q: token at %d..%d", line, tok.start, tok.end)
				}
				if tok.brace {
					continue
				}
				again, err := tokenize(quoteToken(tok.text()))
				if err != nil || len(again) != 1 || len(again[0]) != 1 || again[0][0].text() != tok.text() {
					t.Fatalf("%q: %q does not read back: %v", line, tok.text(), err)
				}
			}
		}
	})
}
