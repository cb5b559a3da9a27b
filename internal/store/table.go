package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// A Table declares one kind of record: its name in the store and how its
// values become documents. T is marshalled with encoding/json inside an
// envelope that carries the document version.
type Table[T any] struct {
	// Name is the path element under the store's prefix; lower-case letters
	// and underscores.
	Name string
	// DocVersion is the version written. Documents of an older version pass
	// through Upgrade; newer ones are refused.
	DocVersion int
	// Upgrade rewrites a document of version from to DocVersion. Nil while
	// there is only one version.
	Upgrade func(from int, doc []byte) ([]byte, error)
	// Key returns the key of a record where the record itself holds it, so
	// that memory does not hold it twice. Nil where no record does.
	Key func(*T) string
	// Index returns the text by which Find finds a record, "" for one that is
	// not to be found so. Nil where no record is. That no two records have the
	// same text is the domain's to see to.
	Index func(*T) string

	once  sync.Once
	head  []byte // how every document that Encode makes begins
	quick *quick // nil for a type that it does not know
}

// A Codec is a Table without its type, as backends need it.
type Codec interface {
	TableName() string
	// Encode returns the stored form of a value, a pointer to the table's type.
	Encode(value any) ([]byte, error)
	// Decode is Encode's inverse.
	Decode(doc []byte) (any, error)
	// KeyOf returns a record's key as text, the record's own if it has it.
	KeyOf(key []byte, value any) string
	// IndexOf returns the text by which a record is found, "" for none.
	IndexOf(value any) string
}

// A document is {"v":<DocVersion>,"d":<value>}.
type envelope struct {
	V int             `json:"v"`
	D json.RawMessage `json:"d"`
}

// TableName implements Codec.
func (t *Table[T]) TableName() string { return t.Name }

// Encode implements Codec.
func (t *Table[T]) Encode(value any) ([]byte, error) {
	v, ok := value.(*T)
	if !ok {
		return nil, fmt.Errorf("store: table %s does not hold %T", t.Name, value)
	}
	doc, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("store: encode for table %s: %w", t.Name, err)
	}
	t.once.Do(t.prepare)
	return slices.Concat(t.head, doc, []byte{'}'}), nil
}

// prepare finds out once how documents are read.
func (t *Table[T]) prepare() {
	t.head = fmt.Appendf(nil, `{"v":%d,"d":`, t.DocVersion)
	if of := reflect.TypeFor[T](); of.Kind() == reflect.Struct {
		t.quick = newQuick(of)
	}
}

// Decode implements Codec.
func (t *Table[T]) Decode(doc []byte) (any, error) {
	// A document as Encode made it needs no second pass for the envelope. Any
	// other spelling, as an operator's repair may leave it, does.
	t.once.Do(t.prepare)
	if body, ok := bytes.CutPrefix(doc, t.head); ok && bytes.HasSuffix(body, []byte{'}'}) {
		body = body[:len(body)-1]
		if v := new(T); t.quick != nil && t.quick.decode(body, reflect.ValueOf(v).Elem()) {
			return v, nil
		}
		if v := new(T); json.Unmarshal(body, v) == nil {
			return v, nil
		}
	}
	var e envelope
	if err := json.Unmarshal(doc, &e); err != nil {
		return nil, fmt.Errorf("store: decode envelope in table %s: %w", t.Name, err)
	}
	body := []byte(e.D)
	switch {
	case e.V < 1 || e.V > t.DocVersion:
		return nil, fmt.Errorf("store: table %s holds a document of version %d, this program knows up to %d", t.Name, e.V, t.DocVersion)
	case e.V < t.DocVersion:
		var err error
		if body, err = t.Upgrade(e.V, body); err != nil {
			return nil, fmt.Errorf("store: upgrade document in table %s: %w", t.Name, err)
		}
	}
	v := new(T)
	if err := json.Unmarshal(body, v); err != nil {
		return nil, fmt.Errorf("store: decode document in table %s: %w", t.Name, err)
	}
	return v, nil
}

// KeyOf implements Codec.
func (t *Table[T]) KeyOf(key []byte, value any) string {
	if v, ok := value.(*T); ok && t.Key != nil {
		if own := t.Key(v); own == string(key) {
			return own
		}
	}
	return string(key)
}

// IndexOf implements Codec.
func (t *Table[T]) IndexOf(value any) string {
	if t.Index == nil {
		return ""
	}
	v, ok := value.(*T)
	if !ok {
		return ""
	}
	return t.Index(v)
}

// Get returns the record under a key and its version; nil and 0 when absent.
// The record is shared and must not be changed.
func (t *Table[T]) Get(s Snapshot, key string) (*T, Version) {
	row, ok := s.Row(t.Name, key)
	if !ok {
		return nil, 0
	}
	return row.Value.(*T), row.Version
}

// Find returns the record with a text that the table indexes, and its version;
// nil and 0 when there is none. The record is shared and must not be changed.
func (t *Table[T]) Find(s Snapshot, text string) (*T, Version) {
	row, ok := s.Find(t.Name, text)
	if !ok {
		return nil, 0
	}
	return row.Value.(*T), row.Version
}

// All yields the records whose key is >= from, in order of key. They are
// shared and must not be changed.
func (t *Table[T]) All(s Snapshot, from string) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		for row := range s.Rows(t.Name, from) {
			if !yield(row.Key, row.Value.(*T)) {
				return
			}
		}
	}
}

// Under yields the records whose key begins with prefix, in order of key.
func (t *Table[T]) Under(s Snapshot, prefix string) iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		for key, v := range t.All(s, prefix) {
			if !strings.HasPrefix(key, prefix) || !yield(key, v) {
				return
			}
		}
	}
}

// Put writes a record whose stored version must be expect; 0 means that it
// must not exist. The value must not be changed afterwards.
func (t *Table[T]) Put(key string, expect Version, value *T) Change {
	return Change{Op: Put, Table: t.Name, Key: key, Expect: expect, Value: value}
}

// Delete removes a record whose stored version must be expect.
func (t *Table[T]) Delete(key string, expect Version) Change {
	return Change{Op: Delete, Table: t.Name, Key: key, Expect: expect}
}

// DeleteUnder removes all records whose key begins with prefix, however many.
func (t *Table[T]) DeleteUnder(prefix string) Change {
	return Change{Op: DeleteUnder, Table: t.Name, Key: prefix}
}

// Require changes nothing but makes the Commit depend on a record's version;
// 0 means that it must not exist.
func (t *Table[T]) Require(key string, expect Version) Change {
	return Change{Op: Require, Table: t.Name, Key: key, Expect: expect}
}

// JoinKey makes one key of an owner's UUID and a name. The UUID holds no
// slash, so the name may hold anything and byte order of keys is the order of
// (UUID, name).
func JoinKey(ownerUUID, name string) string { return ownerUUID + "/" + name }
