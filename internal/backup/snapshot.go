package backup

import (
	"context"
	"iter"

	"github.com/duoplane/duoplane/internal/store"
)

// A snapshot is a store.Snapshot as a Source.
type snapshot struct {
	store.Snapshot
	tables     map[string]store.Codec
	undeclared func(context.Context) (int, error)
}

// OfSnapshot makes a Source of a serving store's snapshot: it costs the store
// nothing, and stays good however long the file takes.
func OfSnapshot(snap store.Snapshot, tables []store.Codec, undeclared func(context.Context) (int, error)) Source {
	s := snapshot{snap, map[string]store.Codec{}, undeclared}
	for _, t := range tables {
		s.tables[t.TableName()] = t
	}
	return s
}

func (s snapshot) Len(_ context.Context, table string) (int, error) {
	return s.Snapshot.Len(table), nil
}

func (s snapshot) Document(_ context.Context, table, key string) ([]byte, error) {
	row, ok := s.Row(table, key)
	if !ok {
		return nil, nil
	}
	return s.tables[table].Encode(row.Value)
}

func (s snapshot) Documents(ctx context.Context, table string) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		for row := range s.Rows(table, "") {
			doc, err := s.tables[table].Encode(row.Value)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(store.Document{Table: table, Key: row.Key, Doc: doc}, err) || err != nil {
				return
			}
		}
	}
}

func (s snapshot) Undeclared(ctx context.Context) (int, error) { return s.undeclared(ctx) }
