package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/duoplane/duoplane/internal/metrics"
)

// expressions returns every query of the dashboard and of the alerts, by the
// panel's or the alert's name.
func expressions(t *testing.T) (dashboard, alerts map[string][]string) {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "../../docs/grafana/duoplane.json")), &board); err != nil {
		t.Fatal(err)
	}
	dashboard, alerts = map[string][]string{}, map[string][]string{}
	for _, p := range board.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %q asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			dashboard[p.Title] = append(dashboard[p.Title], target.Expr)
		}
	}
	values := regexp.MustCompile(`^label_values\((.+), [a-z]+\)$`)
	for _, v := range board.Templating.List {
		if v.Type == "query" {
			asked := values.FindStringSubmatch(v.Query)
			if asked == nil {
				t.Fatalf("the variable %s asks %q", v.Name, v.Query)
			}
			dashboard["$"+v.Name] = []string{asked[1]}
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations struct{ Summary string }
				Labels      struct{ Severity string }
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../docs/prometheus/alerts.yaml")), &rules); err != nil {
		t.Fatal(err)
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Annotations.Summary == "" || r.Labels.Severity == "" || alerts[r.Alert] != nil {
				t.Errorf("the alert %q has no summary, no severity or a double", r.Alert)
			}
			alerts[r.Alert] = append(alerts[r.Alert], r.Expr)
		}
	}
	if len(dashboard) < 20 || len(alerts) < 10 {
		t.Fatalf("only %d panels and %d alerts were found", len(dashboard), len(alerts))
	}
	return dashboard, alerts
}

// mustServeTheDashboard looks whether every query asks for what a scrape has,
// and the dashboard for all there is.
func mustServeTheDashboard(t *testing.T, s *scrape) {
	t.Helper()
	labels := map[string]map[string]bool{} // of each metric, as exported
	for _, one := range s.samples {
		if labels[one.name] == nil {
			labels[one.name] = map[string]bool{"job": true, "instance": true} // Prometheus adds these
		}
		for name := range one.labels {
			labels[one.name][name] = true
		}
	}
	dashboard, alerts := expressions(t)
	shown := map[string]bool{}
	for _, exprs := range []map[string][]string{dashboard, alerts} {
		for where, list := range exprs {
			for _, expr := range list {
				q, err := readQuery(expr)
				if err != nil {
					t.Errorf("%s: %s: %v", where, expr, err)
				}
				if problem := q.fits(s, labels); problem != "" {
					t.Errorf("%s: %s: %s", where, expr, problem)
				}
				for _, u := range q.uses {
					shown[s.family(u.metric)] = shown[s.family(u.metric)] || dashboard[where] != nil
				}
			}
		}
	}
	named := regexp.MustCompile(`(duoplane|process)_[a-z_]+`).FindAllString(read(t, "../../docs/operations.md"), -1)
	for _, name := range named {
		if s.kinds[s.family(name)] == "" {
			t.Errorf("docs/operations.md speaks of %s, which is not exported", name)
		}
	}
	if len(named) < 10 {
		t.Errorf("docs/operations.md speaks of %d metrics only", len(named))
	}
	for _, f := range metrics.Families() {
		if !shown[f.Name] {
			t.Errorf("no panel of the dashboard shows %s", f.Name)
		}
	}
}

// fits says what a query asks for that a scrape has not.
func (q query) fits(s *scrape, labels map[string]map[string]bool) string {
	known := map[string]bool{}
	for _, u := range q.uses {
		exported := labels[u.metric]
		if exported == nil {
			return u.metric + " is not exported"
		}
		grows := s.kinds[s.family(u.metric)] == "histogram" || s.kinds[u.metric] == "counter"
		if grows != u.rated {
			return u.metric + " is a " + s.kinds[s.family(u.metric)] + ": counters belong into rate or increase, and gauges do not"
		}
		for _, m := range u.match {
			if !exported[m.label] {
				return u.metric + " has no label " + m.label
			}
			if undeclared := s.undeclared(u.metric, m); undeclared != "" {
				return u.metric + " never has " + m.label + "=" + undeclared
			}
		}
		for name := range exported {
			known[name] = true
		}
	}
	for _, label := range q.grouped {
		if !known[label] {
			return "nothing has a label " + label
		}
	}
	return ""
}

// undeclared returns a value that a matcher asks for and the metric never has.
func (s *scrape) undeclared(metric string, m matcher) string {
	for _, f := range metrics.Families() {
		for _, l := range f.Labels {
			if f.Name != s.family(metric) || l.Name != m.label || l.From != "" {
				continue
			}
			for _, value := range m.values() {
				if value != "other" && !slices.Contains(l.Values, value) {
					return value
				}
			}
		}
	}
	return ""
}

func TestADashboardThatAsksForTooMuchIsFound(t *testing.T) {
	s := &scrape{kinds: map[string]string{
		"duoplane_logins_total": "counter", "duoplane_logins_in_progress": "gauge", "duoplane_store_commit_duration_seconds": "histogram",
	}}
	labels := map[string]map[string]bool{
		"duoplane_logins_total":                         {"decision": true, "reason": true},
		"duoplane_logins_in_progress":                   {},
		"duoplane_store_commit_duration_seconds_bucket": {"outcome": true, "le": true},
	}
	for expr, want := range map[string]string{
		`rate(duoplane_logins_total{decision="deny"}[5m])`:                                                                 "",
		`histogram_quantile(0.9, sum by (le) (rate(duoplane_store_commit_duration_seconds_bucket{outcome!="raced"}[5m])))`: "",
		`duoplane_logons_total`:                                    "is not exported",
		`duoplane_logins_total`:                                    "belong into rate",
		`rate(duoplane_logins_in_progress[5m])`:                    "belong into rate",
		`rate(duoplane_logins_total{user="x"}[5m])`:                "has no label user",
		`rate(duoplane_logins_total{decision=~"deny|refuse"}[5m])`: "never has decision=refuse",
		`sum by (owner) (rate(duoplane_logins_total[5m]))`:         "nothing has a label owner",
	} {
		q, err := readQuery(expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.fits(s, labels); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
}
