package etcdstore

import (
	"context"
	"runtime"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"golang.org/x/sync/errgroup"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

const pagesAhead = 1 // pages fetched while another is decoded

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
	group.Go(func() (err error) {
		defer close(pages)
		rev, err = s.fetch(ctx, func(page []*mvccpb.KeyValue) error {
			select {
			case pages <- page:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		return err
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
	err := group.Wait()
	return builder, rev, err
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
		return record{}, ErrUnfinished
	case !ok:
		return record{}, nil
	}
	text, value, err := decode(table, key, kv.Value)
	return record{table.TableName(), text, store.Version(kv.ModRevision), value}, err
}
