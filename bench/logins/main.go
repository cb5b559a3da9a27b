// Command logins measures what a second factor costs: Duoplane's engine, over
// its client and links as the server has them, and "duoplane login" with its
// server, beside Debian's login_duo, all against the simulator in one run and
// taking turns, so that a busy machine hurts all alike.
//
// Two kinds of login are measured, a push that is approved at once and a
// passcode, each next to the service and at the other end of a slow line: a TCP
// proxy that adds to every round trip, the one of the TCP handshake included.
// All sides run with fail mode secure and a login that was let in for another
// reason than Duo's yes ends the measurement.
//
// The engine is a process of its own that has logged in before, as a server
// has; login_duo is a process a login, as sshd starts it, and its time includes
// the user's shell. "Beyond the line" is what is left of the time when the
// waits for the other end's answers are taken off.
//
//	go run ./bench/logins [--rounds 21] [--delay 50ms] [--binary FILE]
//
// It needs root and Debian's package login-duo.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are what one run measures.
type options struct {
	rounds int
	delay  time.Duration // of the slow line, a round trip
	binary string        // duoplane; "" builds it from this tree
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "logins:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) == 1 && args[0] == engineCommand { // this program as its own child
		return serveEngine(ctx, stdin, stdout)
	}
	var o options
	flags := flag.NewFlagSet("logins", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 21, "how often each side logs in")
	flags.DurationVar(&o.delay, "delay", 50*time.Millisecond, "round trip that the slow line adds")
	flags.StringVar(&o.binary, "binary", "", "duoplane binary; built from this tree when not given")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.rounds < 1 || o.delay <= 0 {
		return errors.New("rounds and delay must be more than nothing")
	}
	return compare(ctx, o, stdout)
}

// compare starts the simulator, measures every kind of login on both lines and
// prints the table.
func compare(ctx context.Context, o options, stdout io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "duoplane-logins-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder left behind harms nobody
	if o.binary == "" {
		o.binary = filepath.Join(dir, "duoplane")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.binary, "./cmd/duoplane") //nolint:gosec // a path of our own
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build duoplane, in the top folder of the repository: %w\n%s", err, out)
		}
	}
	duo, err := startSim(ctx, dir, o.binary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, duo.stop()) }()

	var all []comparison
	for _, delay := range []time.Duration{0, o.delay} {
		for _, kind := range []kind{push, passcode} {
			c, err := duo.compare(ctx, dir, o.binary, kind, delay, o.rounds)
			if err != nil {
				return fmt.Errorf("%s, %v added: %w", kind, delay, err)
			}
			all = append(all, c)
		}
	}
	return report(stdout, all)
}
