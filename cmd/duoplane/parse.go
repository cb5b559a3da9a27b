package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

const about = `Duoplane serves, keeps and protects Duo profiles behind ONTAP's REST API.

Every option is also an environment variable, DUOPLANE_ and its name in capitals, and a key of the YAML file given by --config.`

// parse reads the command line, the environment and the configuration file. A
// nil command without an error means that help was printed.
func parse(args []string, env environ) (command, error) {
	var (
		opts     cli
		helped   bool
		problems []error
	)
	src := &sources{lookup: env.lookup, origin: map[string]string{}}
	k, err := newParser(&opts, src, env, &problems, func(int) { helped = true })
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	args = loginArgs(args)
	// Which file to read is known only once the command line is.
	if trace, err := kong.Trace(k, args); err == nil && trace.Error == nil {
		problems = src.load(trace)
	}
	ctx, err := k.Parse(args)
	if helped {
		return nil, nil //nolint:nilnil // nothing is left to run, and nothing went wrong
	}
	if err != nil {
		return nil, usageError{errors.Join(append(problems, err)...)}
	}
	cmd := ctx.Selected().Target.Addr().Interface().(command)
	if err := errors.Join(src.merge(problems, cmd.faults())...); err != nil {
		return nil, usageError{err}
	}
	if _, login := cmd.(*loginOptions); !login { // whose environment may be anybody's
		for _, name := range strays(k.Model, env.names) {
			_, _ = fmt.Fprintf(env.stderr, "duoplane: %s is set and is no option of any command; docs/configuration.md lists them\n", name)
		}
	}
	return cmd, nil
}

// newParser builds the parser around opts. Values that do not fit their type
// are collected in problems instead of ending the parse at the first.
func newParser(opts *cli, src *sources, env environ, problems *[]error, exit func(int)) (*kong.Kong, error) {
	options := []kong.Option{
		kong.Name("duoplane"),
		kong.Description(about),
		kong.Writers(env.stdout, env.stderr),
		kong.Exit(exit),
		kong.Resolvers(src),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	}
	registry := kong.NewRegistry().RegisterDefaults()
	for _, t := range []reflect.Type{reflect.TypeFor[bool](), reflect.TypeFor[time.Duration](), reflect.TypeFor[int64](), reflect.TypeFor[int](), reflect.TypeFor[float64]()} {
		collect := collector{registry.ForType(t), problems}
		if t.Kind() == reflect.Bool {
			options = append(options, kong.TypeMapper(t, boolCollector{collect}))
			continue
		}
		options = append(options, kong.TypeMapper(t, collect))
	}
	return kong.New(opts, options...)
}

// A collector turns a value of the wrong type into one more entry of problems.
type collector struct {
	kong.Mapper
	problems *[]error
}

func (c collector) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if err := c.Mapper.Decode(ctx, target); err != nil {
		*c.problems = append(*c.problems, optionFault{ctx.Value.Name, err.Error()})
	}
	return nil
}

// A boolCollector is a collector of a flag that needs no value.
type boolCollector struct{ collector }

func (boolCollector) IsBool() bool { return true }

// An optionFault is what is wrong with one option's value.
type optionFault struct{ option, what string }

func faultf(option, format string, args ...any) error {
	return optionFault{option, fmt.Sprintf(format, args...)}
}

func (f optionFault) Error() string { return "--" + f.option + ": " + f.what }

// strays returns those of the environment's names that look like options and
// are none: somebody misspelt them, and believes that they are in force.
func strays(app *kong.Application, names []string) []string {
	known := map[string]bool{passwordVariable: true}
	for _, cmd := range app.Leaves(false) {
		for _, flag := range cmd.Flags {
			known[envName(flag.Name)] = true
		}
	}
	var out []string
	for _, name := range names {
		if strings.HasPrefix(name, envPrefix) && !known[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

const envPrefix = "DUOPLANE_"

// envName returns the environment variable of an option.
func envName(option string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}
