package etcdstore

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/duoplane/duoplane/internal/store"
)

const (
	// confirmEvery is how often the cluster is asked whether the image is the
	// newest, where no reader has asked.
	confirmEvery = time.Second
	// watchPatience is how long the watch may take to bring a commit that the
	// cluster has told of, until it is begun anew.
	watchPatience = 3 * time.Second
)

// A freshness knows when the image was last known to hold every acknowledged
// commit. It counts on the monotonic clock, so that setting the machine's time
// makes nothing older or younger.
type freshness struct {
	limit time.Duration // 0: none
	epoch time.Time
	at    atomic.Int64 // nanoseconds since epoch
}

func (f *freshness) begin(limit time.Duration) { f.limit, f.epoch = limit, time.Now() }

// mark says that the image was the newest at a moment, which is the one at
// which the cluster was asked, not the one of its answer.
func (f *freshness) mark(asked time.Time) {
	now := int64(asked.Sub(f.epoch))
	for was := f.at.Load(); now > was && !f.at.CompareAndSwap(was, now); was = f.at.Load() {
	}
}

func (f *freshness) age() time.Duration { return time.Since(f.epoch) - time.Duration(f.at.Load()) }

// Age returns how long ago the image was last known to hold every acknowledged
// commit; 0 on an embedded etcd, which only this process writes to.
func (s *Store) Age() time.Duration {
	if s.confirm == nil {
		return 0
	}
	return s.fresh.age()
}

// usable returns why what was seen last may not be relied on, or nil.
func (s *Store) usable() error {
	if s.confirm != nil && s.fresh.limit > 0 && s.fresh.age() >= s.fresh.limit {
		return store.Outdated(s.fresh.limit)
	}
	return nil
}

// Usable returns nil while reads of every kind can be answered, or would be if
// the cluster were there; else what a Local read is refused with.
func (s *Store) Usable() error {
	if err := s.Err(); err != nil {
		return store.Unreached(err)
	}
	if v := s.view.Load(); v.err != nil {
		return store.Unreached(v.err)
	}
	return s.usable()
}

var errBehind = errors.New("etcdstore: the watch has fallen behind what the cluster acknowledged")

// keepFresh confirms the image now and then, so that its age is known though
// nobody reads, and begins the watch anew when it does not bring what the
// cluster has.
func (s *Store) keepFresh(ctx context.Context) {
	every := confirmEvery
	if s.fresh.limit > 0 {
		every = min(every, s.fresh.limit/4)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if s.fresh.age() < every {
			continue
		}
		if err := s.reconfirm(ctx); errors.Is(err, errBehind) {
			s.log.WarnContext(ctx, "store: the watch on etcd brings nothing, beginning it anew", slog.Duration("age", s.fresh.age()))
			s.breakWatch()
		}
	}
}

// reconfirm returns errBehind when the cluster answers and the watch does not
// follow. All else that goes wrong shows in the age.
func (s *Store) reconfirm(ctx context.Context) error {
	answer, err := s.confirm.newest(ctx)
	if err != nil {
		return err
	}
	patient, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	err = s.arrival.wait(patient, answer.rev)
	switch {
	case err == nil:
		s.fresh.mark(answer.asked)
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return errBehind
	}
	return err
}
