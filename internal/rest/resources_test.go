package rest_test

import (
	"context"
	"iter"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/svm"
)

func lampResource(s *lamps) rest.Mounted {
	return rest.Resource[lamp]{
		Path: "/security/lamps", Schema: s.schema, Service: s,
		Operations: rest.Operations{
			List: "lamp_collection_get", Create: "lamp_create", ModifyMany: "lamp_modify_collection", DeleteMany: "lamp_delete_collection",
			Read: "lamp_get", Modify: "lamp_modify", Delete: "lamp_delete",
		},
		Links: map[string]func(*lamp) string{"owner": func(l *lamp) string { return "/api/svm/svms/" + l.owner.UUID }},
		Tag:   "Security", Title: "lamps", Doc: "Lamps of the cluster and its SVMs.",
	}
}

// A toyCluster is a record there is one of.
type toyCluster struct{ name string }

type toyClusters struct{}

func (toyClusters) Rows(context.Context, svm.Caller, []string) iter.Seq2[*toyCluster, error] {
	return func(yield func(*toyCluster, error) bool) { yield(&toyCluster{"lab-a"}, nil) }
}

func (toyClusters) Find(context.Context, svm.Caller, []string) (*toyCluster, error) {
	return &toyCluster{"lab-a"}, nil
}

func (toyClusters) Fill(context.Context, []*toyCluster) error { return nil }

func clusterResource() rest.Mounted {
	text := func(path, value string, use record.Use) record.Field[toyCluster] {
		return record.Field[toyCluster]{
			Path: path, Kind: record.String, Use: use | record.ReadOnly, Doc: "A text.",
			Get: func(*toyCluster) record.Value { return record.Text(value) },
		}
	}
	number := func(path string, n int64) record.Field[toyCluster] {
		return record.Field[toyCluster]{
			Path: path, Kind: record.Int, Use: record.ReadOnly, Doc: "A number.",
			Get: func(*toyCluster) record.Value { return record.Integer(n) },
		}
	}
	return rest.Resource[toyCluster]{
		Path: "/cluster", Reader: toyClusters{}, Singleton: true,
		Schema: record.NewSchema("cluster",
			text("uuid", clusterUUID, 0),
			text("name", "lab-a", 0),
			text("version.full", "Lamps 1.0", 0),
			number("version.generation", 9),
			number("version.major", 16),
		),
		Operations: rest.Operations{Read: "cluster_get"},
		Tag:        "Cluster", Title: "cluster", Doc: "The cluster.",
	}
}
