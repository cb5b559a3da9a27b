package etcdstore

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

const (
	// minFree is kept back on the disk of an embedded etcd. It stops for good
	// when a write of its own fails; the largest is the next segment of its
	// log, 64 MB, made in advance.
	minFree = 128 << 20
	// roomFor is how long a look at the disk is good for. The fastest writer
	// measured fills 40 MB in that time.
	roomFor = 500 * time.Millisecond
)

// errNoRoom is why a change is refused while reads and logins go on.
var errNoRoom = errors.New("etcdstore: the disk is nearly full")

// A room watches the space on the disk of the embedded etcd, so that changes
// are refused before etcd itself fails. The zero room is always large enough.
type room struct {
	dir  string
	want uint64
	log  *slog.Logger

	mu     sync.Mutex // guards what follows
	looked time.Time
	full   bool
}

// check returns why nothing may be written at present, or nil.
func (r *room) check() error {
	if r.dir == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.looked) >= roomFor {
		r.look()
	}
	if !r.full {
		return nil
	}
	return fault.Wrap(errNoRoom, fault.Unavailable, "",
		"Nothing can be changed: less than %d MB are free on the disk of the data directory; the administrator must make room.", r.want>>20)
}

// look asks the system. A disk that cannot be asked is taken for good: etcd
// knows better. It is called with mu held.
func (r *room) look() {
	r.looked = time.Now()
	free, err := freeSpace(r.dir)
	full := err == nil && free < r.want
	switch {
	case full && !r.full:
		r.log.Error("the disk of the data directory is nearly full; changes are refused until there is room",
			slog.Uint64("free_bytes", free), slog.Uint64("needed_bytes", r.want))
	case !full && r.full:
		r.log.Info("there is room on the disk of the data directory again; changes are taken")
	}
	r.full = full
}
