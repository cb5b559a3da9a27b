// Duoplane serves, keeps and protects Duo profiles behind ONTAP's REST API.
//
//	duoplane dev      everything on this machine, with temporary data and Duo simulated
//	duoplane serve    production, from a data directory or an etcd cluster
//	duoplane sim      the Duo simulator alone
//	duoplane login    the second factor of an SSH login, asked of a server
//	duoplane backup   all records in one file, also while they are served
//	duoplane restore  and back into an empty store
//	duoplane keys     the keys that seal the secrets: list, rotate, drop
//	duoplane version  what this program is
//
// README.md shows the first steps, docs/configuration.md every option and
// docs/operations.md every file and key.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it could not start, or ended by a fault
	exitUsage  = 2 // the command line, environment or configuration file is wrong
)

// environ is the outside world as run sees it, so that tests can replace it.
type environ struct {
	lookup         func(string) (string, bool)
	names          []string // of all variables
	stdout, stderr io.Writer
}

// A usageError is a fault in what the user gave, found before anything was
// opened.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func main() { // everything else is in run, so tests and scripts start the real program
	ctx, end := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // before anybody can know of the first: a second one ends the process at once
		end()
	}()
	os.Exit(run(ctx, os.Args[1:], environ{os.LookupEnv, variables(os.Environ()), os.Stdout, os.Stderr}))
}

// variables returns the names in an environment.
func variables(environment []string) []string {
	names := make([]string, len(environment))
	for i, v := range environment {
		names[i], _, _ = strings.Cut(v, "=")
	}
	return names
}

// run executes one command line until it is done or ctx ends, and returns the
// exit code. Ending by ctx is a success.
func run(ctx context.Context, args []string, env environ) int {
	cmd, err := command(nil), refusePrivileged(args)
	if err == nil {
		cmd, err = parse(args, env)
	}
	if err == nil && cmd != nil {
		err = cmd.run(ctx, env)
	}
	if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return exitOK // the second: ended by a signal before everything listened
	}
	if _, ok := errors.AsType[silent](err); ok {
		return exitFailed
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		_, _ = fmt.Fprintln(env.stderr, "duoplane:", line)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		_, _ = fmt.Fprintln(env.stderr, "duoplane: see duoplane --help")
		return exitUsage
	}
	return exitFailed
}
