package harness

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/durable"
)

// How long everything may take. A measurement that runs over its share is
// told so in the report, and the next has its turn.
const (
	fullLimit  = 25 * time.Minute
	quickLimit = 3*time.Minute - 10*time.Second // some is left for the ends
	oneLimit   = 6 * time.Minute
)

const (
	fullRounds  = 5
	quickRounds = 2
)

// options are those of the command.
type options struct {
	only   string
	rounds int
	quick  bool
	binary string
	write  string
	list   bool
}

// Run is the command: it takes the measurements that args choose, tells on
// stderr how far it is, and writes the report to stdout or to the file that
// -write names. The error lists the measurements that failed; one whose aim
// was missed has not.
func Run(ctx context.Context, args []string, all []Measurement, stdout, stderr io.Writer) error {
	o, chosen, err := choose(args, all, stderr)
	if err != nil {
		return err
	}
	if o.list {
		for _, m := range all {
			if _, err := fmt.Fprintf(stdout, "%-4s %s\n", m.Name, m.Title); err != nil {
				return err
			}
		}
		return nil
	}
	results, where, err := o.takeAll(ctx, chosen, stderr)
	if err != nil {
		return err
	}
	text := report(results, o.rounds, where)
	if o.write != "" {
		err = durable.Replace(o.write, []byte(text), 0o644)
	} else {
		_, err = io.WriteString(stdout, text)
	}
	return errors.Join(err, o.failures(results))
}

func choose(args []string, all []Measurement, stderr io.Writer) (options, []Measurement, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.only, "only", "", "names of the measurements to take, with commas: P1,P4")
	flags.IntVar(&o.rounds, "rounds", 0, "how often each side has its turn (default 5, or 2 with -quick)")
	flags.BoolVar(&o.quick, "quick", false, "the small form: shows that everything can be measured, its figures mean little")
	flags.StringVar(&o.binary, "binary", "", "duoplane binary; built from this tree when not given")
	flags.StringVar(&o.write, "write", "", "file to write the report to, instead of standard output")
	flags.BoolVar(&o.list, "list", false, "list the measurements and take none")
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	if o.rounds == 0 {
		o.rounds = fullRounds
		if o.quick {
			o.rounds = quickRounds
		}
	}
	switch {
	case o.rounds < 1 || flags.NArg() > 0:
		return o, nil, errors.New("rounds must be at least 1, and there are no arguments beside the flags")
	case o.write != "" && (o.only != "" || o.quick || o.rounds < fullRounds):
		return o, nil, fmt.Errorf("-write is for the whole report: all measurements, %d rounds or more", fullRounds)
	}
	chosen := all
	if o.only != "" {
		chosen = nil
		for name := range strings.SplitSeq(o.only, ",") {
			i := slices.IndexFunc(all, func(m Measurement) bool { return strings.EqualFold(m.Name, name) })
			if i < 0 {
				return o, nil, fmt.Errorf("there is no measurement %q; -list names them", name)
			}
			chosen = append(chosen, all[i])
		}
	}
	return o, chosen, nil
}

// takeAll takes one measurement after the other, whatever becomes of each, and
// tells where: a binary of its own making is gone when it returns.
func (o *options) takeAll(ctx context.Context, chosen []Measurement, stderr io.Writer) (results []result, where surroundings, err error) {
	dir, err := os.MkdirTemp("", "duoplane-bench-")
	if err != nil {
		return nil, where, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.binary == "" {
		o.binary = filepath.Join(dir, "duoplane")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.binary, "./cmd/duoplane") //nolint:gosec // a path of our own
		if out, err := build.CombinedOutput(); err != nil {
			return nil, where, fmt.Errorf("build duoplane, in the top folder of the repository: %w\n%s", err, out)
		}
	}
	began := time.Now()
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintf(stderr, "%6.1f s  "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...) // a courtesy
	}
	limited, cancel := context.WithTimeout(ctx, o.limit())
	defer cancel()
	for _, m := range chosen {
		env := &Env{Dir: filepath.Join(dir, m.Name), Common: dir, Binary: o.binary, Quick: o.quick, Say: say}
		r := takeOne(limited, m, env, o.rounds)
		if ctx.Err() != nil { // the user has had enough
			return nil, where, errors.Join(ctx.Err(), r.err)
		}
		if r.err != nil {
			say("%s  %v", m.Name, r.err)
		}
		results = append(results, r)
	}
	return results, lookAround(ctx, o.binary, began), nil
}

// takeOne takes a measurement within its share of the time.
func takeOne(ctx context.Context, m Measurement, env *Env, rounds int) result {
	ctx, cancel := context.WithTimeout(ctx, oneLimit)
	defer cancel()
	if ctx.Err() != nil {
		return result{Measurement: m, err: errLate}
	}
	r := take(ctx, m, env, rounds)
	if r.err != nil && ctx.Err() != nil {
		r.err = fmt.Errorf("%w: %w", errLate, r.err)
	}
	return r
}

func (o *options) limit() time.Duration {
	if o.quick {
		return quickLimit
	}
	return fullLimit
}

// failures names the measurements that did not come to an end.
func (o *options) failures(results []result) error {
	var errs []error
	for i := range results {
		if r := &results[i]; r.failed(o.quick) {
			errs = append(errs, fmt.Errorf("%s: %w", r.Name, r.err))
		}
	}
	return errors.Join(errs...)
}
