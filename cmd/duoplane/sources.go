package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// configOption is the one option that the configuration file cannot hold.
const configOption = "config"

// sealedTag marks options that are given on the command line or not at all.
const sealedTag = "sealed"

// sources gives options their values from the environment and, below it, the
// configuration file. The command line is above both and never asks.
type sources struct {
	lookup func(string) (string, bool)
	file   map[string]fileValue
	// origin remembers where an option's value came from, for messages.
	origin map[string]string
}

type fileValue struct{ text, where string }

// Validate implements kong.Resolver; load has checked already.
func (s *sources) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver.
func (s *sources) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "help" || flag.Tag.Has(sealedTag) {
		return nil, nil //nolint:nilnil // kong's word for "no value here"
	}
	if text, ok := s.lookup(envName(flag.Name)); ok {
		s.origin[flag.Name] = envName(flag.Name)
		return text, nil
	}
	if v, ok := s.file[flag.Name]; ok {
		s.origin[flag.Name] = v.where
		return v.text, nil
	}
	return nil, nil //nolint:nilnil // as above
}

// merge joins the faults of reading options with those of their meaning, one
// for each option, and adds where a value came from if that was not the
// command line.
func (s *sources) merge(reading, meaning []error) []error {
	var out []error
	seen := map[string]bool{}
	for _, err := range slices.Concat(reading, meaning) {
		fault, ok := errors.AsType[optionFault](err)
		if !ok {
			out = append(out, err)
			continue
		}
		if seen[fault.option] {
			continue
		}
		seen[fault.option] = true
		if where, ok := s.origin[fault.option]; ok {
			err = fmt.Errorf("--%s (from %s): %s", fault.option, where, fault.what)
		}
		out = append(out, err)
	}
	return out
}

// load reads the configuration file that the command line or the environment
// names, if any, and checks that every key is an option of the chosen command.
func (s *sources) load(trace *kong.Context) []error {
	var path string
	options := map[string]bool{} // whether it takes several values
	for _, flag := range trace.Flags() {
		if flag.Tag.Has(sealedTag) {
			continue
		}
		options[flag.Name] = flag.IsSlice()
		if flag.Name == configOption {
			path, _ = s.lookup(envName(configOption))
			if given, ok := trace.FlagValue(flag).(string); ok && given != "" {
				path = given
			}
		}
	}
	if path == "" {
		return nil
	}
	if _, tool := reflect.TypeAssert[toolCommand](trace.Selected().Target.Addr()); tool { // the file may be the server's
		for _, flag := range flagsOf(trace.Model, "serve") {
			options[flag.Name] = flag.IsSlice()
		}
	}
	doc, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if err != nil {
		return []error{optionFault{configOption, err.Error()}}
	}
	delete(options, configOption)
	delete(options, "help")
	var problems []error
	s.file, problems = readConfig(path, doc, options)
	return problems
}

// readConfig reads a YAML mapping from option names to values; options tells
// of each whether it takes several. It reports every key that is unknown,
// given twice or without a plain value.
func readConfig(path string, doc []byte, options map[string]bool) (map[string]fileValue, []error) {
	top, err := readMapping(path, doc)
	if err != nil {
		return nil, []error{err}
	}
	values := map[string]fileValue{}
	var problems []error
	for i := 0; i+1 < len(top); i += 2 {
		key, value := top[i], top[i+1]
		where := fmt.Sprintf("%s:%d", path, key.Line)
		many, known := options[key.Value]
		text, ok := plain(value, many)
		switch _, twice := values[key.Value]; {
		case !known:
			problems = append(problems, fmt.Errorf("%s: %q is not an option of this command", where, key.Value))
		case twice:
			problems = append(problems, fmt.Errorf("%s: %q is given twice", where, key.Value))
		case !ok && many:
			problems = append(problems, fmt.Errorf("%s: %q needs a plain value or a list of them", where, key.Value))
		case !ok:
			problems = append(problems, fmt.Errorf("%s: %q needs one plain value", where, key.Value))
		default:
			values[key.Value] = fileValue{text, where}
		}
	}
	return values, problems
}

// readMapping returns the keys and values of a file that holds one mapping or
// nothing, in turn.
func readMapping(path string, doc []byte) ([]*yaml.Node, error) {
	var root yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(doc))
	switch err := dec.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s is not YAML: %w", path, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s holds more than one document; keep the first", path)
	}
	top := root.Content[0]
	switch {
	case top.Kind == yaml.MappingNode:
		return top.Content, nil
	case top.Tag == "!!null":
		return nil, nil
	}
	return nil, fmt.Errorf("%s:%d: expected lines of the form 'name: value'", path, top.Line)
}

// plain returns a scalar's text, or, where many are taken, a list's joined as
// on the command line.
func plain(n *yaml.Node, many bool) (string, bool) {
	switch {
	case n.Kind == yaml.ScalarNode:
		return n.Value, n.Tag != "!!null"
	case n.Kind != yaml.SequenceNode || !many:
		return "", false
	}
	items := make([]string, len(n.Content))
	for i, item := range n.Content {
		if item.Kind != yaml.ScalarNode || strings.Contains(item.Value, ",") {
			return "", false
		}
		items[i] = item.Value
	}
	return strings.Join(items, ","), true
}
