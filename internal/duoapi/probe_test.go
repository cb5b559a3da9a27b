package duoapi_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duoapi"
)

// outline is a Probe in words: each step with its outcome.
func outline(steps []duoapi.Probed) (out []string) {
	for _, s := range steps {
		line := string(s.Step) + " " + string(s.Outcome)
		if s.Err != nil {
			line += " " + string(s.Err.Kind)
		}
		out = append(out, line)
	}
	return out
}

func TestProbe(t *testing.T) {
	keyless := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/auth/v2/ping" {
			script(w, r)
			return
		}
		answer(401, `{"stat":"FAIL","code":40103}`)(w, r)
	}
	ca, addr := named(t, "api-1.duo.example")
	for _, test := range []struct {
		name string
		c    *duoapi.Client
		want string
	}{
		{
			"all is well", serve(t, script).client(t),
			"lookup skipped, connect done, proxy skipped, tls done, clock done, keys done",
		},
		{
			"all is well through a proxy", client(t, "api-1.duo.example", ca, via(startTunnel(t, addr, "").addr)),
			"lookup skipped, connect done, proxy done, tls done, clock done, keys done",
		},
		{
			"the name does not exist", client(t, "api-1.duo.example", ca, resolveWith(nameServer(t, false))),
			"lookup failed lookup, connect skipped, proxy skipped, tls skipped, clock skipped, keys skipped",
		},
		{
			"nobody listens", client(t, closedPort(t), ca),
			"lookup skipped, connect failed connect, proxy skipped, tls skipped, clock skipped, keys skipped",
		},
		{
			"the proxy wants a password", client(t, "api-1.duo.example", ca, via(startTunnel(t, addr, "u:p").addr)),
			"lookup skipped, connect done, proxy failed proxy_auth, tls skipped, clock skipped, keys skipped",
		},
		{
			"the certificate is for another name", client(t, addr, ca),
			"lookup skipped, connect done, proxy skipped, tls failed tls_name, clock skipped, keys skipped",
		},
		{
			"the service is down", serve(t, answer(503, "")).client(t),
			"lookup skipped, connect done, proxy skipped, tls done, clock failed server_error, keys skipped",
		},
		{
			"the secret key is wrong", serve(t, keyless).client(t),
			"lookup skipped, connect done, proxy skipped, tls done, clock done, keys failed signature",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			steps := test.c.Probe(t.Context())
			if diff := cmp.Diff(strings.Split(test.want, ", "), outline(steps)); diff != "" {
				t.Error(diff)
			}
			for _, s := range steps {
				if took := s.Outcome != duoapi.StepSkipped; (s.Took > 0) != took {
					t.Errorf("%s %s took %v", s.Step, s.Outcome, s.Took)
				}
			}
		})
	}
}

// A Probe is about what a new login would meet, not about a connection that
// happens to be open, and it leaves no connection behind.
func TestProbeConnectsAnew(t *testing.T) {
	f := serve(t, script)
	c := f.client(t)
	login(t, c)
	c.Probe(t.Context())
	if got := f.connections(); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
	login(t, c)
	if got := f.connections(); got != 2 {
		t.Errorf("%d connections after one more login, want 2", got)
	}
}

func TestProbeNotesWhatItFound(t *testing.T) {
	duo := &strictClock{now: ours.Add(90 * time.Minute)}
	f := serve(t, duo.serve)
	c := f.client(t, atOurs)
	var notes []string
	for _, s := range c.Probe(t.Context()) {
		notes = append(notes, s.Note)
	}
	want := []string{
		"the address needs no lookup", f.addr, "no proxy is set",
		"TLS 1.3, certificate valid until 2200-01-01", "Duo's clock is 1h30m0s ahead of ours", "",
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
	if c.Offset() != 90*time.Minute {
		t.Errorf("the client's offset is %v", c.Offset())
	}
}

func TestProbeTimesTheLookup(t *testing.T) {
	ca, addr := named(t, "localhost")
	_, port, _ := net.SplitHostPort(addr)
	steps := client(t, "localhost:"+port, ca).Probe(t.Context())
	if steps[0].Step != duoapi.StepLookup || steps[0].Outcome != duoapi.StepDone || steps[0].Took <= 0 {
		t.Errorf("got %+v", steps[0])
	}
}
