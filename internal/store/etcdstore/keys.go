package etcdstore

import (
	"fmt"
	"strings"

	"github.com/duoplane/duoplane/internal/store"
)

// headKey follows the prefix in the key that every commit to a cluster writes,
// so that a reader learns from one key which revision is the newest of ours:
// the cluster's own revision also counts what others keep there. It holds
// nothing, and no table can have its name.
const headKey = "HEAD"

// A keyspace knows where in etcd the records of which tables are.
type keyspace struct {
	prefix string
	tables store.Tables
}

func (k *keyspace) head() string { return k.prefix + headKey }

func (k *keyspace) fill() string { return k.prefix + fillKey }

func (k *keyspace) join(table, key string) string { return k.prefix + table + "/" + key }

// split is join's inverse; false for a key that is none of ours.
func (k *keyspace) split(at []byte) (table, key string, ok bool) {
	table, key, ok = strings.Cut(strings.TrimPrefix(string(at), k.prefix), "/")
	_, declared := k.tables[table]
	return table, key, ok && declared && key != ""
}

func (k *keyspace) decode(table, key string, doc []byte) (any, error) {
	value, err := k.tables[table].Decode(doc)
	if err != nil {
		return nil, &unreadableError{table, key, err}
	}
	return value, nil
}

// An unreadableError names a record that this program cannot decode.
type unreadableError struct {
	table, key string
	err        error
}

func (e *unreadableError) Error() string {
	return fmt.Sprintf("etcdstore: the record %s/%s cannot be read: %v", e.table, e.key, e.err)
}
func (e *unreadableError) Unwrap() error { return e.err }
