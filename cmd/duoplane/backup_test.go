package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/backup"
	"github.com/duoplane/duoplane/internal/seal"
)

// tool runs a command that ends by itself.
func tool(t *testing.T, args ...string) *program {
	t.Helper()
	p := launch(t, nil, args...)
	p.wait()
	return p
}

// mustTool is tool for one that has to succeed, with nothing to complain of.
func mustTool(t *testing.T, args ...string) string {
	t.Helper()
	p := tool(t, args...)
	if code := p.cmd.ProcessState.ExitCode(); code != exitOK || p.stderr.String() != "" {
		t.Fatalf("duoplane %s ended with %d:\n%s", strings.Join(args, " "), code, p.output())
	}
	return p.stdout.String()
}

// everything returns what the API tells of all records, and that the profiles'
// secrets work: their status is Ok only after a request signed with them.
func everything(t *testing.T, p *program) map[string]string {
	t.Helper()
	c := p.client(testPassword)
	all := map[string]string{"host key": hostKey(t, p)}
	for _, path := range []string{
		"/api/cluster?fields=name,uuid", "/api/svm/svms?fields=*&max_records=1000",
		pathProfiles + "?fields=**&max_records=1000", "/api/security/authentication/duo/groups?fields=*",
		"/api/security/accounts?fields=*", "/api/security/authentication/publickeys?fields=*", "/api/security/login/messages?fields=*",
	} {
		all[path] = c.must(200, "GET", path, "")
	}
	if ok := strings.Count(all[pathProfiles+"?fields=**&max_records=1000"], `"status": "Ok"`); ok < 3 {
		t.Errorf("%d profiles work", ok)
	}
	return all
}

// furnished serves a data directory with something of everything in it.
func furnished(t *testing.T, sim *program, dir string) *program {
	t.Helper()
	p := startServe(t, dir, sim)
	c := p.client(testPassword)
	for i := range 5 {
		name := fmt.Sprintf("tenant%d", i)
		c.must(201, "POST", "/api/svm/svms", fmt.Sprintf(`{"name":%q,"comment":"<é> \"quoted\""}`, name))
		c.must(201, "POST", pathProfiles, profileBody(sim, name))
		c.must(201, "POST", "/api/security/authentication/duo/groups", fmt.Sprintf(`{"owner.name":%q,"name":"admins","excluded_users":["joe"]}`, name))
		c.must(201, "POST", "/api/security/accounts",
			fmt.Sprintf(`{"owner.name":%q,"name":"vsadmin","password":%q,"applications":[{"application":"http","authentication_methods":["password"]}]}`, name, testPassword))
	}
	c.must(201, "POST", "/api/security/authentication/publickeys", fmt.Sprintf(
		`{"account.name":"admin","index":1,"comment":"mine","public_key":"ssh-ed25519 %s"}`, "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"))
	c.must(200, "PATCH", "/api/security/login/messages/"+p.ready.ClusterUUID, `{"banner":"Keep out."}`)
	return p
}

func TestABackupOfAServingNodeIsAllOfIt(t *testing.T) {
	t.Parallel()
	sim, dir := startSim(t), t.TempDir()
	first, file := filepath.Join(dir, "first"), filepath.Join(dir, "of the cluster.backup")
	p := furnished(t, sim, first)
	want := everything(t, p)
	mustTool(t, "backup", file, "--data-dir", first)
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Fatal(p.output())
	}
	for name, text := range writtenBy(t, first) {
		mustNotHold(t, name, text, sim.ready.SimSecretKey)
	}
	mustNotHold(t, "the backup", read(t, file), sim.ready.SimSecretKey, testPassword)

	// Into a folder whose name is longer than a socket's may be.
	second := filepath.Join(dir, strings.Repeat("long", 30))
	keyset := filepath.Join(first, "keyset.json")
	mustTool(t, "restore", file, "--data-dir", second, "--keyset-file", keyset)
	p = startServe(t, second, sim, "--keyset-file", keyset)
	if diff := cmp.Diff(want, everything(t, p)); diff != "" {
		t.Errorf("a data directory (-want +got):\n%s", diff)
	}
	again := filepath.Join(dir, "again.backup")
	mustTool(t, "backup", again, "--data-dir", second)
	if diff := cmp.Diff(records(t, file), records(t, again)); diff != "" {
		t.Errorf("a backup of what was restored differs (-want +got):\n%s", diff)
	}

	// And from one node to a cluster.
	etcd := startEtcd(t)
	options := []string{
		"--etcd-endpoints", etcd.endpoint, "--etcd-ca-file", etcd.caFile, "--etcd-user=root", "--etcd-password-file", etcd.passwordFile,
		"--keyset-file", keyset,
	}
	mustTool(t, append([]string{"restore", file}, options...)...)
	p = start(t, nil, append(etcd.options(first), "--duo-ca-file", sim.ready.SimCAFile)...)
	if diff := cmp.Diff(want, everything(t, p)); diff != "" {
		t.Errorf("a cluster (-want +got):\n%s", diff)
	}
	fromEtcd := filepath.Join(dir, "cluster.backup")
	mustTool(t, append([]string{"backup", fromEtcd}, options...)...)
	if diff := cmp.Diff(records(t, file), records(t, fromEtcd)); diff != "" {
		t.Errorf("a backup of the cluster differs (-want +got):\n%s", diff)
	}
	refused := tool(t, append([]string{"restore", file}, options...)...)
	if code := refused.wait(); code != exitFailed || !strings.Contains(refused.stderr.String(), "The store is not empty") {
		t.Errorf("a second restore ended with %d:\n%s", code, refused.output())
	}
}

