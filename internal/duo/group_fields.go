package duo

import (
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// GroupSchema returns the declaration of a Duo group.
func GroupSchema() *record.Schema[Group] {
	owner := svm.OwnerFields("the group", func(g *Group) *svm.Owner { return &g.Owner })
	return record.NewSchema("duo_group", append(owner, groupFields...)...)
}

// groupFields are a group's own rows, in ONTAP's order.
var groupFields = []record.Field[Group]{
	{
		Path: "name", Flag: "group-name", Kind: record.String, Use: record.Key | record.Required | record.CreateOnly, Max: maxName,
		Doc: "Name of the Active Directory, LDAP or local group.", Label: "Group Name", Example: "storage-admins",
		Get:   func(g *Group) record.Value { return record.Text(g.Name) },
		Set:   func(g *Group, v record.Value) { g.Name = v.Str() },
		Check: record.Plain,
	},
	{
		Path: "excluded_users", Flag: "excluded-users", Aliases: []string{"exclude-users"}, Kind: record.Strings,
		Use: record.Clearable | record.Unsorted, Max: maxUsers,
		Doc: "Members of the group whom Duo does not ask.", Label: "List of Excluded Users", Example: "breakglass",
		Get:   func(g *Group) record.Value { return record.Texts(g.ExcludedUsers) },
		Set:   func(g *Group, v record.Value) { g.ExcludedUsers = v.Strings() },
		Check: checkUsers,
	},
	{
		Path: "comment", Flag: "comment", Kind: record.String, Use: record.Clearable, Max: maxComment,
		Doc: "Free text.", Label: "Comment", Example: "on-call group",
		Get:   func(g *Group) record.Value { return record.Text(g.Comment) },
		Set:   func(g *Group, v record.Value) { g.Comment = v.Str() },
		Check: record.Plain,
	},
}
