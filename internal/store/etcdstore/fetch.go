package etcdstore

import (
	"context"
	"fmt"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3rpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/duoplane/duoplane/internal/store"
)

// How an etcd before 3.7 is read.
const (
	pageLeast  = 2000    // records of one range request
	pageMost   = 100_000 // as many are in memory twice while loading
	pagesWhole = 20      // pages of a large store: etcd counts all that follow for each of them
)

// fetch hands every key of ours at the newest revision to page, some at a time
// and in order, and returns that revision.
func (s *Store) fetch(ctx context.Context, page func([]*mvccpb.KeyValue) error) (rev store.Revision, err error) {
	if s.server != nil {
		rev, err = s.server.stream(ctx, s.keys.prefix, page)
	} else {
		ctx = clientv3.WithRequireLeader(ctx)
		if rev, err = s.stream(ctx, page); status.Code(err) == codes.Unimplemented {
			rev, err = s.pages(ctx, page)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("etcdstore: load: %w", err)
	}
	return rev, nil
}

// stream has a cluster send all in one answer, as etcd knows to since 3.7.
func (s *Store) stream(ctx context.Context, page func([]*mvccpb.KeyValue) error) (rev store.Revision, err error) {
	ctx, cancel := context.WithCancel(ctx) // ends the stream when page has enough
	defer cancel()
	answers, err := s.client.GetStream(ctx, s.keys.prefix, clientv3.WithPrefix())
	if err != nil {
		return 0, err
	}
	for answer := range answers {
		if err != nil {
			continue // until the stream has seen that it was ended
		}
		if err = answer.Err(); err == nil {
			rev, err = revisionOf(answer.RangeResponse, rev), page(answer.Kvs)
		}
		if err != nil {
			cancel()
		}
	}
	return rev, err
}

// revisionOf is the revision that an answer of a stream has: the last one has
// it alone.
func revisionOf(answer *etcdserverpb.RangeResponse, before store.Revision) store.Revision {
	return max(before, store.Revision(answer.GetHeader().GetRevision()))
}

// pages asks for one page after the other.
func (s *Store) pages(ctx context.Context, page func([]*mvccpb.KeyValue) error) (rev store.Revision, err error) {
	end := clientv3.GetPrefixRangeEnd(s.keys.prefix)
	limit := int64(pageLeast)
	for from := s.keys.prefix; ; {
		resp, err := s.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(limit), clientv3.WithRev(int64(rev)))
		if err != nil {
			return 0, err
		}
		if rev == 0 {
			rev = store.Revision(resp.Header.Revision)
			limit = min(max(resp.Count/pagesWhole, pageLeast), pageMost)
		}
		if err := page(resp.Kvs); err != nil || !resp.More {
			return rev, err
		}
		from = string(resp.Kvs[len(resp.Kvs)-1].Key) + "\x00"
	}
}

// stream is what a cluster's stream is, from the etcd in this process, whose
// client has none.
func (s *server) stream(ctx context.Context, prefix string, page func([]*mvccpb.KeyValue) error) (store.Revision, error) {
	a := answers{ctx: ctx, page: page}
	err := v3rpc.NewQuotaKVServer(s.etcd.Server).RangeStream(&etcdserverpb.RangeRequest{
		Key: []byte(prefix), RangeEnd: []byte(clientv3.GetPrefixRangeEnd(prefix)),
	}, &a)
	return a.rev, rpctypes.Error(err)
}

// answers take what etcd sends.
type answers struct {
	grpc.ServerStream // nil: etcd calls the two methods below alone

	ctx  context.Context // etcd asks for it
	page func([]*mvccpb.KeyValue) error
	rev  store.Revision
}

// Context implements grpc.ServerStream.
func (a *answers) Context() context.Context { return a.ctx }

// Send implements etcdserverpb.KV_RangeStreamServer.
func (a *answers) Send(answer *etcdserverpb.RangeStreamResponse) error {
	a.rev = revisionOf(answer.RangeResponse, a.rev)
	return a.page(answer.RangeResponse.Kvs)
}
