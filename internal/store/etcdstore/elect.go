package etcdstore

import (
	"context"
	"expvar"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// elect waits until the only member is its own leader and ready. It would be
// after one to two election timeouts, for which etcd listens for another
// leader; hurry makes it milliseconds.
func (s *server) elect(ctx context.Context) error {
	hurrying, stop := context.WithCancel(ctx)
	defer context.AfterFunc(s.life, stop)() //nolint:contextcheck // the life of etcd, which is not the caller's
	hurried := make(chan struct{})
	go func() {
		defer close(hurried)
		hurry(hurrying, s.etcd.Server)
	}()
	defer stop()
	select {
	case <-s.etcd.Server.ReadyNotify():
		stop()
		<-hurried
		return nil
	case <-s.life.Done(): // the goroutine may hang with etcd and is left behind with it
		return s.err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hurry tells raft what a leader that steps down would: that its time has
// come. Raft refuses while its log holds changes of membership to apply, and
// panics where the log was cut before it looked; so nothing is said until the
// whole log is applied, which without a leader grows no more.
func hurry(ctx context.Context, etcd *etcdserver.EtcdServer) {
	self := uint64(etcd.MemberID())
	now := &raftpb.Message{Type: raftpb.MsgTimeoutNow.Enum(), From: &self, To: &self}
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
		if etcd.Leader() == 0 && logApplied(self) {
			_ = etcd.Process(ctx, now) // refused only when etcd stops
		}
	}
}

// logApplied reports whether raft's whole log is applied, as far as etcd's
// published variable tells; it is that of the etcd started last in this
// process.
func logApplied(member uint64) bool {
	status, ok := expvar.Get("raft.status").(expvar.Func)
	if !ok {
		return false
	}
	now, ok := status.Value().(raft.Status)
	return ok && now.ID == member && now.Applied > 0 && now.Applied == now.GetCommit()
}
