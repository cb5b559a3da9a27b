// Command bench measures Duoplane against the least that any server could do,
// both in one run, round about, so that a busy machine hurts both alike:
//
//   - GET of one profile with Basic auth over TLS on kept connections, against
//     a bare net/http handler that answers with the same bytes;
//   - PATCH of one profile, one after another, against a put into an embedded
//     etcd of the same kind and one such GET.
//
// Servers are processes of their own. The table it prints holds medians over
// the rounds, and ratios that mean something on any machine.
//
//	go run ./bench [--rounds 5] [--connections 16] [--span 2s] [--writes 200]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what one run measures.
type options struct {
	rounds      int
	connections int           // of the GET load
	span        time.Duration // of GET load on each side, each round
	writes      int           // of each kind, each round
	binary      string        // duoplane; "" builds it from this tree
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) == 2 && args[0] == floorCommand { // this program as its own child
		return serveFloor(ctx, args[1], stdin)
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "how often each side is measured")
	flags.IntVar(&o.connections, "connections", 16, "kept connections of the GET load")
	flags.DurationVar(&o.span, "span", 2*time.Second, "how long each side is read in a round")
	flags.IntVar(&o.writes, "writes", 200, "PATCHes, puts and GETs one after another in a round")
	flags.StringVar(&o.binary, "binary", "", "duoplane binary; built from this tree when not given")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.rounds < 1 || o.connections < 1 || o.writes < 1 || o.span <= 0 {
		return fmt.Errorf("rounds, connections, writes and span must be more than nothing")
	}
	return compare(ctx, o, stdout)
}

// compare starts all sides, measures them and prints the table.
func compare(ctx context.Context, o options, stdout io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "duoplane-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder left behind harms nobody

	var children children
	defer func() {
		if stopErr := children.stop(); err == nil {
			err = stopErr
		}
	}()
	profile, err := startDuoplane(ctx, &children, dir, o.binary)
	if err != nil {
		return err
	}
	sample, err := profile.sample(ctx)
	if err != nil {
		return err
	}
	floor, err := startFloor(ctx, &children, dir, sample)
	if err != nil {
		return err
	}
	etcd, err := startEtcd(dir)
	if err != nil {
		return err
	}
	defer etcd.close()

	var all results
	for round := range o.rounds {
		if err := all.measure(ctx, o, round, profile, floor, etcd, len(sample.Body)); err != nil {
			return err
		}
	}
	return all.print(stdout, o)
}
