package svm

import (
	"fmt"
	"hash/fnv"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

// A guard keeps the names of owners unique. Whether a name is free is seen in
// a snapshot; who takes it also writes the guard of the name, at the version it
// has there. So of two who take the same name at once one loses its race, sees
// the other's owner and is told so. Names share a few hundred guards: a record
// for every name would cost a third of the store's memory and start.
type guard struct {
	// Taken counts how often a name of this guard was taken.
	Taken int64 `json:"taken"`
}

var guards = &store.Table[guard]{Name: "name_guard", DocVersion: 1} // key: guardOf

// guardOf returns the guard of a name: two hex digits.
func guardOf(name string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name)) // a hash never fails
	return fmt.Sprintf("%02x", sum.Sum32()&0xff)
}

// take returns the change by which a new owner takes a name. Exists when the
// cluster or an SVM has it.
func take(snap store.Snapshot, name string) (store.Change, error) {
	if _, taken := ByName(snap, name); taken {
		return store.Change{}, fault.New(fault.Exists, "name", "duplicate entry")
	}
	var next guard
	before, version := guards.Get(snap, guardOf(name))
	if before != nil {
		next = *before
	}
	next.Taken++
	return guards.Put(guardOf(name), version, &next), nil
}

// naming returns the changes that keep names unique when an SVM gets a name;
// before is the one it had, "" for none.
func naming(snap store.Snapshot, before, after string) ([]store.Change, error) {
	if before == after {
		return nil, nil
	}
	taken, err := take(snap, after)
	if err != nil {
		return nil, err
	}
	return []store.Change{taken}, nil
}

// ByName returns the cluster or SVM of a name, and whether there is one.
func ByName(snap store.Snapshot, name string) (Owner, bool) {
	if cluster := ClusterOf(snap); cluster.UUID != "" && cluster.Name == name {
		return cluster.Owner(), true
	}
	if s, _ := SVMs.Find(snap, name); s != nil {
		return Owner{UUID: s.UUID, Name: s.Name}, true
	}
	return Owner{}, false
}
