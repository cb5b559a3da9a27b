package rest

import (
	"context"
	"net/http"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// A subject is what the commands below are about.
type subject struct {
	owner, user, newName string
	password             secret.Text
}

var (
	vserverField = record.Field[subject]{
		Path: "owner.name", Flag: flagVserver, Kind: record.String, Doc: "Name of the cluster or SVM.",
		Get: func(s *subject) record.Value { return record.Text(s.owner) },
		Set: func(s *subject, v record.Value) { s.owner = v.Str() },
	}
	usernameField = record.Field[subject]{
		Path: "name", Flag: flagUsername, Aliases: []string{"user-or-group-name"}, Kind: record.String, Use: record.Required, Doc: "Name of the account.",
		Get: func(s *subject) record.Value { return record.Text(s.user) },
		Set: func(s *subject, v record.Value) { s.user = v.Str() },
	}
	passwordField = record.Field[subject]{
		Path: "password", Flag: "password", Kind: record.Secret, Use: record.Required, Doc: "The new password.",
		Get: func(*subject) record.Value { return record.Value{} },
		Set: func(s *subject, v record.Value) { s.password = v.Secret() },
	}
	newNameField = record.Field[subject]{
		Path: "new_name", Flag: "newname", Kind: record.String, Use: record.Required, Doc: "The new name.",
		Get: func(s *subject) record.Value { return record.Text(s.newName) },
		Set: func(s *subject, v record.Value) { s.newName = v.Str() },
	}
)

func required(f record.Field[subject]) record.Field[subject] {
	f.Use |= record.Required
	return f
}

// cliCommands lists the commands of other verbs.
func (s *Services) cliCommands() []Mounted {
	return []Mounted{
		s.accountCommand("lock", "locked", func(*subject) record.Value { return record.Flag(true) }),
		s.accountCommand("unlock", "locked", func(*subject) record.Value { return record.Flag(false) }),
		s.accountCommand("password", "password", func(of *subject) record.Value { return record.Hidden(of.password) }, passwordField),
		Command[subject, struct{}]{
			Name: "vserver rename", Method: http.MethodPatch, Path: pathSVMs,
			Input: record.NewSchema("vserver_rename", required(vserverField), newNameField), Do: s.rename,
		},
	}
}

// accountCommand sets one field of an account.
func (s *Services) accountCommand(verb, path string, value func(*subject) record.Value, more ...record.Field[subject]) Mounted {
	return Command[subject, struct{}]{
		Name: "security login " + verb, Method: http.MethodPatch, Path: pathAccounts,
		Input: record.NewSchema("account_"+verb, append([]record.Field[subject]{vserverField, usernameField}, more...)...),
		Do: func(ctx context.Context, caller svm.Caller, in record.Input[subject]) (*struct{}, error) {
			of, err := in.New()
			if err != nil {
				return nil, err
			}
			schema := s.Accounts.Schema()
			if f, ok := schema.Field(path); ok && f.Check != nil {
				if err := f.Check(value(of)); err != nil {
					return nil, err
				}
			}
			a, err := s.Accounts.FindNamed(ctx, caller, svm.Owner{Name: of.owner}, of.user)
			if err != nil {
				return nil, err
			}
			_, err = s.Accounts.Modify(ctx, caller, schema.KeyOf(a), schema.Nothing().With(path, value(of)))
			return nil, err
		},
	}
}

func (s *Services) rename(ctx context.Context, caller svm.Caller, in record.Input[subject]) (*struct{}, error) {
	of, err := in.New()
	if err != nil {
		return nil, err
	}
	change, err := s.SVMs.Schema().ReadFlags([]record.Param{{Name: "name", Value: of.newName}}, record.Modify)
	if err != nil {
		return nil, err
	}
	vm, err := pick(ctx, caller, s.SVMs, func(vm *svm.SVM, _ func(svm.Owner) bool) bool { return vm.Name == of.owner }, "")
	if err != nil {
		return nil, err
	}
	_, err = s.SVMs.Modify(ctx, caller, []string{vm.UUID}, change)
	return nil, err
}

// pick returns the first record that is meant. The owner may be named; else it
// is the SVM the caller is confined to, or the caller's own.
func pick[T any](ctx context.Context, caller svm.Caller, r Reader[T], meant func(t *T, is func(svm.Owner) bool) bool, owner string) (*T, error) {
	own := caller.Owner.UUID
	if single, ok := caller.Scope.Single(); ok {
		own = single
	}
	is := func(o svm.Owner) bool { return o.Name == owner || owner == "" && o.UUID == own }
	for t, err := range r.Rows(ctx, caller, nil) {
		if err != nil || meant(t, is) {
			return t, err
		}
	}
	return nil, fault.New(fault.NotFound, "owner.name", msgNotFound)
}
