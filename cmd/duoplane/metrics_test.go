package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/metrics"
)

func TestMetricsAreServedWhereTheOptionSays(t *testing.T) {
	dev := startDev(t)
	if !strings.Contains(dev.stdout.String(), "  Metrics        "+dev.ready.MetricsURL+"\n") {
		t.Errorf("the banner does not tell of %q:\n%s", dev.ready.MetricsURL, dev.stdout.String())
	}
	if got := scrapeOf(t, dev).sum("duoplane_build_info", "version", version); got != 1 {
		t.Errorf("duoplane_build_info of version %s: got %v, want 1", version, got)
	}

	sim := startSim(t)
	silent := startServe(t, filepath.Join(t.TempDir(), "data"), sim)
	if silent.ready.MetricsURL != "" || strings.Contains(silent.stdout.String(), "metrics") {
		t.Errorf("serve has metrics that nobody asked for, at %q:\n%s", silent.ready.MetricsURL, silent.stdout.String())
	}
	told := startServe(t, filepath.Join(t.TempDir(), "data"), sim, "--metrics-listen=127.0.0.1:0")
	if !strings.Contains(told.stdout.String(), "; metrics at "+told.ready.MetricsURL+"\n") {
		t.Errorf("serve does not tell of %q:\n%s", told.ready.MetricsURL, told.stdout.String())
	}
	addr := strings.TrimSuffix(strings.TrimPrefix(told.ready.MetricsURL, "http://"), metrics.Path)
	taken := launch(t, nil, "serve", "--data-dir", t.TempDir(), "--api-listen=127.0.0.1:0", "--ssh-listen=off", "--metrics-listen="+addr)
	if code := taken.wait(); code != exitFailed || !strings.Contains(taken.stderr.String(), "--metrics-listen: "+addr+" is taken by another program") {
		t.Errorf("ended with %d:\n%s", code, taken.stderr.String())
	}
}

// busy makes everything happen that is counted, with canaries wherever a
// client can put one: names, addresses, secrets, paths, methods.
func busy(t *testing.T) (p *program, canaries []string) {
	t.Helper()
	const key = "cAnArYsEcReTkEyaaaabbbbccccddddeeeeffff1"
	sim := startSim(t)
	p = startServe(t, filepath.Join(t.TempDir(), "data"), sim, "--metrics-listen=127.0.0.1:0")
	c := p.client(testPassword)
	svm := c.must(201, "POST", "/api/svm/svms?return_records=true", `{"name":"canarysvm"}`)
	uuid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(svm)
	c.must(201, "POST", pathProfiles, profileBody(sim, "canarysvm"))
	c.must(201, "POST", pathProfiles, fmt.Sprintf(
		`{"api_host":"127.0.0.1:1","integration_key":"DICANARYCANARYCANARY","secret_key":%q,"fail_mode":"safe","comment":"canary comment"}`, key))
	c.must(201, "POST", "/api/security/authentication/duo/groups", `{"name":"canary-group","owner.name":"canarysvm","excluded_users":["canaryspared"]}`)
	c.must(201, "POST", "/api/security/accounts", `{"name":"canaryuser","password":"canary-password-1",
		"applications":[{"application":"ssh","authentication_methods":["password"]},{"application":"http","authentication_methods":["password"]}]}`)
	c.must(200, "GET", pathProfiles+"?fields=*,status&owner.name=canarysvm|cluster-1", "")
	c.must(404, "GET", "/api/canarypath/"+uuid, "")
	c.must(400, "PATCH", pathProfiles+"/"+uuid, `{"canaryfield":"canary"}`)
	c.must(405, "CANARY", "/api/cluster", "")
	for _, login := range []string{
		`{"owner.name":"canarysvm","username":"canaryspared","groups":["canary-group"],"ipaddr":"203.0.113.77"}`,
		`{"owner.name":"cluster-1","username":"canaryuser","ipaddr":"203.0.113.78"}`, // fails open
	} {
		c.must(200, "POST", pathAuthenticate, login)
	}
	stranger := p.client("canary-wrong-password")
	stranger.user = "canarystranger"
	stranger.must(401, "GET", "/api/cluster", "")
	for _, user := range []string{"canaryuser", "canarystranger"} {
		in, err := ssh.Dial("tcp", p.ready.SSHAddr, &ssh.ClientConfig{
			User: user, Auth: []ssh.AuthMethod{ssh.Password("canary-wrong-password")}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		})
		if err == nil {
			_ = in.Close()
			t.Errorf("%s got in with a wrong password", user)
		}
	}
	return p, []string{
		"canary", "127.0.0.1", "203.0.113", uuid, p.ready.ClusterUUID, testPassword, sim.ready.SimIntegrationKey, sim.ready.SimSecretKey,
		p.ready.APIURL, sim.ready.SimUser + `"`, `"admin"`, "cluster-1",
	}
}

