// Package loginrow shows accounts as the command line has them: one row for
// every way an account may log in, where REST has one record with a list of
// applications.
package loginrow

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Row is one application and one method of an account.
type Row struct {
	Owner                     svm.Owner
	Name, Application, Method string
	Second                    string
	// The rest is the account's and the same in all of its rows.
	Role, Comment string
	Locked        bool
	Groups        []string
	password      secret.Text      // of a new account
	was           *account.Account // as Modify found it, for Restore
}

const (
	pathMethod = "authentication_method"
	pathSecond = "second_authentication_method"
)

// Schema returns the declaration of a row.
func Schema() *record.Schema[Row] {
	owner := svm.OwnerFields("the account", func(r *Row) *svm.Owner { return &r.Owner })
	return record.NewSchema("login_row", append(owner, rowFields...)...)
}

var rowFields = []record.Field[Row]{
	{
		Path: "name", Flag: "user-or-group-name", Aliases: []string{"username"}, Kind: record.String,
		Use: record.Key | record.Required | record.CreateOnly,
		Doc: "Name of the account.", Label: "User Name or Group Name", Example: "joe",
		Get: func(r *Row) record.Value { return record.Text(r.Name) },
		Set: func(r *Row, v record.Value) { r.Name = v.Str() },
	},
	{
		Path: "application", Flag: "application", Kind: record.Enum, Enum: account.ApplicationWords(),
		Words: map[string]string{"service_processor": "service-processor"}, Use: record.Key | record.Required | record.CreateOnly,
		Doc: "What the account logs in with.", Label: "Application", Example: "ssh",
		Get: func(r *Row) record.Value { return record.Text(r.Application) },
		Set: func(r *Row, v record.Value) { r.Application = v.Str() },
	},
	{
		Path: pathMethod, Flag: "authentication-method", Aliases: []string{"authmethod"}, Kind: record.Enum, Enum: account.MethodWords(),
		Use: record.Key | record.Required | record.CreateOnly,
		Doc: "What proves the account there.", Label: "Authentication Method", Example: account.MethodPassword,
		Get: func(r *Row) record.Value { return record.Text(r.Method) },
		Set: func(r *Row, v record.Value) { r.Method = v.Str() },
	},
	{
		Path: "role.name", Flag: "role", Kind: record.String,
		Doc: "Role of the account.", Label: "Role Name", Example: account.RoleAdmin,
		Get: func(r *Row) record.Value { return record.Text(r.Role) },
		Set: func(r *Row, v record.Value) { r.Role = v.Str() },
	},
	{
		Path: "locked", Flag: "is-account-locked", Kind: record.Enum, Enum: []string{"no", "yes"}, Use: record.ReadOnly,
		Doc: "Whether the account is kept from logging in, where that is asked.", Label: "Account Locked", Example: "no",
		Get: func(r *Row) record.Value { return record.Text(r.locked()) },
	},
	{
		Path: pathSecond, Flag: "second-authentication-method", Kind: record.Enum, Enum: account.SecondWords(),
		Doc: "A second method after the first. Duo is none of them.", Label: "Second Authentication Method", Default: record.Text("none"),
		Get: func(r *Row) record.Value { return record.Text(r.Second) },
		Set: func(r *Row, v record.Value) { r.Second = v.Str() },
	},
	{
		Path: "comment", Flag: "comment", Kind: record.String, Use: record.Clearable,
		Doc: "Free text on the account.", Label: "Comment Text", Example: "on call",
		Get: func(r *Row) record.Value { return record.Text(r.Comment) },
		Set: func(r *Row, v record.Value) { r.Comment = v.Str() },
	},
	{
		Path: "groups", Flag: "groups", Kind: record.Strings, Use: record.Clearable | record.Unsorted,
		Doc: "Groups the account is a member of, for Duo groups.", Label: "Groups", Example: "storage-admins",
		Get: func(r *Row) record.Value { return record.Texts(r.Groups) },
		Set: func(r *Row, v record.Value) { r.Groups = v.Strings() },
	},
	{
		Path: "password", Flag: "password", Kind: record.Secret, Use: record.WriteOnly | record.Guessable | record.CreateOnly,
		Doc: "Password of a new account, or of one that has none.", Label: "Password",
		Get: func(*Row) record.Value { return record.Value{} },
		Set: func(r *Row, v record.Value) { r.password = v.Secret() },
	},
}

// locked is what ONTAP shows: nothing where no password is asked for. A lock
// keeps every method from logging in here, so it shows with every one.
func (r *Row) locked() string {
	switch {
	case r.Locked:
		return "yes"
	case r.Method != account.MethodPassword:
		return ""
	default:
		return "no"
	}
}

// rowsOf returns the rows of an account in order of key.
func rowsOf(a *account.Account) []Row {
	var rows []Row
	for _, app := range a.Applications {
		for _, method := range app.Methods {
			rows = append(rows, Row{
				Owner: a.Owner, Name: a.Name, Application: app.Name, Method: method, Second: app.Second,
				Role: a.Role, Comment: a.Comment, Locked: a.Locked, Groups: a.Groups,
			})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return strings.Compare(a.Application+"\x00"+a.Method, b.Application+"\x00"+b.Method)
	})
	return rows
}
