package svm

import (
	"iter"

	"github.com/duoplane/duoplane/internal/store"
)

// An SVM is one storage VM: a tenant that may own Duo profiles, groups and
// accounts. Everything below Comment is kept and given back for clients that
// ask for it, and has no effect here.
type SVM struct {
	UUID    string `json:"uuid"`
	Name    string `json:"name"`
	Comment string `json:"comment,omitempty"`

	Language       string              `json:"language,omitempty"`
	IPspace        string              `json:"ipspace,omitempty"`
	SnapshotPolicy string              `json:"snapshot_policy,omitempty"`
	MaxVolumes     string              `json:"max_volumes,omitempty"`
	Aggregates     []string            `json:"aggregates,omitempty"`
	Protocols      map[string]Protocol `json:"protocols,omitempty"`
}

// A Protocol says whether an SVM may serve a protocol and does; nil where
// nobody said.
type Protocol struct {
	Allowed *bool `json:"allowed,omitempty"`
	Enabled *bool `json:"enabled,omitempty"`
}

// A Cluster is the whole this program administers. There is one.
type Cluster struct {
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// Owner returns the cluster as an owner of records.
func (c Cluster) Owner() Owner { return Owner(c) }

// ClusterKey is the one key of Clusters.
const ClusterKey = "cluster"

// Tables of the store.
var (
	// SVMs are kept by their UUID and found by their name.
	SVMs = &store.Table[SVM]{
		Name: "svm", DocVersion: 1,
		Key: func(s *SVM) string { return s.UUID }, Index: func(s *SVM) string { return s.Name },
	}
	Clusters = &store.Table[Cluster]{Name: "cluster", DocVersion: 1} // key: ClusterKey
)

// Tables returns every table of this package, for opening a store.
func Tables() []store.Codec { return []store.Codec{SVMs, Clusters, guards} }

// ClusterOf returns the cluster, the zero Cluster before EnsureCluster.
func ClusterOf(snap store.Snapshot) Cluster {
	if c, _ := Clusters.Get(snap, ClusterKey); c != nil {
		return *c
	}
	return Cluster{}
}

// Owners yields the cluster and all SVMs in ascending order of UUID, from the
// first UUID >= from.
func Owners(snap store.Snapshot, from string) iter.Seq[Owner] {
	return func(yield func(Owner) bool) {
		cluster := ClusterOf(snap).Owner()
		due := cluster.UUID != "" && cluster.UUID >= from
		for uuid, s := range SVMs.All(snap, from) {
			if due && cluster.UUID < uuid {
				due = false
				if !yield(cluster) {
					return
				}
			}
			if !yield(Owner{UUID: uuid, Name: s.Name}) {
				return
			}
		}
		if due {
			yield(cluster)
		}
	}
}