// shapes are those of the values that the program declares at its start.
var shapes = map[string]*regexp.Regexp{
	"route":     regexp.MustCompile(`^(none|/docs/api|/api(/[a-z_-]+|/\{[a-z_.]+\})+)$`),
	"table":     regexp.MustCompile(`^[a-z_]+$`),
	"version":   regexp.MustCompile(`^\d+\.\d+\.\d+$`),
	"commit":    regexp.MustCompile(`^([0-9a-f]{40}( with uncommitted changes)?|unknown.*)$`),
	"goversion": regexp.MustCompile(`^go1\.`),
}

// TestMetricsOfABusyNode looks at one scrape from all sides.
func TestMetricsOfABusyNode(t *testing.T) {
	p, canaries := busy(t)
	// What an answer is to is counted behind it.
	s := scrapeWhen(t, p, func(s *scrape) bool { return s.sum("duoplane_ssh_connections_total", "outcome", "failed") == 2 })
	declared := map[string]metrics.Family{}
	for _, f := range metrics.Families() {
		declared[f.Name] = f
	}
	t.Run("name nobody", func(t *testing.T) {
		text := strings.ToLower(s.text)
		for _, canary := range canaries {
			if i := strings.Index(text, strings.ToLower(canary)); i >= 0 {
				t.Errorf("%q is in the metrics: …%q…", canary, text[max(0, i-100):min(len(text), i+100)])
			}
		}
	})
	t.Run("have no label value that is not declared", func(t *testing.T) {
		for _, one := range s.samples {
			f, ok := declared[s.family(one.name)]
			switch {
			case ok:
				mustBeDeclared(t, f, one)
			case strings.HasPrefix(one.name, "duoplane_"):
				t.Errorf("%s is exported and not declared", one.name)
			}
		}
	})
	t.Run("are all there, with their help", func(t *testing.T) {
		for name, f := range declared {
			if s.kinds[name] != string(f.Kind) || s.helps[name] != f.Help {
				t.Errorf("%s is exported as %q with the help %q", name, s.kinds[name], s.helps[name])
			}
		}
	})
	t.Run("are what the dashboard and the alerts ask for", func(t *testing.T) { mustServeTheDashboard(t, s) })
	t.Run("count what has happened", func(t *testing.T) { mustHaveCounted(t, s) })
}

// mustBeDeclared bounds the number of series: every value is one that the
// family declares.
func mustBeDeclared(t *testing.T, f metrics.Family, one sample) {
	t.Helper()
	for name, value := range one.labels {
		i := slices.IndexFunc(f.Labels, func(l metrics.Label) bool { return l.Name == name })
		switch {
		case name == "le" && f.Kind == metrics.Histogram:
		case i < 0:
			t.Errorf("%s has a label %s that is not declared", one.name, name)
		case f.Labels[i].From != "" && !shapes[name].MatchString(value):
			t.Errorf("%s has %s=%q", one.name, name, value)
		case f.Labels[i].From == "" && value != "other" && !slices.Contains(f.Labels[i].Values, value):
			t.Errorf("%s has %s=%q, which is not declared", one.name, name, value)
		}
	}
}

func mustHaveCounted(t *testing.T, s *scrape) {
	t.Helper()
	for _, want := range []struct {
		name   string
		labels []string
		least  float64
	}{
		{"duoplane_rest_requests_total", []string{"method", "other", "status", "405"}, 1},
		{"duoplane_rest_requests_total", []string{"route", "none", "code", "unauthenticated"}, 1},
		{"duoplane_rest_requests_total", []string{"route", pathProfiles + "/{owner.uuid}", "code", "unknown_field"}, 1},
		{"duoplane_rest_request_duration_seconds_count", []string{"route", pathAuthenticate, "method", "POST"}, 2},
		{"duoplane_logins_total", []string{"decision", "allow", "reason", "excluded"}, 1},
		{"duoplane_logins_fail_open_total", nil, 1},
		{"duoplane_duo_calls_total", []string{"outcome", "connect"}, 1},
		{"duoplane_duo_calls_total", []string{"call", "check", "outcome", "ok"}, 1},
		{"duoplane_first_factor_failures_total", []string{"application", "http", "code", "unauthenticated"}, 1},
		{"duoplane_first_factor_failures_total", []string{"application", "ssh", "code", "unauthenticated"}, 1},
		{"duoplane_audit_lines_total", nil, 8},
		{"duoplane_store_commit_duration_seconds_count", []string{"outcome", "ok"}, 5},
		{"duoplane_store_records", []string{"table", "duo_profile"}, 2},
		{"duoplane_store_revision", nil, 5},
		{"process_open_fds", nil, 5},
	} {
		if got := s.sum(want.name, want.labels...); got < want.least {
			t.Errorf("%s %v: got %v, want at least %v", want.name, want.labels, got, want.least)
		}
	}
	for _, name := range []string{"status", "code"} {
		if got := s.sum("duoplane_rest_requests_total", name, "other"); got > 0 {
			t.Errorf("%v requests ended with a %s that is not declared", got, name)
		}
	}
}
