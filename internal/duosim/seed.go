package duosim

import (
	"bytes"
	_ "embed" // for the sample seed
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/duoplane/duoplane/internal/fault"
)

// maxSeed bounds a seed file.
const maxSeed = 4 << 20

// A Seed is all that a simulator knows when it starts. It is written in YAML;
// SampleSeed is one with every key and what it means.
type Seed struct {
	Settings     Settings      `yaml:"settings" json:"settings"`
	Integrations []Integration `yaml:"integrations" json:"integrations"`
	Users        []User        `yaml:"users" json:"users"`
	Faults       []Fault       `yaml:"faults" json:"faults"`
}

//go:embed seed.example.yaml
var sampleSeed string

// SampleSeed returns a seed file that shows every key, with comments.
func SampleSeed() string { return sampleSeed }

// ParseSeed reads a seed file. It is strict: an unknown or repeated key, a
// second document, or a value of the wrong kind is refused with its line.
func ParseSeed(data []byte) (Seed, error) {
	seed := Seed{Settings: DefaultSettings()}
	if len(data) > maxSeed {
		return Seed{}, fault.New(fault.TooLarge, "", "a seed file may have %d bytes at most", maxSeed)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&seed); err != nil && !errors.Is(err, io.EOF) {
		return Seed{}, fault.New(fault.BadBody, "", "the seed file cannot be read: %s", yamlMessage(err))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Seed{}, fault.New(fault.BadBody, "", "the seed file holds more than one document")
	}
	return seed, nil
}

var yamlUnknown = regexp.MustCompile(`field (.*) not found in type \S+`)

// yamlMessage says it in the words of the file instead of those of our types.
func yamlMessage(err error) string {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return strings.TrimPrefix(err.Error(), "yaml: ")
	}
	lines := make([]string, len(typed.Errors))
	for i, line := range typed.Errors {
		lines[i] = yamlUnknown.ReplaceAllString(line, `unknown key "$1"`)
	}
	return strings.Join(lines, "; ")
}

// badValue is the error for a value that a seed or a control request got wrong.
func badValue(target, format string, args ...any) error {
	return fault.New(fault.BadValue, target, "%s", fmt.Sprintf(format, args...))
}
