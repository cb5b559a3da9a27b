package svm

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
)

// The ONTAP release whose interface this program offers.
const (
	generation = 9
	major      = 16
	minor      = 1
)

// fullVersion says what runs, and what it is compatible with.
func fullVersion(program string) string {
	return "Duoplane " + program + " (compatible with ONTAP 9.16.1)"
}

// EnsureCluster returns the cluster and makes it on the very first start, with
// the name given, which is ignored later. NameLength and NameCharacters as
// CheckName, Exists when an SVM has the name.
func (s *Service) EnsureCluster(ctx context.Context, name string) (Cluster, error) {
	if err := CheckName(name); err != nil {
		return Cluster{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Cluster{}, fault.Wrap(err, fault.Internal, "", "No UUID could be made for the cluster.")
	}
	var cluster Cluster
	err = s.ledger.Do(ctx, Starter(), func(snap store.Snapshot) (audit.Entry, []store.Change, error) {
		if cluster = ClusterOf(snap); cluster.UUID != "" {
			return audit.Entry{}, nil, nil
		}
		cluster = Cluster{UUID: id.String(), Name: name}
		taken, err := take(snap, name)
		if err != nil {
			return audit.Entry{}, nil, err
		}
		return audit.Entry{Event: "create", Resource: "cluster", Key: name, Owner: cluster.UUID}, []store.Change{
			Clusters.Put(ClusterKey, 0, &cluster),
			taken,
		}, nil
	})
	return cluster, err
}

// Starter is the caller of what the program does by itself when it starts.
func Starter() Caller { return Caller{Name: "duoplane", Scope: Everything(), Via: "start"} }

// ClusterSchema returns the declaration of the cluster as the given version of
// this program shows it.
func ClusterSchema(program string) *record.Schema[Cluster] {
	version := versionFields[Cluster](program)
	return record.NewSchema("cluster",
		record.Field[Cluster]{
			Path: "name", Flag: "name", Kind: record.String, Use: record.ReadOnly,
			Doc: "Name of the cluster.", Label: "Cluster Name", Example: "cluster-1",
			Get: func(c *Cluster) record.Value { return record.Text(c.Name) },
		},
		record.Field[Cluster]{
			Path: "uuid", Flag: "uuid", Kind: record.UUID, Use: record.ReadOnly,
			Doc: "UUID of the cluster, by which it owns records.", Label: "Cluster UUID", Example: "7c1f0a52-3b6e-11f0-9d44-d039ea4b1c20",
			Get: func(c *Cluster) record.Value { return record.Text(c.UUID) },
		},
		version[0], version[1], version[2], version[3],
		constant[Cluster]("contact", record.String, record.Value{}, "Not kept here: always unset."),
		constant[Cluster]("location", record.String, record.Value{}, "Not kept here: always unset."),
		constant[Cluster]("san_optimized", record.Bool, record.Flag(false), "Always false: there is no storage here."),
		constant[Cluster]("disaggregated", record.Bool, record.Flag(false), "Always false: there is no storage here."),
	)
}

func versionFields[T any](program string) []record.Field[T] {
	return []record.Field[T]{
		constant[T]("version.full", record.String, record.Text(fullVersion(program)), "What runs here, and the ONTAP release it is compatible with."),
		constant[T]("version.generation", record.Int, record.Integer(generation), "First number of that ONTAP release."),
		constant[T]("version.major", record.Int, record.Integer(major), "Second number of that ONTAP release."),
		constant[T]("version.minor", record.Int, record.Integer(minor), "Third number of that ONTAP release."),
	}
}

func constant[T any](path string, kind record.Kind, v record.Value, doc string) record.Field[T] {
	return record.Field[T]{
		Path: path, Kind: kind, Use: record.ReadOnly, Doc: doc,
		Get: func(*T) record.Value { return v },
	}
}

// A ClusterService reads the cluster, a singleton.
type ClusterService struct{ ledger *audit.Ledger }

// NewClusterService returns the service over the ledger's store.
func NewClusterService(ledger *audit.Ledger) *ClusterService { return &ClusterService{ledger} }

// Rows yields the cluster.
func (s *ClusterService) Rows(ctx context.Context, caller Caller, _ []string) iter.Seq2[*Cluster, error] {
	return func(yield func(*Cluster, error) bool) {
		yield(s.Find(ctx, caller, nil))
	}
}

// Find returns the cluster, whatever the caller's scope: its name and version
// are what every client asks for first.
func (s *ClusterService) Find(ctx context.Context, _ Caller, _ []string) (*Cluster, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	cluster := ClusterOf(snap)
	return &cluster, nil
}

// Fill does nothing: no field of the cluster is computed.
func (*ClusterService) Fill(context.Context, []*Cluster) error { return nil }
