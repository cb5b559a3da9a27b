package account

import (
	"slices"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// Bounds of what an account takes. Those of the name and the password are
// ONTAP's.
const (
	minName, maxName = 3, 64
	maxComment       = 1024
	maxApplications  = 6
	maxGroups        = 256
	maxGroup         = 256
)

// Schema returns the declaration of an account.
func Schema() *record.Schema[Account] {
	owner := svm.OwnerFields("the account", func(a *Account) *svm.Owner { return &a.Owner })
	return record.NewSchema("account", append(owner, accountFields...)...)
}

// accountFields are an account's own rows, in ONTAP's order; groups are ours.
var accountFields = []record.Field[Account]{
	{
		Path: "name", Flag: "user-or-group-name", Aliases: []string{"username"}, Kind: record.String,
		Use:   record.Key | record.Required | record.CreateOnly,
		Doc:   "Name of the account: 3 to 64 letters, digits and any of . _ - @ $ \\, beginning with a letter, a digit or \"_\".",
		Label: "User Name or Group Name", Example: "joe",
		Get:   func(a *Account) record.Value { return record.Text(a.Name) },
		Set:   func(a *Account, v record.Value) { a.Name = v.Str() },
		Check: func(v record.Value) error { return checkName(v.Str()) },
	},
	{
		Path: pathApplications, Kind: record.Objects, Use: record.Required | record.Unsorted, Elem: columns,
		Min: 1, Max: maxApplications,
		Doc:   "What the account may log in with, and how it proves itself there.",
		Get:   func(a *Account) record.Value { return showApplications(a.Applications) },
		Set:   func(a *Account, v record.Value) { a.Applications = readApplications(v) },
		Check: checkApplications,
	},
	{
		Path: "role.name", Flag: "role", Kind: record.String,
		Doc: "Role of the account: \"admin\", \"readonly\", \"login\" or \"none\" for the cluster's," +
			" \"vsadmin\", \"vsadmin-readonly\", \"login\" or \"none\" for an SVM's. By default \"admin\" or \"vsadmin\"." +
			" \"login\" may ask for the second factor of other services' logins and nothing else.",
		Label: "Role Name", Example: RoleAdmin,
		Get: func(a *Account) record.Value { return record.Text(a.Role) },
		Set: func(a *Account, v record.Value) { a.Role = v.Str() },
	},
	{
		Path: "locked", Flag: "is-account-locked", Kind: record.Bool, Default: record.Flag(false),
		Doc: "Whether the account is kept from logging in.", Label: "Account Locked",
		Get: func(a *Account) record.Value { return record.Flag(a.Locked) },
		Set: func(a *Account, v record.Value) { a.Locked = v.Bool() },
	},
	{
		Path: "comment", Flag: "comment", Kind: record.String, Use: record.Clearable, Max: maxComment,
		Doc: "Free text.", Label: "Comment Text", Example: "on call",
		Get:   func(a *Account) record.Value { return record.Text(a.Comment) },
		Set:   func(a *Account, v record.Value) { a.Comment = v.Str() },
		Check: record.Plain,
	},
	{
		Path: "scope", Kind: record.Enum, Enum: []string{ClusterScope, SVMScope}, Use: record.ReadOnly,
		Doc: "Whether the account is the cluster's or an SVM's.", Example: ClusterScope,
		Get: func(a *Account) record.Value { return record.Text(a.Scope) },
	},
	{
		Path: "password", Kind: record.Secret, Use: record.WriteOnly | record.Guessable,
		Doc: "Password: 8 to 128 characters with a letter and a digit, without the account's name. Never returned.",
		Get: func(*Account) record.Value { return record.Value{} },
		// By now it is a hash: Service makes it one.
		Set:   func(a *Account, v record.Value) { a.Password = hashIn(v.Secret()) },
		Check: func(v record.Value) error { return checkPassword(v.Secret()) },
	},
	{
		Path: "password_hash_algorithm", Kind: record.Enum, Enum: []string{"sha512", "sha256", hashAlgorithm},
		Doc: "Always \"argon2id\"; the weaker ones are taken for clients that ask for them, and ignored.",
		Get: func(*Account) record.Value { return record.Text(hashAlgorithm) },
		Set: func(*Account, record.Value) {},
	},
	{
		Path: "groups", Flag: "groups", Kind: record.Strings, Use: record.Clearable | record.Unsorted, Max: maxGroups,
		Doc:   "Groups the account is a member of, for Duo groups. Duoplane's own field: ONTAP asks a directory.",
		Label: "Groups", Example: "storage-admins",
		Get:   func(a *Account) record.Value { return record.Texts(a.Groups) },
		Set:   func(a *Account, v record.Value) { a.Groups = v.Strings() },
		Check: checkGroups,
	},
}

// reservedNames are kept for the system, as ONTAP keeps them.
var reservedNames = []string{"autosupport", "diag", "duoplane", "root"}

func checkName(name string) error {
	if len(name) < minName || len(name) > maxName {
		return fault.New(fault.NameLength, "", "The name has %d characters; %d to %d are allowed.", len(name), minName, maxName)
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
		if !letter && (i == 0 || !strings.ContainsRune(`.-@$\`, rune(c))) {
			return fault.New(fault.NameCharacters, "",
				"The name holds a character that is not allowed; use letters, digits and any of . _ - @ $ \\, beginning with a letter, a digit or \"_\".")
		}
	}
	if slices.Contains(reservedNames, strings.ToLower(name)) {
		return fault.New(fault.ReservedName, "", "The name %q is kept for the system; choose another one.", name)
	}
	return nil
}

func checkGroups(v record.Value) error {
	for _, name := range v.Strings() {
		if len(name) > maxGroup {
			return fault.New(fault.BadReason, "", "The name of a group has 1 to %d bytes.", maxGroup)
		}
	}
	return record.Plain(v)
}
