package cluster

import (
	"math"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// foundOut writes on one node and reads on another that is told of nothing for
// a while and does not ask: what it answers must not pass the check.
func foundOut(t *testing.T, writes, reads *node, r *register) {
	t.Helper()
	for _, w := range reads.wires {
		w.delay(all, time.Minute)
		defer w.sever(all)
	}
	c := &crowd{t: t, nodes: []*node{writes, reads}, began: time.Now(), written: make([]int, 2), read: make([]int, 2)}
	for _, o := range []operation{{path: r.path, write: true, value: "new"}, {path: r.path}} {
		at := 1
		if o.write {
			at = 0
		}
		if !c.call(at, at, r, o) {
			t.Fatalf("%+v failed", o)
		}
	}
	if result, _ := check(c.history); result != porcupine.Illegal {
		t.Errorf("a stale read is %s: %+v", result, c.history)
	}
}

func TestTheCheckKnowsRightFromWrong(t *testing.T) {
	wrote := func(value string, from, to int64) porcupine.Operation {
		return porcupine.Operation{ClientId: int(from), Input: operation{write: true, value: value}, Call: from, Return: to}
	}
	read := func(value string, from, to int64) porcupine.Operation {
		return porcupine.Operation{ClientId: int(from), Input: operation{value: value}, Call: from, Return: to}
	}
	const never = math.MaxInt64
	tests := []struct {
		name    string
		history []porcupine.Operation
		want    porcupine.CheckResult
	}{
		{"a read sees the last write", []porcupine.Operation{wrote("a", 1, 2), wrote("b", 3, 4), read("b", 5, 6)}, porcupine.Ok},
		{"a read sees an older write", []porcupine.Operation{wrote("a", 1, 2), wrote("b", 3, 4), read("a", 5, 6)}, porcupine.Illegal},
		{"a read sees either of two at once", []porcupine.Operation{wrote("a", 1, 4), wrote("b", 2, 3), read("a", 5, 6)}, porcupine.Ok},
		{"two reads see them in two orders", []porcupine.Operation{
			wrote("a", 1, 4), wrote("b", 2, 3), read("a", 5, 6), read("b", 7, 8), read("a", 9, 10),
		}, porcupine.Illegal},
		{"an acknowledged write is lost", []porcupine.Operation{wrote("a", 1, 2), read("", 3, 4)}, porcupine.Illegal},
		{"a write that nobody knows of shows late", []porcupine.Operation{
			wrote("a", 1, never), wrote("b", 2, 3), read("b", 4, 5), read("a", 6, 7),
		}, porcupine.Ok},
		{"a write that nobody knows of never shows", []porcupine.Operation{wrote("a", 1, never), read("", 2, 3)}, porcupine.Ok},
		{"a write that nobody knows of goes away again", []porcupine.Operation{
			wrote("a", 1, never), wrote("b", 2, 3), read("a", 4, 5), read("b", 6, 7),
		}, porcupine.Illegal},
		{"a read sees what nobody wrote", []porcupine.Operation{wrote("a", 1, 2), read("c", 3, 4)}, porcupine.Illegal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := check(tt.history); got != tt.want {
				t.Errorf("it is %s, want %s", got, tt.want)
			}
		})
	}
}
