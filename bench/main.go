// Command bench measures Duoplane beside what it stands on and beside its
// peers, in one run on this machine, and writes docs/benchmarks.md:
//
//	make bench                      everything; writes the document
//	make bench-quick                everything in a small form, to standard output
//	go run ./bench -only P1,P4      some of it, to standard output
//	go run ./bench -list            what there is
//
// Each measurement is a file of its own here, with its floor: see the harness
// for what they share.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/logins"
	"github.com/duoplane/duoplane/bench/sshlogins"
)

// measurements are all there are, in the order of the report.
func measurements() []harness.Measurement {
	return slices.Concat([]harness.Measurement{getOne(), patch(), peer(), manyOwners(), restart(), nodes()}, sshlogins.Measurements(), logins.Measurements())
}

// A role is what this program does as a child of its own.
type role func(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error

const bareServerCommand = "bare-server"

// roles are the roles by the first argument.
func roles() map[string]role {
	return map[string]role{
		bareServerCommand: serveBare, seedCommand: fillStock, memberCommand: serveMember, bareRestartCommand: serveBareRestart, logins.EngineCommand: logins.ServeEngine, sshlogins.BareCommand: sshlogins.ServeBare,
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		if play, ok := roles()[args[0]]; ok {
			return play(ctx, args[1:], stdin, stdout)
		}
	}
	return harness.Run(ctx, args, measurements(), stdout, stderr)
}
