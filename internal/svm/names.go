package svm

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/store"
)

// maxBatch is how many SVMs a NameJoin reads ahead at most.
const maxBatch = 512

// A NameJoin tells owners' names by UUID as of one snapshot. It answers for
// any order of questions, and fastest for ascending ones, as a list of
// records in order of their owners asks: then it reads the SVMs alongside
// instead of looking each up. It is for one goroutine.
type NameJoin struct {
	snap    store.Snapshot
	cluster Cluster
	ahead   []Owner // SVMs in ascending order of UUID, without a gap
	at      int     // where in ahead the last answer was
	hits    int     // questions that ahead has answered
}

// Names returns the names of all owners.
func Names(snap store.Snapshot) *NameJoin {
	return &NameJoin{snap: snap, cluster: ClusterOf(snap)}
}

// Of returns the name of the cluster or SVM with the UUID, "" when there is none.
func (j *NameJoin) Of(uuid string) string {
	if next := j.at + 1; next < len(j.ahead) && j.ahead[next].UUID == uuid { // nearly always, in a list
		j.at = next
		j.hits++
		return j.ahead[next].Name
	}
	if uuid == j.cluster.UUID {
		return j.cluster.Name
	}
	if !j.covers(uuid) {
		j.read(uuid)
	}
	// The same owner again, or the next one: no need to search.
	for ; j.at < len(j.ahead) && j.ahead[j.at].UUID <= uuid; j.at++ {
		if j.ahead[j.at].UUID == uuid {
			j.hits++
			return j.ahead[j.at].Name
		}
	}
	j.at = 0
	i, found := slices.BinarySearchFunc(j.ahead, uuid, func(o Owner, uuid string) int { return strings.Compare(o.UUID, uuid) })
	if !found {
		return ""
	}
	j.at = i
	j.hits++
	return j.ahead[i].Name
}

func (j *NameJoin) covers(uuid string) bool {
	return len(j.ahead) > 0 && j.ahead[0].UUID <= uuid && uuid <= j.ahead[len(j.ahead)-1].UUID
}

// read fills ahead from uuid on: twice as much as before while most of what is
// read is asked for, little when it is not.
func (j *NameJoin) read(uuid string) {
	size := len(j.ahead)
	if ascending := size > 0 && j.ahead[size-1].UUID < uuid; ascending && j.hits*4 >= size {
		size = min(2*size, maxBatch)
	} else {
		size = 1
	}
	j.ahead, j.at, j.hits = j.ahead[:0], 0, 0
	for key, s := range SVMs.All(j.snap, uuid) {
		if j.ahead = append(j.ahead, Owner{UUID: key, Name: s.Name}); len(j.ahead) == size {
			return
		}
	}
}
