package rest

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
)

// TestEveryFaultHasAnAnswer reads the codes out of the source of package
// fault, so that a new one cannot be forgotten here.
func TestEveryFaultHasAnAnswer(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../fault/code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[fault.Code]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for _, v := range spec.Values {
			if word, err := strconv.Unquote(v.(*ast.BasicLit).Value); err == nil {
				codes[fault.Code(word)] = true
			}
		}
		return true
	})
	if len(codes) < 50 {
		t.Fatalf("only %d codes found", len(codes))
	}
	for code := range codes {
		if _, ok := answers[code]; !ok {
			t.Errorf("no HTTP status and number for %q", code)
		}
	}
	for code, a := range answers {
		if !codes[code] {
			t.Errorf("%q is not a fault code any more", code)
		}
		if http.StatusText(a.status) == "" || a.status < 400 {
			t.Errorf("%q has status %d", code, a.status)
		}
		if n, err := strconv.Atoi(a.number); err != nil || n <= 0 {
			t.Errorf("%q has number %q", code, a.number)
		}
	}
}

func TestWhatAnErrorShows(t *testing.T) {
	internal := refusal{code: fault.Internal, status: 500, number: "262145", message: msgInternal}
	for _, c := range []struct {
		name string
		err  error
		want refusal
	}{
		{
			"a fault shows its message and target, not its cause",
			fmt.Errorf("find profile: %w", fault.Wrap(errors.New("canary"), fault.NotFound, "owner.uuid", "entry doesn't exist")),
			refusal{code: fault.NotFound, status: 404, number: "4", message: "entry doesn't exist", target: "owner.uuid"},
		},
		{"any other error shows a fixed sentence", errors.New("canary"), internal},
		{"an internal fault too", fault.New(fault.Internal, "x", "canary"), internal},
		{"a code nobody knows is ours", fault.New("odd", "", "something"), refusal{code: fault.Internal, status: 500, number: "262145", message: "something"}},
		{
			"time that ran out is told",
			fmt.Errorf("read: %w", context.DeadlineExceeded),
			refusal{code: fault.Timeout, status: 503, number: "65552", message: "The request could not be completed in time."},
		},
		{
			"the status may be another in a special place",
			&statusError{fault.New(fault.NoSuchOwner, "X-Dot-SVM-Name", "no"), 400},
			refusal{code: fault.NoSuchOwner, status: 400, number: "2621462", message: "no", target: "X-Dot-SVM-Name"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(refuse(c.err), c.want, cmp.AllowUnexported(refusal{})); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}
