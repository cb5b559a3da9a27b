package main

import (
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdLoginConfig writes a configuration of duoplane login for the program
// whose ready file was read.
func cmdLoginConfig(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: login_config file token [owner]")
	}
	doc := fmt.Sprintf("endpoint: %s\nca_file: %s\ntoken: '%s'\n", ts.Getenv("API_URL"), ts.Getenv("CA_FILE"), args[1])
	if len(args) == 3 {
		doc += "owner: " + args[2] + "\n"
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(doc), 0o600))
}