// records returns the lines of a backup but the first and the last, and of
// those all but the witness, which tells of every start.
func records(t *testing.T, file string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(read(t, file), "\n"), "\n")
	var out []string
	for _, line := range lines[1 : len(lines)-1] {
		if !strings.HasPrefix(line, `{"table":"meta"`) {
			out = append(out, line)
		}
	}
	return out
}

// TestABackupUnderLoadIsOfOneMoment takes backups while SVMs come and go: each
// comes with its name in one commit, so a file with one and not the other is of
// no moment.
func TestABackupUnderLoadIsOfOneMoment(t *testing.T) {
	t.Parallel()
	sim, dir := startSim(t), t.TempDir()
	folder := filepath.Join(dir, "data")
	p := startServe(t, folder, sim)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for i := range 4 {
		c := p.client(testPassword)
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("tenant%d-%d", i, n)
				if status, text, err := c.do("POST", "/api/svm/svms", fmt.Sprintf(`{"name":%q}`, name)); err != nil || status != 201 {
					t.Errorf("%d %v %s", status, err, text)
				}
			}
		})
	}
	for i := range 5 {
		file := filepath.Join(dir, fmt.Sprint(i))
		mustTool(t, "backup", file, "--data-dir", folder)
		text := read(t, file)
		if svms, names := strings.Count(text, `{"table":"svm",`), namesTaken(t, text); names != svms+1 {
			t.Errorf("%d SVMs have taken %d names", svms, names-1)
		}
		keys, err := seal.Open(filepath.Join(folder, "keyset.json"))
		if err != nil {
			t.Fatal(err)
		}
		check := backup.Check{Tables: tables(), Vaults: vaults(), Keys: keys, Report: func(int, int) {}}
		if _, err := check.Verify(bytes.NewReader([]byte(text))); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	writers.Wait()
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Errorf("SIGTERM ended it with %d:\n%s", code, p.output())
	}
}

var taken = regexp.MustCompile(`\{"table":"name_guard",.*"taken":(\d+)`)

// namesTaken adds up how often the guards in a backup were written, each time
// together with an owner.
func namesTaken(t *testing.T, text string) (sum int) {
	t.Helper()
	for _, guard := range taken.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(guard[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// TestABackupIsThereWholeOrNotAtAll kills the server while a file is being
// written.
func TestABackupIsThereWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "data")
	m := synthetic(t, 12_000)
	m.restore(t, folder)
	p := start(t, nil, "serve", "--data-dir", folder, "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0")
	file := filepath.Join(dir, "file")
	b := launch(t, nil, "backup", file, "--data-dir", folder)
	await(t, b, "a part of the file", func() bool {
		parts, err := filepath.Glob(filepath.Join(dir, "*file*"))
		if err != nil || len(parts) == 0 {
			return false
		}
		info, err := os.Stat(parts[0])
		return err == nil && info.Size() > 1<<16
	})
	p.signal(syscall.SIGKILL)
	if code := b.wait(); code == exitOK { // it was faster than the kill
		mustTool(t, "restore", file, "--data-dir", filepath.Join(dir, "again"), "--keyset-file", m.keyset)
		return
	}
	if !strings.Contains(b.stderr.String(), "broke off") {
		t.Errorf("it does not say why there is none:\n%s", b.output())
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*file*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
