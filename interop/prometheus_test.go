package interop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testPrometheus lets Prometheus itself read the metrics, the dashboard's
// queries and the rules for alerts.
func testPrometheus(t *testing.T, s *server) {
	rules, err := filepath.Abs("../docs/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if out := run(t, "", nil, "promtool", "check", "rules", rules); out.code != 0 {
		t.Errorf("promtool check rules: %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	s.admin(nil).want(t, http.StatusOK, http.MethodGet, "/api/cluster", "") // so that there is something to show
	p := startPrometheus(t, s, rules)
	for title, exprs := range dashboardQueries(t) {
		t.Run(title, func(t *testing.T) {
			for _, expr := range exprs {
				// What went wrong may not have.
				if n := p.count(t, expr); n == 0 && !strings.Contains(expr, `!="ok"`) {
					t.Errorf("%s has no result", expr)
				}
			}
		})
	}
	t.Run("alerts", func(t *testing.T) {
		var answer struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Name, Health, LastError string }
				}
			}
		}
		evaluated := 0
		p.await(t, func() bool {
			p.get(t, "/api/v1/rules", nil, &answer)
			evaluated = 0
			for _, g := range answer.Data.Groups {
				for _, r := range g.Rules {
					if r.Health == "err" {
						t.Fatalf("%s: %s", r.Name, r.LastError)
					}
					if r.Health == "ok" {
						evaluated++
					}
				}
			}
			return len(answer.Data.Groups) == 1 && evaluated == len(answer.Data.Groups[0].Rules)
		})
		if evaluated < 10 {
			t.Errorf("only %d rules were evaluated", evaluated)
		}
	})
}

// prometheus is a running one that has read the metrics a few times.
type prometheus struct {
	*process
	url string
}

// listensAt is the line by which Prometheus tells the port it was given.
var listensAt = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

func startPrometheus(t *testing.T, s *server, rules string) *prometheus {
	t.Helper()
	target, err := url.Parse(s.MetricsURL)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf(`{"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [%q],
		"scrape_configs": [{"job_name": "duoplane", "metrics_path": %q, "static_configs": [{"targets": [%q]}]}]}`, rules, target.Path, target.Host)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := func(err error) {
		if err != nil {
			t.Errorf("prometheus ended with %v", err)
		}
	}
	p := &prometheus{process: startProcess(t, ended, "prometheus",
		"--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")}
	p.await(t, func() bool {
		at := listensAt.FindStringSubmatch(p.out.String())
		if at != nil {
			p.url = "http://" + at[1]
		}
		return at != nil
	})
	p.await(t, func() bool {
		res, err := http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	p.await(t, func() bool { return p.count(t, "count_over_time(duoplane_build_info[1m]) > 2") == 1 })
	return p
}

// get asks the API of Prometheus.
func (p *prometheus) get(t *testing.T, path string, query url.Values, answer any) {
	t.Helper()
	res, err := http.Get(p.url + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// count returns how many series a query of the dashboard results in.
func (p *prometheus) count(t *testing.T, expr string) int {
	t.Helper()
	expr = strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "1m", "$__range", "1h").Replace(expr)
	var answer struct {
		Status, Error string
		Data          struct{ Result []json.RawMessage }
	}
	p.get(t, "/api/v1/query", url.Values{"query": {expr}}, &answer)
	if answer.Status != "success" {
		t.Errorf("%s: %s", expr, answer.Error)
	}
	return len(answer.Data.Result)
}

// dashboardQueries returns the queries of docs/grafana/duoplane.json by panel.
func dashboardQueries(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/grafana/duoplane.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	queries := map[string][]string{}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			queries[p.Title] = append(queries[p.Title], target.Expr)
		}
	}
	if len(queries) < 20 {
		t.Fatalf("only %d panels were found", len(queries))
	}
	return queries
}
