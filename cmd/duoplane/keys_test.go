package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
)

var rotateSize = flag.Int("rotate", 5000, "profiles of TestKeysAreRotatedWhateverDies; 1000000 takes ten minutes and gigabytes")

// toolLimit is how long a command may take with many records.
const toolLimit = 30 * time.Minute

// measured is mustTool with its time and memory in the log.
func measured(t *testing.T, args ...string) string {
	t.Helper()
	began := time.Now()
	p := launch(t, nil, args...)
	p.measure(t, began, strings.Join(args[:2], " "))
	if code := p.cmd.ProcessState.ExitCode(); code != exitOK {
		t.Fatalf("duoplane %s ended with %d:\n%s", strings.Join(args, " "), code, p.output())
	}
	return p.stdout.String()
}

// measure waits for the end. The memory is the most that was seen while the
// program ran: what the system tells afterwards has that of this process in it.
func (p *program) measure(t *testing.T, began time.Time, what string) {
	t.Helper()
	most := 0
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(toolLimit)
	for {
		select {
		case <-tick.C:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)) // not on every system
			if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
				_, _ = fmt.Sscan(rest, &most)
			}
		case <-p.ended:
			t.Logf("%s: %v, at most %d MB", what, time.Since(began).Round(time.Millisecond), most/1000)
			return
		case <-limit:
			t.Fatalf("%s does not end:\n%s", what, p.output())
		}
	}
}

// A changer gives the first few tenants' profiles one secret key after another.
type changer struct {
	tenants int
	mu      sync.Mutex      // guards what follows
	has     map[int]string  // the fingerprint of the last key that was acknowledged
	maybe   map[int]string  // and of the one under way when the server died
	stop    func()          // ends the work
	done    *sync.WaitGroup // of the work
}

const changers = 4

// work begins to change keys, until stop is called or the server is gone.
func (c *changer) work(p *program) {
	stopped := make(chan struct{})
	c.stop, c.done = sync.OnceFunc(func() { close(stopped) }), new(sync.WaitGroup)
	for i := range changers {
		web := p.client(testPassword)
		c.done.Go(func() {
			for tenant := i; ; tenant = (tenant + changers) % c.tenants {
				key := secret.NewText(fmt.Sprintf("%040d", rand.Uint64()))
				c.mu.Lock()
				c.maybe[tenant] = key.Fingerprint()
				c.mu.Unlock()
				status, text, err := web.do("PATCH", pathProfiles+"/"+tenantUUID(tenant), fmt.Sprintf(`{"secret_key":%q}`, key.Reveal()))
				if err != nil {
					return // whether it was done shows later
				}
				c.mu.Lock()
				if delete(c.maybe, tenant); status == 200 {
					c.has[tenant] = key.Fingerprint()
				} else {
					p.t.Errorf("%d %s", status, text)
				}
				c.mu.Unlock()
				select {
				case <-stopped:
					return
				default:
				}
			}
		})
	}
}

// mustOpen reads every profile as it is stored, with the keyset file.
func (c *changer) mustOpen(t *testing.T, dir string) {
	t.Helper()
	keys, err := seal.Open(filepath.Join(dir, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := etcdstore.OpenRaw(t.Context(), etcdstore.Config{Dir: filepath.Join(dir, "store"), Tables: tables()})
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close() //nolint:errcheck // only read
	reading, err := raw.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for doc, err := range reading.Documents(t.Context(), duo.Profiles.Name) {
		if err != nil {
			t.Fatal(err)
		}
		value, err := duo.Profiles.Decode(doc.Doc)
		if err != nil {
			t.Fatal(err)
		}
		p := value.(*duo.Profile)
		p.Owner.UUID = doc.Key
		key, err := keys.Open(duo.SecretKeyPlace(p), p.SecretKey)
		if err != nil {
			t.Fatalf("the secret of %s does not open: %v", doc.Key, err)
		}
		want, changed := c.has[n]
		if !changed {
			want = madeUpKey.Fingerprint()
		}
		if got := key.Fingerprint(); doc.Key != tenantUUID(n) || got != want && got != c.maybe[n] {
			t.Errorf("record %d is %s with the secret %s, want %s", n, doc.Key, got, want)
		}
		n++
	}
	if n != *rotateSize {
		t.Errorf("%d records", n)
	}
}

// TestKeysAreRotatedWhateverDies rotates while clients change the very
// secrets: the command is interrupted, then the server killed, and the third
// run comes to the end.
func TestKeysAreRotatedWhateverDies(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	m := synthetic(t, *rotateSize)
	m.lay(t, dir)
	measured(t, "restore", m.file, "--data-dir", dir)
	serve := []string{"serve", "--data-dir", dir, "--api-listen=127.0.0.1:0", "--ssh-listen=127.0.0.1:0"}
	env := []string{passwordVariable + "=" + testPassword}
	began := time.Now()
	p := start(t, env, serve...)
	t.Logf("ready after %v", time.Since(began).Round(time.Millisecond))
	measured(t, "backup", filepath.Join(filepath.Dir(dir), "file"), "--data-dir", dir)
	c := &changer{tenants: 200, has: map[int]string{}, maybe: map[int]string{}}
	c.work(p)

	rotate := []string{"keys", "rotate", "--data-dir", dir}
	r := launch(t, nil, rotate...)
	await(t, r, "the new key in use", func() bool { return strings.Contains(r.stdout.String(), "From now on key") })
	if code := r.signal(os.Interrupt); code != exitFailed || !strings.Contains(r.stderr.String(), "interrupted; nothing is lost; run duoplane keys rotate again to go on") {
		t.Fatalf("Ctrl-C ended it with %d:\n%s", code, r.output())
	}
	list := mustTool(t, "keys", "list", "--data-dir", dir)
	if !regexp.MustCompile(`(?m)^[0-9a-f]{8}  opening  -  +[1-9]\d*\n[0-9a-f]{8}  sealing  \S+  \d+$`).MatchString(list) {
		t.Errorf("half-way:\n%s", list)
	}
	drop := tool(t, "keys", "drop", "--data-dir", dir)
	if code := drop.wait(); code != exitFailed || !regexp.MustCompile(`Key [0-9a-f]{8} still seals \d+ records; run "duoplane keys rotate" to its end first`).MatchString(drop.stderr.String()) {
		t.Errorf("keys drop ended with %d:\n%s", code, drop.output())
	}

	r = launch(t, nil, rotate...)
	await(t, r, "it going on", func() bool { return strings.Contains(r.stdout.String(), "From now on key") })
	p.signal(syscall.SIGKILL)
	if code := r.wait(); code != exitFailed || !strings.Contains(r.stdout.String(), "Going on with key") || !strings.Contains(r.stderr.String(), "broke off") {
		t.Fatalf("without its server it ended with %d:\n%s", code, r.output())
	}
	c.done.Wait()

	p = start(t, env, serve...)
	c.work(p)
	if said := measured(t, rotate...); !strings.Contains(said, "Going on with key") || !strings.Contains(said, "All records are sealed with key") {
		t.Error(said)
	}
	c.stop()
	c.done.Wait()
	list = mustTool(t, "keys", "list", "--data-dir", dir)
	if !regexp.MustCompile(fmt.Sprintf(`(?m)^[0-9a-f]{8}  opening  -  +0\n[0-9a-f]{8}  sealing  \S+  %d$`, *rotateSize+1)).MatchString(list) { // and the host key
		t.Errorf("in the end:\n%s", list)
	}
	mustTool(t, "keys", "drop", "--data-dir", dir)
	began = time.Now()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.measure(t, began, "SIGTERM of the server")
	c.mustOpen(t, dir)
}
