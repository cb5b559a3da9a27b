package metrics_test

import (
	"errors"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/metrics"
)

func TestLoginsAreCountedByOutcome(t *testing.T) {
	m := metrics.New(metrics.Config{})
	m.Logins(metrics.Logins{
		Counts: func() map[logins.Outcome]int64 {
			return map[logins.Outcome]int64{
				{Decision: "allow", Reason: "approved"}:                5,
				{Decision: "allow", Reason: "connect", FailOpen: true}: 2,
				{Decision: "allow", Reason: "timeout", FailOpen: true}: 1,
				{Decision: "deny", Reason: "timeout"}:                  3,
				{Decision: "deny", Reason: "alice"}:                    1,
				{Decision: "deny", Reason: "192.0.2.1"}:                1,
			}
		},
		Deciding: func() int64 { return 4 },
		Failures: func() map[account.Failure]int64 {
			return map[account.Failure]int64{
				{Application: "ssh", Code: fault.Unauthenticated}: 7,
				{Application: "ssh", Code: "canary"}:              1,
			}
		},
	})
	wantSamples(t, m, map[string]string{
		`duoplane_logins_total{decision="allow",reason="approved"}`:                       "5",
		`duoplane_logins_total{decision="allow",reason="connect"}`:                        "2",
		`duoplane_logins_total{decision="deny",reason="timeout"}`:                         "3",
		`duoplane_logins_total{decision="deny",reason="refused"}`:                         "0",
		`duoplane_logins_total{decision="deny",reason="other"}`:                           "2",
		`duoplane_logins_total{decision="deny",reason="alice"}`:                           "",
		`duoplane_logins_fail_open_total`:                                                 "3",
		`duoplane_logins_in_progress`:                                                     "4",
		`duoplane_first_factor_failures_total{application="ssh",code="unauthenticated"}`:  "7",
		`duoplane_first_factor_failures_total{application="ssh",code="other"}`:            "1",
		`duoplane_first_factor_failures_total{application="http",code="unauthenticated"}`: "0",
	})
}

func TestCallsToDuoAreCounted(t *testing.T) {
	m := metrics.New(metrics.Config{})
	m.DuoCall(duoapi.CallAuth, "", 7*time.Second)
	m.DuoCall(duoapi.CallPreauth, duoapi.KindRateLimit, 20*time.Millisecond)
	m.DuoCall(duoapi.CallPreauth, "a canary", 20*time.Millisecond)
	wantSamples(t, m, map[string]string{
		`duoplane_duo_calls_total{call="auth",outcome="ok"}`:                   "1",
		`duoplane_duo_calls_total{call="ping",outcome="ok"}`:                   "0",
		`duoplane_duo_calls_total{call="preauth",outcome="rate_limit"}`:        "1",
		`duoplane_duo_calls_total{call="preauth",outcome="other"}`:             "1",
		`duoplane_duo_rate_limited_total`:                                      "1",
		`duoplane_duo_call_duration_seconds_bucket{call="auth",le="5"}`:        "0",
		`duoplane_duo_call_duration_seconds_bucket{call="auth",le="10"}`:       "1",
		`duoplane_duo_call_duration_seconds_bucket{call="preauth",le="0.025"}`: "2",
	})
}

func TestTheStoreShowsHowItKeepsUp(t *testing.T) {
	m := metrics.New(metrics.Config{})
	m.Store(func() metrics.StoreStats {
		return metrics.StoreStats{
			Revision: 42, LagRevisions: 3, Lag: 1500 * time.Millisecond, Age: 2 * time.Second, WatchBreaks: 2, Loads: 1,
			Disk: &metrics.StoreDisk{Allocated: 9, InUse: 8, Limit: 7, Free: 6}, Records: map[string]int{"duo_profile": 9},
		}
	})
	m.Committed(time.Millisecond, nil)
	m.Committed(time.Millisecond, fault.New(fault.Raced, "", "raced"))
	m.Committed(time.Millisecond, errors.New("a canary"))
	m.Committed(time.Millisecond, fault.New("odd", "", "a canary"))
	wantSamples(t, m, map[string]string{
		`duoplane_store_revision`:                                          "42",
		`duoplane_store_lag_revisions`:                                     "3",
		`duoplane_store_lag_seconds`:                                       "1.5",
		`duoplane_store_snapshot_age_seconds`:                              "2",
		`duoplane_store_database_bytes{state="allocated"}`:                 "9",
		`duoplane_store_database_bytes{state="in_use"}`:                    "8",
		`duoplane_store_database_limit_bytes`:                              "7",
		`duoplane_store_disk_free_bytes`:                                   "6",
		`duoplane_store_watch_restarts_total`:                              "2",
		`duoplane_store_loads_total`:                                       "1",
		`duoplane_store_records{table="duo_profile"}`:                      "9",
		`duoplane_store_commit_duration_seconds_count{outcome="ok"}`:       "1",
		`duoplane_store_commit_duration_seconds_count{outcome="raced"}`:    "1",
		`duoplane_store_commit_duration_seconds_count{outcome="internal"}`: "1",
		`duoplane_store_commit_duration_seconds_count{outcome="other"}`:    "1",
	})
}

func TestTheFrontEndAndTheAuditLogShowTheirCounts(t *testing.T) {
	m := metrics.New(metrics.Config{})
	m.SSH(func() metrics.SSHStats {
		return metrics.SSHStats{LoggedIn: 1, Failed: 2, TooMany: 3, CrowdedOut: 4, Full: 5, Authenticating: 6, Open: 7, Shells: 8, Commands: 9, Running: 10}
	})
	m.Audit(func() audit.Stats {
		return audit.Stats{Lines: 11, WriteFailures: 12, SyncFailures: 13, RotateFailures: 14}
	})
	wantSamples(t, m, map[string]string{
		`duoplane_ssh_connections_total{outcome="logged_in"}`:   "1",
		`duoplane_ssh_connections_total{outcome="failed"}`:      "2",
		`duoplane_ssh_connections_total{outcome="too_many"}`:    "3",
		`duoplane_ssh_connections_total{outcome="crowded_out"}`: "4",
		`duoplane_ssh_connections_total{outcome="full"}`:        "5",
		`duoplane_ssh_connections{state="authenticating"}`:      "6",
		`duoplane_ssh_connections{state="logged_in"}`:           "7",
		`duoplane_ssh_sessions_total{kind="shell"}`:             "8",
		`duoplane_ssh_sessions_total{kind="exec"}`:              "9",
		`duoplane_ssh_sessions`:                                 "10",
		`duoplane_audit_lines_total`:                            "11",
		`duoplane_audit_failures_total{step="write"}`:           "12",
		`duoplane_audit_failures_total{step="sync"}`:            "13",
		`duoplane_audit_failures_total{step="rotate"}`:          "14",
	})
}
