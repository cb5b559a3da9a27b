package trail_test

import (
	"fmt"
	"testing"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/trail"
)

// BenchmarkAQuestion asks a log of 20,000 lines for one of them.
func BenchmarkAQuestion(b *testing.B) {
	const lines = 20_000
	w := newWorld(b)
	log, err := audit.Open(audit.Config{Dir: b.TempDir()})
	w.must(err)
	b.Cleanup(func() { w.must(log.Close()) })
	w.trail = trail.NewService(audit.NewLedger(w.store, log))
	for i := range lines {
		who := audit.Who{Name: fmt.Sprintf("user%05d", i), Owner: w.cluster.UUID, From: "192.0.2.10", Via: "rest", Request: "019a1f6e9d5e7c5f"}
		w.must(log.Write(who, audit.Entry{
			Event: "modify", Resource: "duo_profile", Key: "svm1", Owner: w.svm1.UUID,
			Fields: []audit.Field{{Path: "comment", Value: "night shift"}, {Path: "max_prompts", Value: "2"}},
		}, audit.Done, ""))
	}
	for name, query := range map[string]record.Param{
		"by time": {Name: "timestamp", Value: ">2100-01-01"},
		"by user": {Name: "user", Value: "user19999"},
	} {
		b.Run(name, func(b *testing.B) {
			q, err := trail.Schema().ParseQuery([]record.Param{query}, record.ListMode)
			w.must(err)
			for b.Loop() {
				_, err := q.Run(b.Context(), w.trail.Rows(b.Context(), everyone, q.From()), nil)
				w.must(err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
		})
	}
}
