// Package enumtest is for tests of lists that must hold every constant of a
// type: Go does not tell when one is missing.
package enumtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Complete fails the test unless list holds every string constant that the
// package in the current directory declares with the type T, and nothing twice.
// It is called from a test of that package.
func Complete[T ~string](t *testing.T, typeName string, list []T) {
	t.Helper()
	declared := constants(t, typeName)
	if len(declared) == 0 {
		t.Fatalf("no constant of type %s is declared here", typeName)
	}
	for _, word := range declared {
		if !slices.Contains(list, T(word)) {
			t.Errorf("the list of all %ss has no %q", typeName, word)
		}
	}
	once := slices.Compact(slices.Sorted(slices.Values(list)))
	if len(once) != len(list) {
		t.Errorf("%d of %d words are listed twice", len(list)-len(once), len(list))
	}
}

// constants returns the values of the constants of a type, as the source has
// them.
func constants(t *testing.T, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if is, ok := spec.Type.(*ast.Ident); ok && is.Name == typeName {
				words = append(words, literals(t, spec)...)
			}
			return false
		})
	}
	return words
}

func literals(t *testing.T, spec *ast.ValueSpec) []string {
	t.Helper()
	var words []string
	for _, value := range spec.Values {
		if text, ok := value.(*ast.BasicLit); ok && text.Kind == token.STRING {
			word, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, word)
		}
	}
	return words
}
