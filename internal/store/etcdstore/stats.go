package etcdstore

import (
	"math"
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
	// lost connections included, Loads how often everything was read, the first
	// time included.
	WatchBreaks, Loads int64
	// Disk is about the embedded etcd; nil on a cluster.
	Disk *Disk
	// Records is the number of records in each table; nil while there is no
	// snapshot.
	Records map[string]int
}

// A Disk tells how full an embedded etcd is, in bytes.
type Disk struct {
	// Allocated is the size of the database's file, InUse what of it holds
	// something, Limit the size at which etcd takes no more.
	Allocated, InUse, Limit int64
	// Free is what the file system has left, -1 when that is not known.
	Free int64
}

func (s *server) disk(dir string) *Disk {
	backend := s.etcd.Server.Backend()
	d := &Disk{Allocated: backend.Size(), InUse: backend.SizeInUse(), Limit: quota, Free: -1}
	if free, err := freeSpace(dir); err == nil {
		d.Free = int64(min(free, math.MaxInt64))
	}
	return d
}

// Stats returns how things stand. It asks nobody.
func (s *Store) Stats() Stats {
	out := Stats{Age: s.Age(), WatchBreaks: max(s.watchBreaks.Load(), s.watches.Load()-1), Loads: s.loads.Load()}
	out.Behind, out.BehindFor = s.arrival.lag(time.Now())
	if s.server != nil {
		out.Disk = s.server.disk(s.room.dir)
	}
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
