package loginmsg

import (
	"slices"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// Schema returns the declaration of an owner's texts as REST has them.
func Schema() *record.Schema[Messages] {
	rows := slices.Concat(identityFields, []record.Field[Messages]{bannerField, messageField, clusterField})
	for i := range rows {
		rows[i].Flag = "" // the command line has the texts apart
	}
	return record.NewSchema("login_messages", rows...)
}

// BannerSchema returns the declaration of an owner's banner, and MotdSchema of
// its message of the day, as the command line has them.
func BannerSchema() *record.Schema[Messages] {
	return record.NewSchema("login_banner", append(ownerFields("the banner"), bannerField)...)
}

// MotdSchema is described at BannerSchema.
func MotdSchema() *record.Schema[Messages] {
	return record.NewSchema("login_motd", append(ownerFields("the message"), messageField, clusterField)...)
}

func ownerFields(what string) []record.Field[Messages] {
	return svm.OwnerFields(what, func(m *Messages) *svm.Owner { return &m.Owner })
}

// The values of scope, ONTAP's words.
const (
	clusterScope = "cluster"
	svmScope     = "svm"
)

var identityFields = []record.Field[Messages]{
	{
		Path: "uuid", Kind: record.UUID, Use: record.Key | record.ReadOnly,
		Doc: "UUID of the cluster or SVM that shows the texts.", Example: "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
		Get: func(m *Messages) record.Value { return record.Text(m.Owner.UUID) },
	},
	{
		Path: "scope", Kind: record.Enum, Enum: []string{svmScope, clusterScope}, Use: record.ReadOnly | record.Shown,
		Doc: "Whether the texts are the cluster's or an SVM's.", Example: svmScope,
		Get: func(m *Messages) record.Value {
			if m.Cluster {
				return record.Text(clusterScope)
			}
			return record.Text(svmScope)
		},
	},
	{
		Path: "svm.uuid", Kind: record.UUID, Use: record.ReadOnly | record.Shown,
		Doc: "UUID of the SVM; absent for the cluster.", Example: "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
		Get: func(m *Messages) record.Value { return record.Text(m.svm().UUID) },
	},
	{
		Path: "svm.name", Kind: record.String, Use: record.ReadOnly | record.Shown,
		Doc: "Name of the SVM; absent for the cluster.", Example: "svm1",
		Get: func(m *Messages) record.Value { return record.Text(m.svm().Name) },
	},
}

// svm returns the SVM that owns the texts, the zero Owner for the cluster's.
func (m *Messages) svm() svm.Owner {
	if m.Cluster {
		return svm.Owner{}
	}
	return m.Owner
}

var (
	bannerField = record.Field[Messages]{
		Path: "banner", Flag: "message", Kind: record.String, Use: record.Clearable, Max: MaxText,
		Doc: "Text that is shown before a login: tabs, ends of lines and what can be printed." +
			" An SVM without one shows the cluster's.",
		Label: "Login Banner Message", Example: "Authorized users only.",
		Get:   func(m *Messages) record.Value { return record.Text(m.Banner) },
		Set:   func(m *Messages, v record.Value) { m.Banner = oneEnding(v.Str()) },
		Check: checkText,
	}
	messageField = record.Field[Messages]{
		Path: "message", Flag: "message", Kind: record.String, Use: record.Clearable, Max: MaxText,
		Doc: "Message of the day, which is shown after a login, an SVM's below the cluster's:" +
			" tabs, ends of lines and what can be printed.",
		Label: "Message of the Day (MOTD)", Example: "Maintenance on Sunday, 02:00 to 04:00.",
		Get:   func(m *Messages) record.Value { return record.Text(m.Message) },
		Set:   func(m *Messages, v record.Value) { m.Message = oneEnding(v.Str()) },
		Check: checkText,
	}
	clusterField = record.Field[Messages]{
		Path: "show_cluster_message", Flag: "is-cluster-message-enabled", Kind: record.Bool,
		Doc:   "Whether logins see the cluster's message of the day. Only accounts of the cluster may change it.",
		Label: "Is Cluster-level Message Enabled?", Default: record.Flag(true),
		Get: func(m *Messages) record.Value { return record.Flag(!m.WithoutCluster) },
		Set: func(m *Messages, v record.Value) { m.WithoutCluster = !v.Bool() },
	}
)
