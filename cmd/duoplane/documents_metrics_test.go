package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/metrics"
)

const metricsHead = `# Metrics

` + "`duoplane serve --metrics-listen=127.0.0.1:8446`" + ` shows these to Prometheus at
` + "`http://127.0.0.1:8446/metrics`" + `; ` + "`duoplane dev`" + ` does so by itself. It is plain
HTTP without credentials: whoever reaches it reads the counts. They name no
owner, no user and no address, and every label has one of the values listed
here, or ` + "`other`" + `, so the number of time series has a bound that no client can
move.

[grafana/duoplane.json](grafana/duoplane.json) is a dashboard of them,
[prometheus/alerts.yaml](prometheus/alerts.yaml) are rules to be alerted by.
Beside them there are the metrics of the Go runtime (` + "`go_...`" + `) and of the process
(` + "`process_...`" + `) that Prometheus' client library has for every program.

Durations are in seconds. Counters begin at 0 with the process.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
`

// metricsDocument is docs/metrics.md as the declarations have it.
func metricsDocument() string {
	var doc strings.Builder
	doc.WriteString(metricsHead)
	type vocabulary struct{ label, values string }
	var order []vocabulary
	used := map[vocabulary][]string{}
	for _, f := range metrics.Families() {
		var names []string
		for _, l := range f.Labels {
			names = append(names, "`"+l.Name+"`")
			v := vocabulary{l.Name, l.From}
			if l.From == "" {
				v.values = "`" + strings.Join(l.Values, "`, `") + "`"
			}
			if used[v] == nil {
				order = append(order, v)
			}
			used[v] = append(used[v], "`"+f.Name+"`")
		}
		fmt.Fprintf(&doc, "| `%s` | %s | %s | %s |\n", f.Name, f.Kind, strings.Join(names, ", "), f.Help)
	}
	doc.WriteString("\n## Labels\n\n| Label | Of | Values |\n|---|---|---|\n")
	for _, v := range order {
		fmt.Fprintf(&doc, "| `%s` | %s | %s |\n", v.label, strings.Join(used[v], ", "), v.values)
	}
	return doc.String()
}

// TestDocumentsTellOfEveryMetric compares docs/metrics.md with the
// declarations; make docs rewrites it.
func TestDocumentsTellOfEveryMetric(t *testing.T) {
	const path = "../../docs/metrics.md"
	if *update {
		if err := os.WriteFile(path, []byte(metricsDocument()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(metricsDocument(), read(t, path)); diff != "" {
		t.Errorf("docs/metrics.md is out of date, run make docs (-want +got):\n%s", diff)
	}
}
