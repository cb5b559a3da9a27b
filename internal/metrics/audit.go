package metrics

import "github.com/duoplane/duoplane/internal/audit"

var (
	auditLines = &Family{
		Name: "duoplane_audit_lines_total", Kind: Counter,
		Help: "Lines written to the audit log.",
	}
	auditFailures = &Family{
		Name: "duoplane_audit_failures_total", Kind: Counter,
		Help:   "What could not be done with the audit log: write a line (the change or login was refused), sync it to the disk, or rotate to a new file.",
		Labels: []Label{label("step", "write", "sync", "rotate")},
	}
	auditFamilies = []*Family{auditLines, auditFailures}
)

// Audit has the numbers of the audit log asked for at every scrape.
// (*audit.Log).Stats answers.
func (m *Metrics) Audit(stats func() audit.Stats) {
	m.poll(func(tell func(*Family, float64, ...string)) {
		s := stats()
		tell(auditLines, float64(s.Lines))
		tell(auditFailures, float64(s.WriteFailures), "write")
		tell(auditFailures, float64(s.SyncFailures), "sync")
		tell(auditFailures, float64(s.RotateFailures), "rotate")
	}, auditFamilies...)
}
