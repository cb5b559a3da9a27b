package metrics

import (
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

var (
	storeRevision = &Family{
		Name: "duoplane_store_revision", Kind: Gauge,
		Help: "Revision of the snapshot that reads are answered from; 0 while there is none. Processes on one etcd have the same one, or nearly.",
	}
	storeLagRevisions = &Family{
		Name: "duoplane_store_lag_revisions", Kind: Gauge,
		Help: "Revisions that the snapshot lacks of the newest that etcd has told this process of.",
	}
	storeLagSeconds = &Family{
		Name: "duoplane_store_lag_seconds", Kind: Gauge,
		Help: "For how long the snapshot has lacked a revision that etcd has told this process of; 0 while it lacks none.",
	}
	storeAge = &Family{
		Name: "duoplane_store_snapshot_age_seconds", Kind: Gauge,
		Help: "Time since the snapshot was last known to hold every acknowledged commit. It grows while the etcd cluster is out of reach, and logins are refused from --max-policy-age on; 0 on an embedded etcd.",
	}
	storeWatchBreaks = &Family{
		Name: "duoplane_store_watch_restarts_total", Kind: Counter,
		Help: "How often the watch that feeds the snapshot ended and was begun anew.",
	}
	storeLoads = &Family{
		Name: "duoplane_store_loads_total", Kind: Counter,
		Help: "How often all records were read from etcd, the start included: more than 1 means that the watch could not go on.",
	}
	storeRecords = &Family{
		Name: "duoplane_store_records", Kind: Gauge,
		Help:   "Records in the snapshot, by table.",
		Labels: []Label{{Name: "table", From: "the tables of the store"}},
	}
	storeDatabase = &Family{
		Name: "duoplane_store_database_bytes", Kind: Gauge,
		Help:   "Size of the embedded etcd's database: allocated on the disk, and in_use of that. Absent with an etcd cluster, like the two below.",
		Labels: []Label{label("state", "allocated", "in_use")},
	}
	storeDatabaseLimit = &Family{
		Name: "duoplane_store_database_limit_bytes", Kind: Gauge,
		Help: "Size at which the embedded etcd takes no more changes.",
	}
	storeDiskFree = &Family{
		Name: "duoplane_store_disk_free_bytes", Kind: Gauge,
		Help: "Room on the disk of the embedded etcd. Changes are refused when it is nearly full.",
	}
	commitSeconds = &Family{
		Name: "duoplane_store_commit_duration_seconds", Kind: Histogram,
		Help:    "Time of a commit until it is durable and in the snapshot, by outcome: ok, raced when another was faster, else an error code.",
		Labels:  []Label{label("outcome", ok, string(fault.Raced), string(fault.Unavailable), string(fault.Timeout), string(fault.Internal))},
		buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}
	storeFamilies = []*Family{storeRevision, storeLagRevisions, storeLagSeconds, storeAge, storeWatchBreaks, storeLoads, storeRecords, storeDatabase, storeDatabaseLimit, storeDiskFree}
)

// StoreStats tell how well the snapshot keeps up with etcd.
type StoreStats struct {
	// Revision is the snapshot's, 0 while there is none.
	Revision int64
	// LagRevisions is how many revisions the snapshot is known to lack, Lag for
	// how long it has lacked any.
	LagRevisions int64
	Lag          time.Duration
	// Age is how long ago the snapshot was known to lack none.
	Age time.Duration
	// WatchBreaks and Loads count since the start.
	WatchBreaks, Loads int64
	// Disk is about the embedded etcd; nil without one.
	Disk *StoreDisk
	// Records is the number of records in each table.
	Records map[string]int
}

// StoreDisk tells how full an embedded etcd is, in bytes.
type StoreDisk struct {
	Allocated, InUse, Limit int64
	Free                    int64 // negative: not known
}

// Store has the numbers of the store asked for at every scrape.
func (m *Metrics) Store(stats func() StoreStats) {
	m.poll(func(tell func(*Family, float64, ...string)) {
		s := stats()
		tell(storeRevision, float64(s.Revision))
		tell(storeLagRevisions, float64(s.LagRevisions))
		tell(storeLagSeconds, s.Lag.Seconds())
		tell(storeAge, s.Age.Seconds())
		tell(storeWatchBreaks, float64(s.WatchBreaks))
		tell(storeLoads, float64(s.Loads))
		if d := s.Disk; d != nil {
			tell(storeDatabase, float64(d.Allocated), "allocated")
			tell(storeDatabase, float64(d.InUse), "in_use")
			tell(storeDatabaseLimit, float64(d.Limit))
			if d.Free >= 0 {
				tell(storeDiskFree, float64(d.Free))
			}
		}
		for table, n := range s.Records {
			tell(storeRecords, float64(n), table)
		}
	}, storeFamilies...)
}

func (m *Metrics) newCommits() histograms {
	h := m.histograms(commitSeconds)
	h.with(ok)
	return h
}

// Committed counts one commit of the store, which ended with err.
func (m *Metrics) Committed(took time.Duration, err error) {
	outcome := ok
	if err != nil {
		outcome = string(fault.CodeOf(err))
	}
	m.commits.with(outcome).Observe(took.Seconds())
}
