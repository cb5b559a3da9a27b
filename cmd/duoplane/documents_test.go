package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the documents derived from the code")

const configurationHead = `# Configuration

Every option has one name. It is a flag of the command line, an environment
variable and a key of the YAML file that ` + "`--config`" + ` names; the flag beats the
environment, which beats the file, which beats the default.

` + "```sh" + `
duoplane serve --api-listen=127.0.0.1:9443
DUOPLANE_API_LISTEN=127.0.0.1:9443 duoplane serve
echo 'api-listen: 127.0.0.1:9443' > duoplane.yaml && duoplane serve --config=duoplane.yaml
` + "```" + `

The file is read strictly: a key that is unknown to the command, given twice
or without a value is refused with its line. All faults are reported at once,
before anything is opened. The exit code is 2 for a fault in the options, 1 for
any other, and 0 when the program was asked to end.

The options of ` + "`duoplane login`" + ` are flags alone, since the environment may be
the user's; what its ` + "`--config`" + ` holds is told in [login.md](login.md).

One thing is no option, for others can read a command line: the password of
the ` + "`admin`" + ` account on the first start. It is taken from
` + "`DUOPLANE_ADMIN_PASSWORD`" + ` in the environment, else made up and printed once.
`

var documentLink = regexp.MustCompile(`\]\(([^):#]+)\)`)

func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	docs, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, doc := range append(docs, "../../README.md", "../../SECURITY.md", "../../docs/operations.md", "../../docs/metrics.md") {
		for _, link := range documentLink.FindAllStringSubmatch(read(t, doc), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), link[1])); err != nil {
				t.Errorf("%s: %v", doc, err)
			}
			followed++
		}
	}
	if followed < 10 {
		t.Errorf("only %d links were found", followed)
	}
}

func TestEveryDependencyHasItsReason(t *testing.T) {
	reasons := read(t, "../../docs/dependencies.md")
	direct := 0
	for line := range strings.Lines(read(t, "../../go.mod")) {
		module, version, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !strings.HasPrefix(version, "v") || strings.Contains(version, "// indirect") {
			continue
		}
		direct++
		if !strings.Contains(reasons, "| "+module+" | ") {
			t.Errorf("docs/dependencies.md has no line for %s", module)
		}
	}
	if direct < 10 {
		t.Errorf("only %d direct dependencies were found", direct)
	}
}

// TestDocumentsTellWhatTheCodeDoes compares docs/configuration.md with the
// declarations; make docs rewrites it.
func TestDocumentsTellWhatTheCodeDoes(t *testing.T) {
	const path = "../../docs/configuration.md"
	want := configurationHead
	k, err := newParser(&cli{}, &sources{}, environ{}, new([]error), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range k.Model.Leaves(false) {
		want += fmt.Sprintf("\n## %s%s\n\n%s\n", cmd.FullPath(), operands(cmd), cmd.Help)
		if _, tool := reflect.TypeAssert[toolCommand](cmd.Target.Addr()); tool {
			want += "\nOptions, as those of `duoplane serve`, whose file `--config` may name: " + names(cmd.Flags) + ".\n"
			continue
		}
		if len(cmd.Flags) > 0 {
			want += "\n| Option | Environment | Meaning |\n|---|---|---|\n"
		}
		for _, f := range cmd.Flags {
			env := "`" + envName(f.Name) + "`"
			if f.Tag.Has(sealedTag) {
				env = "none"
			}
			want += fmt.Sprintf("| `%s` | %s | %s |\n", strings.TrimSpace(f.String()), env, f.Help)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/configuration.md is out of date, run make docs (-want +got):\n%s", diff)
	}
}

// operands are what a command takes beside options.
func operands(cmd *kong.Node) string {
	var all strings.Builder
	for _, arg := range cmd.Positional {
		if cmd.Name != "login" { // whose command is the user's
			all.WriteString(" " + strings.ToUpper(arg.Name))
		}
	}
	return all.String()
}

func names(flags []*kong.Flag) string {
	var all []string
	for _, f := range flags {
		all = append(all, "`--"+f.Name+"`")
	}
	return strings.Join(all, ", ")
}
