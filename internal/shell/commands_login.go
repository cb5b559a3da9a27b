package shell

import (
	"context"
	"fmt"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/loginrow"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	userParam  = "username"
	againText  = "Please enter it again: "
	newText    = "Please enter a password for user '%s': "
	currentAsk = "Enter your current password: "
)

func (s Services) loginRows() Mounted {
	rows := loginrow.New(s.Accounts)
	return Resource[loginrow.Row]{
		Name: "security login", Noun: "login method", Nouns: "login methods",
		Path: pathAccounts, Schema: rows.Schema(), Service: rows, Owners: s.Owners,
		Hidden: []string{"password"},
		By:     "vserver",
		Columns: []Column{
			{Header: []string{"User/Group", "Name"}, Param: "user-or-group-name", Width: 14},
			{Header: []string{"Application"}, Param: "application", Width: 11},
			{Header: []string{"Authentication", "Method"}, Param: "authentication-method", Width: 13},
			{Header: []string{"Role Name"}, Param: "role", Width: 16},
			{Header: []string{"Acct", "Locked"}, Param: "is-account-locked", Width: 6},
			{Header: []string{"Second", "Authentication", "Method"}, Param: "second-authentication-method", Width: 14},
		},
		Complete: func(ctx context.Context, c *Call, in record.Input[loginrow.Row]) (record.Input[loginrow.Row], error) {
			return s.askPassword(ctx, c, in)
		},
	}
}

func (s Services) publicKeys() Mounted {
	return Resource[account.PublicKey]{
		Name: "security login publickey", Noun: "public key", Nouns: "public keys",
		Path: pathKeys, Schema: s.PublicKeys.Schema(), Service: s.PublicKeys, Owners: s.Owners,
		Block: []Line{
			{Label: "Vserver", Param: "vserver"},
			{Label: "UserName", Param: "username"},
			{Label: "Index", Param: "index"},
			{Label: "Public Key", Param: "publickey", Below: true},
			{Label: "SHA Fingerprint", Param: "sha-fingerprint", Below: true},
			{Label: "Comment", Param: "comment"},
		},
	}
}

// askPassword asks for the password of an account that has none yet.
func (s Services) askPassword(ctx context.Context, c *Call, in record.Input[loginrow.Row]) (record.Input[loginrow.Row], error) {
	name := in.Get("name").Str()
	if name == "" || in.Get("authentication_method").Str() != account.MethodPassword {
		return in, nil
	}
	a, err := s.Accounts.FindNamed(ctx, c.Caller, svm.Owner{Name: in.Get(ownerName).Str()}, name)
	if err == nil && !a.Password.IsZero() || err != nil && !fault.Is(err, fault.NotFound) {
		return in, err
	}
	password, err := c.NewSecret(fmt.Sprintf(newText, clean(name)), againText)
	if err != nil {
		return in, err
	}
	return in.With("password", record.Hidden(password)), s.checkPassword(password)
}

// checkPassword applies the account's own rule, early.
func (s Services) checkPassword(password secret.Text) error {
	f, ok := s.Accounts.Schema().Field("password")
	if !ok || f.Check == nil {
		return nil
	}
	return f.Check(record.Hidden(password))
}

// accountParams name an account in a command of its own.
func (s Services) accountParams(required bool) []Param {
	return []Param{s.vserverParam(), {Name: userParam, Aliases: []string{"user-or-group-name"}, Label: "User Name", Positional: true, Required: required}}
}

func (s Services) lock() Mounted {
	return Command{
		Name: "security login lock", Doc: "Lock an account", Method: methodPatch, Path: pathAccounts,
		Params: s.accountParams(true), Run: s.setLocked(true),
	}
}

func (s Services) unlock() Mounted {
	return Command{
		Name: "security login unlock", Doc: "Unlock an account", Method: methodPatch, Path: pathAccounts,
		Params: s.accountParams(true), Run: s.setLocked(false),
	}
}

func (s Services) setLocked(locked bool) func(ctx context.Context, c *Call) error {
	return func(ctx context.Context, c *Call) error {
		return s.modifyAccount(ctx, c, c.Text(userParam), "locked", record.Flag(locked))
	}
}

func (s Services) modifyAccount(ctx context.Context, c *Call, name, path string, v record.Value) error {
	a, err := s.Accounts.FindNamed(ctx, c.Caller, svm.Owner{Name: c.Text("vserver")}, name)
	if err != nil {
		return err
	}
	schema := s.Accounts.Schema()
	_, err = s.Accounts.Modify(ctx, c.Caller, schema.KeyOf(a), schema.Nothing().With(path, v))
	return err
}

// password changes the caller's own password, after the current one, or
// another account's.
func (s Services) password() Mounted {
	return Command{
		Name: "security login password", Doc: "Change the password of an account",
		Method: methodPatch, Path: pathAccounts, Params: s.accountParams(false),
		Run: func(ctx context.Context, c *Call) error {
			name := c.Text(userParam)
			owner := c.Text("vserver")
			own := (name == "" || name == c.Caller.Name) && (owner == "" || owner == c.Caller.Owner.Name)
			if name == "" {
				name = c.Caller.Name
			}
			if own && s.CheckPassword != nil {
				current, err := c.Ask(currentAsk)
				if err == nil {
					err = s.CheckPassword(ctx, c.Caller, current)
				}
				if err != nil {
					return err
				}
			}
			password, err := c.NewSecret("Enter a new password: ", "Enter it again: ")
			if err == nil {
				err = s.checkPassword(password)
			}
			if err != nil {
				return err
			}
			return s.modifyAccount(ctx, c, name, "password", record.Hidden(password))
		},
	}
}
