package etcdstore

import (
	"bytes"
	"fmt"

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
func (k *keyspace) split(at []byte) (table store.Codec, key []byte, ok bool) {
	name, key, ok := bytes.Cut(bytes.TrimPrefix(at, []byte(k.prefix)), []byte{'/'})
	table = k.tables[string(name)]
	return table, key, ok && table != nil && len(key) > 0
}

// decode returns a record and its key as text.
func decode(table store.Codec, key, doc []byte) (string, any, error) {
	value, err := table.Decode(doc)
	if err != nil {
		return "", nil, &unreadableError{table.TableName(), string(key), err}
	}
	return table.KeyOf(key, value), value, nil
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
