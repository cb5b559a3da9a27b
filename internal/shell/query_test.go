package shell

import (
	"testing"

	"github.com/duoplane/duoplane/internal/record"
)

func value(tb testing.TB, text string) token {
	tb.Helper()
	commands, err := tokenize("show -name " + text)
	if err != nil {
		tb.Fatal(err)
	}
	a, err := parseArgs(commands[0][1:], []*Param{{Name: "name", query: true}}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return a.list[0].value
}

func TestAQueryIsPutInTheEnginesWords(t *testing.T) {
	modes := vocabulary{"low", "high", "full"}
	for _, test := range []struct{ name, typed, want string }{
		{"a plain word stays", "svm1", "svm1"},
		{"wildcards stay", "svm*", "svm*"},
		{"negation stays", "!svm*", "!svm*"},
		{"alternatives stay", "a|b", "a|b"},
		{"spaces around the bar are dropped", "a | b |c", "a|b|c"},
		{"a hyphen asks for what is not set", "-", "null"},
		{"its negation for what is", "!-", "!null"},
		{"empty quotation marks ask for what is not set", `""`, `""`},
		{"the word null is a word", "null", `"null"`},
		{"quoted text is literal", `"a*b|c"`, `"a*b|c"`},
		{"a quotation mark in it too", `"a\"b"`, `"a"{"}"b"`},
		{"quoted and bare text together", `"a*"*`, `"a*"*`},
		{"a bar in quotation marks does not split", `"a|b"|c`, `"a|b"|c`},
		{"braces mean nothing", "a{b}", `a"{"b"}"`},
		{"a comparison goes by the declared order", ">low", "high|full"},
		{"at least", ">=high", "high|full"},
		{"less", "<high", "low"},
		{"at most", "<=HIGH", "low|high"},
		{"a range", "low..high", "low|high"},
		{"an empty comparison holds for nothing", ">full", `>"low"`},
		{"a comparison with another word is left for the engine to refuse", ">empty", ">empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := modes.expression(value(t, test.typed)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhatIsAQuery(t *testing.T) {
	for typed, want := range map[string]bool{
		"svm1": false, `"svm*"`: false, "a-b": false, "-": true, `""`: true, "svm*": true, "!a": true, "a|b": true, "a | b": true,
		"1..3": true, "<3": true, "a!b": false, "a<b": false, `"!a"`: false,
	} {
		if got := hasQuery(value(t, typed)); got != want {
			t.Errorf("%s: got %t, want %t", typed, got, want)
		}
	}
}

// sample is a record with one text.
type sample struct{ text string }

func FuzzALiteralMatchesItselfAlone(f *testing.F) {
	schema := record.NewSchema("sample", record.Field[sample]{
		Path: "text", Flag: "text", Kind: record.String,
		Get: func(s *sample) record.Value { return record.Text(s.text) },
		Set: func(s *sample, v record.Value) { s.text = v.Str() },
	})
	for _, seed := range []string{"a", `"`, `{"}`, "a*b", "null", "-", "!x", "<3", "1..2", "a|b", `\`, "a b", "}{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkLine(text) != nil || text == "" {
			return
		}
		typed := `"` + quoteInside(text) + `"`
		q, err := schema.ParseQuery([]record.Param{{Name: "text", Value: vocabulary{}.expression(value(t, typed))}}, record.ListMode)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !q.Match(&sample{text}) || q.Match(&sample{text + "x"}) || q.Match(&sample{"x" + text}) {
			t.Errorf("%q does not match itself alone: %s", text, q)
		}
	})
}

// quoteInside escapes a text for quotation marks.
func quoteInside(text string) string {
	out := ""
	for _, r := range text {
		if r == '"' || r == '\\' {
			out += `\`
		}
		out += string(r)
	}
	return out
}
