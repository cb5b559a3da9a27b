package duo

import (
	"github.com/duoplane/duoplane/internal/record"
)

// LoginFields returns the rows by which a caller tells which login it means:
// the owner, by name or UUID, the user, and groups for a user who has no
// account here. of finds the Login inside a request.
func LoginFields[T any](of func(*T) *Login) []record.Field[T] {
	return []record.Field[T]{
		{
			Path: "owner.uuid", Kind: record.UUID, Max: maxName,
			Doc:     "UUID of the cluster or SVM the login is for. Where neither it nor the name is given, that is the caller's SVM, else the cluster.",
			Example: "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20",
			Get:     func(t *T) record.Value { return record.Text(of(t).Owner.UUID) },
			Set:     func(t *T, v record.Value) { of(t).Owner.UUID = v.Str() },
		},
		{
			Path: "owner.name", Flag: "vserver", Kind: record.String, Max: maxName,
			Doc: "Name of the cluster or SVM the login is for.", Label: "Vserver", Example: "svm1",
			Get: func(t *T) record.Value { return record.Text(of(t).Owner.Name) },
			Set: func(t *T, v record.Value) { of(t).Owner.Name = v.Str() },
		},
		{
			Path: "username", Flag: "username", Kind: record.String, Use: record.Required, Max: maxName,
			Doc: "Name of the user who logs in.", Label: "User Name", Example: "alice",
			Get:   func(t *T) record.Value { return record.Text(of(t).User) },
			Set:   func(t *T, v record.Value) { of(t).User = v.Str() },
			Check: record.Plain,
		},
		{
			Path: "groups", Flag: "groups", Kind: record.Strings, Use: record.Clearable | record.Unsorted, Max: maxUsers,
			Doc: "Groups of a user who has no account here. Where there is an account, its own groups count.", Label: "Groups", Example: "storage-admins",
			Get: func(t *T) record.Value { return record.Texts(of(t).Groups) },
			Set: func(t *T, v record.Value) { of(t).Groups = v.Strings() },
		},
	}
}
