package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// cmdAnswers lays out what is typed at ssh's prompts, from the first on.
func cmdAnswers(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: answers answer...")
	}
	var lines strings.Builder
	for _, a := range args {
		lines.WriteString(a + "\n")
	}
	ts.Check(os.WriteFile(ts.Getenv(answersVariable), []byte(lines.String()), 0o600))
	ts.Check(os.RemoveAll(ts.Getenv(askedVariable)))
}

// waitFor looks until something has happened.
func waitFor(happened func() bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for !happened() {
		select {
		case <-tick.C:
		case <-limit:
			return // what is missing is told by what follows
		}
	}
}

// cmdAwait runs a program until its output holds a text, each time with the
// same answers: for what follows a login in its own time.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await text program arguments...")
	}
	var out string
	answers, err := os.ReadFile(ts.Getenv(answersVariable))
	ts.Check(err)
	waitFor(func() bool {
		ts.Check(os.WriteFile(ts.Getenv(answersVariable), answers, 0o600))
		ts.Check(ts.Exec(args[1], args[2:]...))
		out = ts.ReadFile("stdout")
		return strings.Contains(out, args[0])
	})
	if !strings.Contains(out, args[0]) {
		ts.Fatalf("%s never prints %q:\n%s", args[1], args[0], out)
	}
}

// cmdSettles runs a program until its output is what a file holds: for what
// others draw in their own time.
func cmdSettles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: settles file program arguments...")
	}
	want, got := ts.ReadFile(args[0]), ""
	waitFor(func() bool {
		_ = ts.Exec(args[1], args[2:]...) // the output tells
		got = ts.ReadFile("stdout")
		return got == want
	})
	if got != want {
		ts.Fatalf("%s never prints %s, but (-want +got):\n%s", args[1], args[0], cmp.Diff(want, got))
	}
}

// cmdNoise writes lines that nobody types, and two that are well.
func cmdNoise(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: noise file")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join([]string{
		strings.Repeat("x", 1<<20), "security \x1b[2J", "security \xff\xfe", "vserver show -vserver \x1b[31mred\x00", `vserver show -vserver "x`,
		strings.Repeat("security ", 400), strings.Repeat(`"`, 1000), "rows", "exit", "",
	}, "\n")), 0o600))
}

// cmdReplace replaces a text in files.
func cmdReplace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: replace old new file...")
	}
	for _, name := range args[2:] {
		text := strings.ReplaceAll(ts.ReadFile(name), args[0], args[1])
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// cmdKeys writes keys that are pressed one after the other: words in Go's
// escapes, without their quotation marks.
func cmdKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: keys file key...")
	}
	var keys strings.Builder
	for _, word := range args[1:] {
		text, err := strconv.Unquote(`"` + word + `"`)
		ts.Check(err)
		keys.WriteString(text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(keys.String()), 0o600))
}
