package svm

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// A Node is a machine of the cluster as clients want to see one. Where
// several processes serve one store, they appear as one node.
type Node struct{ UUID, Name string }

// NodeOf derives the node from the cluster, so that it is the same everywhere
// and at all times.
func NodeOf(c Cluster) Node {
	return Node{UUID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(c.UUID+"/node")).String(), Name: c.Name + "-01"}
}

// NodeSchema returns the declaration of a node as the given version of this
// program shows it.
func NodeSchema(program string) *record.Schema[Node] {
	version := versionFields[Node](program)
	return record.NewSchema("node",
		record.Field[Node]{
			Path: "uuid", Kind: record.UUID, Use: record.Key | record.ReadOnly,
			Doc: "UUID of the node.", Label: "Node UUID", Example: "0c5b7b5e-6f43-5a39-9c5e-3a8f2d0a6b11",
			Get: func(n *Node) record.Value { return record.Text(n.UUID) },
		},
		record.Field[Node]{
			Path: "name", Kind: record.String, Use: record.ReadOnly | record.Shown,
			Doc: "Name of the node.", Label: "Node", Example: "cluster-1-01",
			Get: func(n *Node) record.Value { return record.Text(n.Name) },
		},
		version[0], version[1], version[2], version[3],
		record.Field[Node]{
			Path: "state", Kind: record.Enum, Enum: []string{"up"}, Use: record.ReadOnly,
			Doc: "Always \"up\": it answers.", Get: func(*Node) record.Value { return record.Text("up") },
		},
	)
}

// A NodeService reads the nodes: there is one.
type NodeService struct{ cluster *ClusterService }

// NewNodeService returns the service over the ledger's store.
func NewNodeService(ledger *audit.Ledger) *NodeService {
	return &NodeService{NewClusterService(ledger)}
}

// Rows yields the node, unless its key is below from or the caller is confined
// to an SVM.
func (s *NodeService) Rows(ctx context.Context, caller Caller, from []string) iter.Seq2[*Node, error] {
	return func(yield func(*Node, error) bool) {
		cluster, err := s.cluster.Find(ctx, caller, nil)
		if err != nil {
			yield(nil, err)
			return
		}
		n := NodeOf(*cluster)
		if caller.Scope.Sees(cluster.UUID) && (len(from) == 0 || from[0] <= n.UUID) {
			yield(&n, nil)
		}
	}
}

// Find returns the node with the key, or NotFound.
func (s *NodeService) Find(ctx context.Context, caller Caller, key []string) (*Node, error) {
	for n, err := range s.Rows(ctx, caller, key) {
		if err != nil {
			return nil, err
		}
		if len(key) == 1 && n.UUID == key[0] {
			return n, nil
		}
	}
	return nil, fault.New(fault.NotFound, "uuid", "entry doesn't exist")
}

// Fill does nothing: no field of a node is computed.
func (*NodeService) Fill(context.Context, []*Node) error { return nil }
