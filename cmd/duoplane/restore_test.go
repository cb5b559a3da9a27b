package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// await waits until something is so, while a program runs.
func await(t *testing.T, p *program, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for !so() {
		select {
		case <-tick.C:
		case <-p.ended:
			if !so() {
				t.Fatalf("it ended without %s:\n%s", what, p.output())
			}
		case <-limit:
			t.Fatalf("waited in vain for %s:\n%s", what, p.output())
		}
	}
}

// written reports whether the embedded etcd of a data directory has written
// as many bytes into the first segment of its log, which it makes of zeros.
func written(dir string, bytes int64) bool {
	segments, err := filepath.Glob(filepath.Join(dir, "store", "etcd", "member", "wal", "0000000000000000-*.wal"))
	if err != nil || len(segments) == 0 {
		return false
	}
	f, err := os.Open(segments[0])
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	there := make([]byte, 4096)
	_, err = f.ReadAt(there, bytes)
	return err == nil && strings.Trim(string(there), "\x00") != ""
}

func TestARestoreThatIsInterruptedIsNotServedAndGoesOn(t *testing.T) {
	t.Parallel()
	const tenants = 12_000
	dir := filepath.Join(t.TempDir(), "data")
	m := synthetic(t, tenants)
	m.lay(t, dir)
	restore := []string{"restore", m.file, "--data-dir", dir}
	r := launch(t, nil, restore...)
	await(t, r, "records in the store", func() bool { return written(dir, 1<<18) })
	if code := r.signal(os.Interrupt); code != exitFailed || !strings.Contains(r.stderr.String(), "interrupted; run the same command again") {
		t.Fatalf("Ctrl-C ended it with %d:\n%s", code, r.output())
	}
	mustBeUnfinished(t, dir)
	r = launch(t, nil, restore...)
	await(t, r, "more records in the store", func() bool { return written(dir, 1<<20) })
	if code := r.signal(syscall.SIGKILL); code != -1 {
		t.Fatalf("it had ended with %d:\n%s", code, r.output())
	}
	mustBeUnfinished(t, dir)
	other := synthetic(t, 1)
	if p := tool(t, "restore", other.file, "--data-dir", dir, "--keyset-file", other.keyset); !strings.Contains(p.stderr.String(), "of another backup") {
		t.Errorf("another backup went into it:\n%s", p.output())
	}

	r = tool(t, restore...)
	if code := r.wait(); code != exitOK || !strings.Contains(r.stderr.String(), "going on with a restore that was interrupted") {
		t.Fatalf("the third try ended with %d:\n%s", code, r.output())
	}
	p := start(t, []string{passwordVariable + "=" + testPassword}, "serve", "--data-dir", dir, "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0")
	c := p.client(testPassword)
	for _, path := range []string{"/api/svm/svms", pathProfiles} {
		if got := count(t, c, path+"?return_records=false"); got != tenants {
			t.Errorf("%d of %d at %s", got, tenants, path)
		}
	}
	if list := mustTool(t, "keys", "list", "--data-dir", dir); !strings.Contains(list, fmt.Sprint(tenants+1)) { // and the host key
		t.Error(list)
	}
}

// mustBeUnfinished has every command refuse a store that is half full.
func mustBeUnfinished(t *testing.T, dir string) {
	t.Helper()
	for _, command := range [][]string{
		{"serve", "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0"}, {"backup", filepath.Join(dir, "x")}, {"keys", "list"},
	} {
		p := tool(t, append(command, "--data-dir", dir)...)
		if code := p.wait(); code != exitFailed || !strings.Contains(p.stderr.String(), "a restore into this store was begun and has not ended") {
			t.Errorf("%s of half a store ended with %d:\n%s", command[0], code, p.output())
		}
	}
}

// TestWhatIsNoWholeBackupIsNotRestored has a file that was changed after it was
// made; internal/backup tries every bit of one.
func TestWhatIsNoWholeBackupIsNotRestored(t *testing.T) {
	t.Parallel()
	m, dir := synthetic(t, 3), t.TempDir()
	good := read(t, m.file)
	flipped := func(at int) string { return good[:at] + string(good[at]^1) + good[at+1:] }
	tests := map[string]struct{ file, want string }{
		"cut in the middle":         {good[:len(good)/2], "it was cut short"},
		"cut by one byte":           {good[:len(good)-1], "it was cut short"},
		"a bit of the header":       {flipped(strings.Index(good, "cluster-1")), "damaged"},
		"a bit of a record":         {flipped(strings.Index(good, "tenant0000001")), "damaged"},
		"a bit of the last line":    {flipped(len(good) - 20), "damaged"},
		"a line more":               {good + good[:100], "damaged"},
		"empty":                     {"", "not a Duoplane backup"},
		"a picture":                 {"\x89PNG\r\n\x1a\n", "not a Duoplane backup"},
		"of a newer program":        {strings.Replace(good, `"version":1`, `"version":2`, 1), "a newer Duoplane wrote it"},
		"sealed with another":       {read(t, synthetic(t, 3).file), "it needs the keyset with key"},
		"records of two in one":     {good + read(t, synthetic(t, 3).file), "damaged"},
		"with a kind nobody knows":  {strings.Replace(good, `"table":"svm"`, `"table":"svx"`, 1), "damaged"},
		"without a record it names": {good[:strings.Index(good, `{"table":"svm"`)] + good[strings.LastIndex(good, `{"table":"svm"`):], "damaged"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file, into := filepath.Join(t.TempDir(), "file"), filepath.Join(dir, name)
			if err := os.WriteFile(file, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			p := tool(t, "restore", file, "--data-dir", into, "--keyset-file", m.keyset)
			if code := p.wait(); code != exitFailed || !strings.Contains(p.stderr.String(), file+" cannot be restored: ") || !strings.Contains(p.stderr.String(), tt.want) {
				t.Errorf("it ended with %d:\n%s", code, p.output())
			}
			if _, err := os.Stat(into); !os.IsNotExist(err) {
				t.Errorf("something was written: %v", err)
			}
		})
	}
}

// TestAFirstStartThatIsKilledIsFollowedByAGoodOne kills a server ever later in
// its first start.
func TestAFirstStartThatIsKilledIsFollowedByAGoodOne(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"lock", "store/etcd/member/snap/db", "store/etcd/member/wal", "keyset.json", "tls/server.pem"} {
		dir := filepath.Join(t.TempDir(), "data")
		serve := []string{"serve", "--data-dir", dir, "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0"}
		env := []string{passwordVariable + "=" + testPassword}
		p := launch(t, env, serve...)
		await(t, p, after, func() bool {
			_, err := os.Stat(filepath.Join(dir, after))
			return err == nil
		})
		p.signal(syscall.SIGKILL)
		p = start(t, env, serve...)
		p.client(testPassword).must(200, "GET", "/api/cluster", "")
		p.signal(syscall.SIGKILL)
	}
}
