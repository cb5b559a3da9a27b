package etcdstore

import (
	"context"
	"runtime"
	"slices"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"golang.org/x/sync/errgroup"

	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/store/image"
)

const pagesAhead = 1 // pages fetched while another is decoded

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
			builder.Load(slices.DeleteFunc(records, func(r image.Record) bool { return r.Table == "" }))
		}
		return nil
	})
	err := group.Wait()
	return builder, rev, err
}

// decodeAll decodes a page on all processors.
func (s *Store) decodeAll(page []*mvccpb.KeyValue) ([]image.Record, error) {
	records := make([]image.Record, len(page))
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
func (s *Store) decode(kv *mvccpb.KeyValue) (image.Record, error) {
	table, key, ok := s.keys.split(kv.Key)
	switch {
	case string(kv.Key) == s.keys.fill():
		return image.Record{}, ErrUnfinished
	case !ok:
		return image.Record{}, nil
	}
	text, value, err := decode(table, key, kv.Value)
	return image.Record{Table: table.TableName(), Key: text, Version: store.Version(kv.ModRevision), Value: value}, err
}
