package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// anyPorts lets several programs run beside each other.
var anyPorts = []string{"--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--sim-listen=127.0.0.1:0", "--sim-control-listen=127.0.0.1:0"}

func startDev(t *testing.T, args ...string) *program {
	t.Helper()
	return start(t, nil, append(append([]string{"dev"}, anyPorts...), args...)...)
}

// paste runs lines as they would be pasted, with the tests' own curl.
func paste(t *testing.T, dir, lines string) string {
	t.Helper()
	cmd := exec.Command("sh", "-eu", "-c", lines)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", lines, err, out)
	}
	return string(out)
}

func TestDevsCommandsWorkWhenPasted(t *testing.T) {
	tmp := filepath.Join(t.TempDir(), "it's a folder") // its quote must not end the paste
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", tmp)
	p := startDev(t)
	var answers []string
	for line := range strings.Lines(p.stdout.String()) {
		if strings.HasPrefix(line, "  curl ") {
			answers = append(answers, paste(t, t.TempDir(), strings.Replace(line, "curl", "curl -f", 1)))
		}
	}
	if len(answers) != 3 {
		t.Fatalf("got %d commands to paste in\n%s", len(answers), p.stdout.String())
	}
	for _, want := range []string{`"name": "cluster-1"`, `"name": "svm1"`, `"status": "Ok"`, `"fail_mode": "secure"`} {
		if !strings.Contains(answers[0], want) {
			t.Errorf("%s is not in\n%s", want, answers[0])
		}
	}
	if answers[1] != "{\n}" || answers[2] != "{\n}" {
		t.Errorf("got %q and %q, want empty objects", answers[1], answers[2])
	}
	changed := p.client(p.ready.AdminPassword).must(200, "GET", "/api/security/authentication/duo/profiles/"+p.ready.SVMUUID, "")
	if !strings.Contains(changed, `"comment": "Testing"`) {
		t.Errorf("the second command changed nothing:\n%s", changed)
	}

	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Errorf("SIGTERM ended it with %d:\n%s", code, p.output())
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestEverySampleAccountGetsInAndHasAPhone(t *testing.T) {
	p := startDev(t)
	phones := map[string]bool{}
	for _, u := range samplePhones() {
		phones[u.Name] = len(u.Devices) > 0
	}
	for _, a := range sampleAccounts {
		login := a.name
		if a.svm != "" {
			login = a.svm + `\` + a.name
		}
		c := p.client(p.ready.AdminPassword)
		c.user = login
		c.must(200, "GET", "/api/security/authentication/duo/groups", "")
		if !phones[a.name] {
			t.Errorf("%s has no phone", login)
		}
	}
}

func TestDevUsesTheFolderItIsGiven(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dev")
	p := startDev(t, "--dir", dir)
	if got := read(t, dir, passwordFile); got != p.ready.AdminPassword {
		t.Errorf("the password file holds %q, the ready file %q", got, p.ready.AdminPassword)
	}
	if want := filepath.Join(dir, caFile); p.ready.CAFile != want {
		t.Errorf("got CA file %s, want %s", p.ready.CAFile, want)
	}
	p.signal(syscall.SIGINT)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}
