package etcdstore

import (
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

// Stats tell how well a Store keeps up with etcd.
type Stats struct {
	// Revision is the snapshot's; 0 while there is none.
	Revision store.Revision
	// Age is as Store.Age has it.
	Age time.Duration
	// Behind is how many revisions the snapshot lacks of the newest that etcd
	// has told this process of, BehindFor how long it has lacked any.
	Behind    int64
	BehindFor time.Duration
	// WatchBreaks counts how often the watch on etcd ended and was begun anew,
	// Loads how often everything was read, the first time included.
	WatchBreaks, Loads int64
	// Records is the number of records in each table; nil while there is no
	// snapshot.
	Records map[string]int
}

// Stats returns how things stand. It asks nobody.
func (s *Store) Stats() Stats {
	out := Stats{Age: s.Age(), WatchBreaks: s.watchBreaks.Load(), Loads: s.loads.Load()}
	out.Behind, out.BehindFor = s.arrival.lag(time.Now())
	v := s.view.Load()
	if v.err != nil {
		return out
	}
	out.Revision = v.image.Revision()
	out.Records = make(map[string]int, len(s.keys.tables))
	for name := range s.keys.tables {
		out.Records[name] = v.image.Len(name)
	}
	return out
}
