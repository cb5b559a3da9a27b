package etcdstore

import (
	"context"
	"fmt"
	"runtime"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

const (
	pageLeast  = 2000    // records of one range request
	pageMost   = 100_000 // as many are in memory twice while loading
	pagesWhole = 20      // pages of a large store: etcd counts all that follow for each of them
	pagesAhead = 1       // pages fetched while another is decoded
)

// A record is a key of ours taken apart, with its decoded value.
type record struct {
	table, key string
	version    store.Version
	value      any
}

// read builds the tables at the newest revision. Pages are fetched while the
// ones before are decoded.
func (s *Store) read(ctx context.Context) (*image.Builder, store.Revision, error) {
	builder := image.NewBuilder(s.keys.tables)
	group, ctx := errgroup.WithContext(ctx)
	pages := make(chan []*mvccpb.KeyValue, pagesAhead)
	var rev store.Revision
	group.Go(func() error {
		defer close(pages)
		return s.fetch(ctx, &rev, pages)
	})
	group.Go(func() error {
		for page := range pages {
			records, err := s.decodeAll(page)
			if err != nil {
				return err
			}
			for _, r := range records {
				if r.table != "" {
					builder.Append(r.table, r.key, r.version, r.value)
				}
			}
		}
		return nil
	})
	return builder, rev, group.Wait()
}

func (s *Store) fetch(ctx context.Context, rev *store.Revision, pages chan<- []*mvccpb.KeyValue) error {
	end := clientv3.GetPrefixRangeEnd(s.keys.prefix)
	limit := int64(pageLeast)
	for from := s.keys.prefix; ; {
		resp, err := s.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(limit), clientv3.WithRev(int64(*rev)))
		if err != nil {
			return fmt.Errorf("etcdstore: load: %w", err)
		}
		if *rev == 0 {
			*rev = store.Revision(resp.Header.Revision)
			limit = min(max(resp.Count/pagesWhole, pageLeast), pageMost)
		}
		select {
		case pages <- resp.Kvs:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !resp.More {
			return nil
		}
		from = string(resp.Kvs[len(resp.Kvs)-1].Key) + "\x00"
	}
}

// decodeAll decodes a page on all processors.
func (s *Store) decodeAll(page []*mvccpb.KeyValue) ([]record, error) {
	records := make([]record, len(page))
	var group errgroup.Group
	share := len(page)/runtime.GOMAXPROCS(0) + 1
	for from := 0; from < len(page); from += share {
		group.Go(func() (err error) {
			for i := from; i < min(from+share, len(page)) && err == nil; i++ {
				records[i], err = s.decode(page[i])
			}
			return err
		})
	}
	return records, group.Wait()
}

// decode returns a record without a table for a key that is none of ours.
func (s *Store) decode(kv *mvccpb.KeyValue) (record, error) {
	table, key, ok := s.keys.split(kv.Key)
	switch {
	case string(kv.Key) == s.keys.fill():
		return record{}, errUnfinished
	case !ok:
		return record{}, nil
	}
	value, err := s.keys.decode(table, key, kv.Value)
	return record{table, key, store.Version(kv.ModRevision), value}, err
}
