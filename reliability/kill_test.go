package reliability

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	pathSVMs     = "/svm/svms"
	pathProfiles = "/security/authentication/duo/profiles"
	pathGroups   = "/security/authentication/duo/groups"
	pathAccounts = "/security/accounts"
)

// TestAKillAtAnyMomentLosesNothingAcknowledged kills the server while tenants
// change what is theirs, and then looks at each tenant: everything that was
// acknowledged is there, the one change under way has happened or has not, and
// an SVM that is gone has taken all it had with it.
func TestAKillAtAnyMomentLosesNothingAcknowledged(t *testing.T) {
	rounds, seed := 20, rand.Uint64()
	if *long {
		rounds = 200
	}
	t.Logf("%d rounds, seed %d", rounds, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := filepath.Join(t.TempDir(), "data")
	tenants := make([]*tenant, 6)
	for i := range tenants {
		tenants[i] = &tenant{name: fmt.Sprintf("tenant%d", i), random: rand.New(rand.NewPCG(seed, uint64(i+1)))}
	}
	changes := int64(0)
	for round := 0; ; round++ {
		p := serve(t, dir)
		c := p.client()
		for _, tn := range tenants {
			tn.check(t, c)
		}
		if t.Failed() {
			t.Fatalf("after %d kills", round)
		}
		if round == rounds {
			if code := p.end(syscall.SIGTERM); code != 0 {
				t.Errorf("it ended with %d:\n%s", code, p.said.String())
			}
			break
		}
		// The moment is one of the changes and a little later, whatever the
		// machine is busy with.
		last, later := int64(1+random.IntN(40)), time.Duration(random.IntN(3000))*time.Microsecond
		var done atomic.Int64
		acknowledged := func() {
			if done.Add(1) == last {
				time.AfterFunc(later, func() { _ = p.cmd.Process.Kill() })
			}
		}
		var working sync.WaitGroup
		for _, tn := range tenants {
			working.Go(func() { tn.work(c, acknowledged) })
		}
		working.Wait()
		p.end(syscall.SIGKILL)
		changes += done.Load()
	}
	t.Logf("%d changes acknowledged", changes)
}

// A holding is what a tenant has: an SVM, and by kind what belongs to it. The
// profile has a number in two of its fields, which are only changed together.
type holding struct {
	svm    bool
	number int
	has    map[string]bool // of profile, group, account
}

func (h holding) equal(o holding) bool {
	return h.svm == o.svm && h.number == o.number && maps.Equal(h.has, o.has)
}

// A tenant makes one change after the other.
type tenant struct {
	name    string
	random  *rand.Rand
	uuid    string
	have    holding
	next    *holding // what the change under way makes of it
	numbers int
}

// belongings are the kinds of records an SVM may have, and how one is made.
var belongings = []struct {
	kind, path string
	body       map[string]any
}{
	{"profile", pathProfiles, map[string]any{"api_host": "127.0.0.1:1", "integration_key": "DIAAAAAAAAAAAAAAAAAA", "secret_key": "0123456789012345678901234567890123456789"}},
	{"group", pathGroups, map[string]any{"name": "operators"}},
	{"account", pathAccounts, map[string]any{"name": "kay", "applications": []any{map[string]any{"application": "ssh", "authentication_methods": []string{"publickey"}}}}},
}

// work makes changes until the server does not answer any more.
func (tn *tenant) work(c *client, acknowledged func()) {
	for {
		next := holding{svm: true, number: tn.have.number, has: maps.Clone(tn.have.has)}
		if next.has == nil {
			next.has = map[string]bool{}
		}
		method, path, body := tn.change(&next)
		tn.next = &next
		var answer struct {
			Records []struct {
				UUID string `json:"uuid"`
			} `json:"records"`
		}
		if err := c.do(context.Background(), method, path+"?return_records=true", body, &answer); err != nil {
			return // what has become of it shows after the restart
		}
		if path == pathSVMs {
			tn.uuid = answer.Records[0].UUID
		}
		tn.have, tn.next = next, nil
		acknowledged()
	}
}

// change chooses a change, and makes it to next.
func (tn *tenant) change(next *holding) (method, path string, body map[string]any) {
	if !tn.have.svm {
		return http.MethodPost, pathSVMs, map[string]any{"name": tn.name}
	}
	for _, b := range belongings {
		if tn.have.has[b.kind] {
			continue
		}
		next.has[b.kind] = true
		body = maps.Clone(b.body)
		body["owner.name"] = tn.name
		return http.MethodPost, b.path, body
	}
	if tn.random.IntN(8) == 0 {
		*next = holding{has: map[string]bool{}}
		return http.MethodDelete, pathSVMs + "/" + tn.uuid, nil
	}
	tn.numbers++
	next.number = tn.numbers
	return http.MethodPatch, pathProfiles + "/" + tn.uuid, map[string]any{
		"comment": fmt.Sprint(next.number), "http_proxy": fmt.Sprintf("127.0.0.1:%d", next.number),
	}
}

// check compares what the server has with what the tenant knows.
func (tn *tenant) check(t *testing.T, c *client) {
	t.Helper()
	got := tn.look(t, c)
	if !got.equal(tn.have) && (tn.next == nil || !got.equal(*tn.next)) {
		t.Errorf("%s has %+v; acknowledged was %+v, under way %+v", tn.name, got, tn.have, tn.next)
	}
	tn.have, tn.next = got, nil
}

// look reads all that the tenant has.
func (tn *tenant) look(t *testing.T, c *client) holding {
	t.Helper()
	var page struct {
		Records []struct {
			UUID    string `json:"uuid"`
			Comment string `json:"comment"`
			Proxy   string `json:"http_proxy"`
		} `json:"records"`
	}
	read := func(query string) {
		page.Records = nil
		if err := c.do(t.Context(), http.MethodGet, query, nil, &page); err != nil {
			t.Fatal(err)
		}
	}
	h := holding{has: map[string]bool{}}
	if read(pathSVMs + "?name=" + tn.name); len(page.Records) > 0 {
		h.svm, tn.uuid = true, page.Records[0].UUID
	}
	for _, b := range belongings {
		if read(b.path + "?fields=*&owner.name=" + tn.name); len(page.Records) == 0 {
			continue
		}
		h.has[b.kind] = true
		if r := page.Records[0]; r.Comment != "" && b.kind == "profile" {
			if _, err := fmt.Sscan(r.Comment, &h.number); err != nil || r.Proxy != fmt.Sprintf("127.0.0.1:%d", h.number) {
				t.Errorf("%s has half a change: comment %q with proxy %q", tn.name, r.Comment, r.Proxy)
			}
		}
	}
	return h
}
