package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the release this tree becomes; docs/ and CHANGELOG.md speak of it.
const version = "0.1.0"

const projectURL = "https://github.com/duoplane/duoplane"

func (*versionOptions) faults() []error { return nil }

func (*versionOptions) run(_ context.Context, env environ) error {
	_, err := fmt.Fprintf(env.stdout, "duoplane %s\ncommit   %s\ngo       %s %s/%s\n",
		version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// commit returns the commit the program was built from, marked when the tree
// had changes that were not committed.
func commit() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return "unknown"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	rev := settings["vcs.revision"]
	switch {
	case rev == "":
		return "unknown (not built inside a git working tree)"
	case settings["vcs.modified"] == "true":
		return rev + " with uncommitted changes"
	}
	return rev
}
