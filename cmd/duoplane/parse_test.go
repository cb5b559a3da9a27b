package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// given is a command line with its surroundings.
type given struct {
	args []string
	env  map[string]string
	file string // contents of the file that $CONFIG in args and env names
}

// parseGiven runs parse and returns what it would say on standard error.
func parseGiven(t *testing.T, g given) (cmd command, stdout, fault string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "duoplane.yaml")
	if err := os.WriteFile(path, []byte(g.file), 0o600); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$CONFIG", path)
	args := make([]string, len(g.args))
	for i, a := range g.args {
		args[i] = fill.Replace(a)
	}
	var out, errOut bytes.Buffer
	lookup := func(name string) (string, bool) {
		v, ok := g.env[name]
		return fill.Replace(v), ok
	}
	cmd, err := parse(args, environ{lookup, slices.Collect(maps.Keys(g.env)), &out, &errOut})
	fault = errOut.String()
	if err != nil {
		fault = strings.ReplaceAll(err.Error(), path, "$CONFIG")
	}
	return cmd, out.String(), fault
}

func TestOptionsComeFromTheNearestSource(t *testing.T) {
	const flag, env, file, byDefault = "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:8443"
	for _, tt := range []struct {
		name  string
		given given
		want  string
	}{
		{"a default when nobody says anything", given{args: []string{"dev"}}, byDefault},
		{"the file beats the default", given{args: []string{"dev", "--config=$CONFIG"}, file: "api-listen: " + file}, file},
		{"the environment may name the file", given{
			args: []string{"dev"}, env: map[string]string{"DUOPLANE_CONFIG": "$CONFIG"}, file: "api-listen: " + file,
		}, file},
		{"the environment beats the file", given{
			args: []string{"dev", "--config=$CONFIG"}, env: map[string]string{"DUOPLANE_API_LISTEN": env}, file: "api-listen: " + file,
		}, env},
		{"the command line beats all", given{
			args: []string{"dev", "--config=$CONFIG", "--api-listen", flag},
			env:  map[string]string{"DUOPLANE_API_LISTEN": env}, file: "api-listen: " + file,
		}, flag},
		{"an empty file says nothing", given{args: []string{"dev", "--config=$CONFIG"}, file: "# nothing yet\n"}, byDefault},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd, _, fault := parseGiven(t, tt.given)
			if fault != "" {
				t.Fatal(fault)
			}
			if got := cmd.(*devOptions).APIListen; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAListIsTheSameFromEverySource(t *testing.T) {
	want := []string{"https://a:2379", "https://b:2379"}
	for name, g := range map[string]given{
		"command line":  {args: []string{"serve", "--data-dir=d", "--etcd-endpoints=https://a:2379,https://b:2379"}},
		"environment":   {args: []string{"serve", "--data-dir=d"}, env: map[string]string{"DUOPLANE_ETCD_ENDPOINTS": "https://a:2379,https://b:2379"}},
		"list in file":  {args: []string{"serve", "--config=$CONFIG"}, file: "data-dir: d\netcd-endpoints:\n  - https://a:2379\n  - https://b:2379\n"},
		"commas inside": {args: []string{"serve", "--config=$CONFIG"}, file: "{data-dir: d, etcd-endpoints: 'https://a:2379,https://b:2379'}"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, _, fault := parseGiven(t, g)
			if fault != "" {
				t.Fatal(fault)
			}
			if diff := cmp.Diff(want, cmd.(*serveOptions).EtcdEndpoints); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMisspeltVariableIsTold(t *testing.T) {
	cmd, _, told := parseGiven(t, given{
		args: []string{"serve", "--data-dir=d"},
		env:  map[string]string{"DUOPLANE_API_LSTEN": "x", "DUOPLANE_ADMIN_PASSWORD": "x", "DUOPLANE_SIM_LISTEN": "x", "HOME": "x"},
	})
	want := "duoplane: DUOPLANE_API_LSTEN is set and is no option of any command; docs/configuration.md lists them\n"
	if cmd == nil || told != want {
		t.Errorf("got %T, told %q, want %q", cmd, told, want)
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	serve := func(args ...string) given { return given{args: append([]string{"serve", "--data-dir=d"}, args...)} }
	for _, tt := range []struct {
		name  string
		given given
		want  []string
	}{
		{"an unknown command", given{args: []string{"serv"}}, []string{`unexpected argument serv, did you mean one of "dev", "serve"?`}},
		{"an unknown option", serve("--api-lsten=x"), []string{`unknown flag --api-lsten, did you mean "--api-listen"?`}},
		{"a missing data directory", given{args: []string{"serve"}}, []string{"--data-dir: is required: name the folder that keeps everything, for example --data-dir=/var/lib/duoplane"}},
		{"faults of several options", serve("--api-listen=here", "--shutdown-timeout=0s", "--reads=fast", "--cluster-name=7th"), []string{
			`--api-listen: "here" is not host:port, for example 127.0.0.1:8443, or 127.0.0.1:0 for a free port`,
			"--shutdown-timeout: must be longer than 0, for example 10s",
			`--reads: "fast" is not one of linearizable, local`,
			`--cluster-name: "7th" is not a name: 1 to 47 letters, digits, '_', '-' and '.', beginning with a letter or '_'`,
		}},
		{"faults of several sources", given{
			args: []string{"serve", "--config=$CONFIG", "--tls-cert=c.pem"},
			env:  map[string]string{"DUOPLANE_LOG_LEVEL": "loud"},
			file: "data-dir: d\nshutdown-timeout: soon\n",
		}, []string{
			`--shutdown-timeout (from $CONFIG:2): expected duration but got "soon": time: invalid duration "soon"`,
			`--log-level (from DUOPLANE_LOG_LEVEL): "loud" is not one of debug, info, warn, error`,
			"--tls-key: is missing: it goes with --tls-cert",
		}},
		{"an SSH door that is no address", serve("--ssh-listen=svm1=here"), []string{
			`--ssh-listen: "here" is not host:port, for example 127.0.0.1:8443, or 127.0.0.1:0 for a free port`,
		}},
		{"an SSH door for what is no SVM's name", serve("--ssh-listen=127.0.0.1:0,1=127.0.0.1:0", "--ssh-connections-per-second=0"), []string{
			`--ssh-listen: "1" before the '=' is not the name of an SVM`,
			"--ssh-connections-per-second: must be above 0, or -1 for no limit",
		}},
		{"metrics at what is no address", serve("--metrics-listen=on"), []string{
			`--metrics-listen: "on" is not host:port, for example 127.0.0.1:8443, or 127.0.0.1:0 for a free port`,
		}},
		{"options of an etcd cluster without one", serve("--etcd-user=u", "--etcd-password-file=p", "--etcd-prefix=x", "--max-policy-age=1ms"), []string{
			`--etcd-prefix: "x" must begin and end with a slash and name something between`,
			"--etcd-user: is for an etcd cluster; give --etcd-endpoints too or leave it out",
			"--max-policy-age: must be at least 1s, for example 5m",
		}},
		{"an endpoint that is none", serve("--etcd-endpoints=etcd:2379,https://b:2379"), []string{
			`--etcd-endpoints: "etcd:2379" is not the address of an etcd member, for example https://a.example.org:2379`,
		}},
		{"endpoints of two kinds", serve("--etcd-endpoints=https://a:2379,http://b:2379"), []string{
			"--etcd-endpoints: are partly http, partly https; use https for all",
		}},
		{"a file that is not there", given{args: []string{"dev", "--config=/nowhere/duoplane.yaml"}}, []string{
			"--config: open /nowhere/duoplane.yaml: no such file or directory",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, fault := parseGiven(t, tt.given)
			if diff := cmp.Diff(tt.want, strings.Split(fault, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheConfigurationFileIsReadStrictly(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"an unknown key", "log-level: info\nlog-colour: red\n", `$CONFIG:2: "log-colour" is not an option of this command`},
		{"a key in another spelling", "log_level: info\n", `$CONFIG:1: "log_level" is not an option of this command`},
		{"an option of another command", "data-dir: d\n", `$CONFIG:1: "data-dir" is not an option of this command`},
		{"the file itself", "config: other.yaml\n", `$CONFIG:1: "config" is not an option of this command`},
		{"a key given twice", "log-level: info\nlog-level: warn\n", `$CONFIG:2: "log-level" is given twice`},
		{"a key without a value", "log-level:\n", `$CONFIG:1: "log-level" needs one plain value`},
		{"a list for an option that takes one value", "log-level: [info, warn]\n", `$CONFIG:1: "log-level" needs one plain value`},
		{"a nested value", "log-level: {all: info}\n", `$CONFIG:1: "log-level" needs one plain value`},
		{"a list at the top", "- log-level\n", `$CONFIG:1: expected lines of the form 'name: value'`},
		{"two documents", "log-level: info\n---\nlog-level: warn\n", "$CONFIG holds more than one document; keep the first"},
		{"no YAML at all", "log-level: [info\n", "$CONFIG is not YAML: yaml: line 1: did not find expected ',' or ']'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, fault := parseGiven(t, given{args: []string{"dev", "--config=$CONFIG"}, file: tt.file})
			if fault != tt.want {
				t.Errorf("got  %s\nwant %s", fault, tt.want)
			}
		})
	}
}

func TestHelpIsPrintedAndNothingRuns(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"serve", "--help"}, {"dev", "--log-level=loud", "-h"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			cmd, stdout, fault := parseGiven(t, given{args: args})
			if cmd != nil || fault != "" || !strings.HasPrefix(stdout, "Usage: duoplane") {
				t.Errorf("got command %v, fault %q, output %q", cmd, fault, stdout)
			}
		})
	}
}

func FuzzReadConfig(f *testing.F) {
	for _, seed := range []string{
		"log-level: info\n", "log-level: [a, b]\n", "{log-level: info}", "log-level: &a x\nother: *a\n", "? [a]\n: b\n", "--- \n...\n---\n", "\x00", "log-level: |\n  a\n  b\n",
	} {
		f.Add(seed)
	}
	options := map[string]bool{"log-level": false, "other": true}
	f.Fuzz(func(t *testing.T, doc string) {
		values, problems := readConfig("c.yaml", []byte(doc), options)
		for name, v := range values {
			if _, known := options[name]; !known || !strings.HasPrefix(v.where, "c.yaml:") {
				t.Errorf("%q from %q", name, v.where)
			}
		}
		for _, err := range problems {
			if err.Error() == "" {
				t.Error("a problem without a word")
			}
		}
	})
}
