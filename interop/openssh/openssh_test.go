package openssh

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// outcome finds how a test of go test -v ended.
var outcome = regexp.MustCompile(`(?m)^ *--- (PASS|FAIL|SKIP): (\S+)`)

// play runs one test of cmd/duoplane with flags of its own, and tells of its
// parts as if they were ours.
func play(t *testing.T, name string, flags ...string) {
	t.Helper()
	args := append([]string{"test", "-count=1", "-v", "-timeout=15m", "-run", "^" + name + "$", "./cmd/duoplane"}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = "../.."
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	found := outcome.FindAllStringSubmatch(out.String(), -1)
	for _, m := range found {
		t.Logf("%s %s", m[1], m[2])
	}
	if err != nil || len(found) == 0 || strings.Contains(out.String(), "--- SKIP") {
		t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
}

func TestScenariosWithOpenSSH(t *testing.T) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatalf("%v (interop/run.sh installs what is missing)", err)
	}
	scenarios, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	play(t, "TestSSH", "-ssh-program="+program, "-ssh-scenarios="+scenarios)
}

func TestTenThousandWrongPasswords(t *testing.T) {
	play(t, "TestAFloodOfWrongPasswords", "-ssh-flood=10000")
}
