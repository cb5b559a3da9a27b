package account

import (
	"context"
	"slices"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Way is one way to log in to an account, as the command line has it: an
// application and one of its methods. In words of REST.
type Way struct {
	Application, Method string
	// Second is the application's second method, "" for the one it has, which
	// is "none" for a new application.
	Second string
}

// AddWay lets an account log in one more way, and makes the account if there is
// none: in is what a new account is made of, less its applications. Of an
// account that is there already it changes what it names. Exists when the
// account has the way; BadReason for a password that is not the one the account
// has; and what Create and Modify refuse. Ways that are added and removed at
// the same time do not undo each other. AddWay returns the owner of the account.
func (s *Service) AddWay(ctx context.Context, caller svm.Caller, in record.Input[Account], way Way) (svm.Owner, error) {
	owner, err := s.owner(ctx, caller, in)
	if err != nil {
		return owner, err
	}
	name := in.Get("name").Str()
	key := []string{owner.UUID, name}
	if password := in.Get("password").Secret(); !password.IsZero() {
		if in, err = s.withFirstPassword(ctx, caller, key, in, password); err != nil {
			return owner, err
		}
	}
	change := in.Without("owner.uuid", "owner.name", "name")
	in = in.Without("owner.name").With("owner.uuid", record.Text(owner.UUID))
	_, err = s.Edit(ctx, caller, key, func(stored *Account) (owned.Step[Account], error) {
		if stored == nil {
			return withApplications(in, []Application{{Name: way.Application, Methods: []string{way.Method}, Second: way.second()}})
		}
		if in.Has("password") && !stored.Password.IsZero() {
			return owned.Step[Account]{}, otherPassword(name)
		}
		apps, err := stored.with(way)
		if err != nil {
			return owned.Step[Account]{}, err
		}
		return withApplications(change, apps)
	})
	return owner, err
}

// ModifyWay changes the second method of a way's application, if the way names
// one, and what in names of the account, and returns what takes that back.
// NotFound when the account has not the way, and what Modify refuses.
func (s *Service) ModifyWay(ctx context.Context, caller svm.Caller, key []string, in record.Input[Account], way Way) (svm.Undo[Account], error) {
	return s.Edit(ctx, caller, key, func(stored *Account) (owned.Step[Account], error) {
		i := stored.application(way)
		switch {
		case i < 0:
			return owned.Step[Account]{}, noSuchWay()
		case way.Second == "":
			return owned.Step[Account]{Input: in}, nil
		}
		apps := slices.Clone(stored.Applications)
		apps[i].Second = way.Second
		return withApplications(in, apps)
	})
}

// RemoveWay takes a way to log in from an account, and with the last one the
// account. NotFound when the account has not the way, and what Modify and
// Delete refuse.
func (s *Service) RemoveWay(ctx context.Context, caller svm.Caller, key []string, way Way) error {
	_, err := s.Edit(ctx, caller, key, func(stored *Account) (owned.Step[Account], error) {
		if stored.application(way) < 0 {
			return owned.Step[Account]{}, noSuchWay()
		}
		apps := stored.without(way)
		if len(apps) == 0 {
			return owned.Step[Account]{Delete: true}, nil
		}
		return withApplications(s.Schema().Nothing(), apps)
	})
	return err
}

// FindNamed returns the account of a name as a private copy. An owner that is
// not given is the SVM that the caller is confined to, else the cluster.
// NotFound, NoSuchOwner, OwnerMismatch.
func (s *Service) FindNamed(ctx context.Context, caller svm.Caller, owner svm.Owner, name string) (*Account, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if owner, _, err = s.svms.Resolve(snap, caller, owner); err != nil {
		return nil, err
	}
	return s.Find(ctx, caller, []string{owner.UUID, name})
}

// owner returns the owner that in names.
func (s *Service) owner(ctx context.Context, caller svm.Caller, in record.Input[Account]) (svm.Owner, error) {
	snap, err := s.ledger.Snapshot(ctx)
	if err != nil {
		return svm.Owner{}, err
	}
	owner, _, err := s.svms.Resolve(snap, caller, svm.Owner{UUID: in.Get("owner.uuid").Str(), Name: in.Get("owner.name").Str()})
	return owner, err
}

// withFirstPassword puts the hash in the place of the password of an account
// that has none yet, and takes away one that the account has already.
func (s *Service) withFirstPassword(
	ctx context.Context, caller svm.Caller, key []string, in record.Input[Account], password secret.Text,
) (record.Input[Account], error) {
	stored, err := s.Find(ctx, caller, key)
	switch {
	case err == nil && !stored.Password.IsZero():
		same, err := s.hasher.matches(ctx, stored.Password, password)
		if err == nil && !same {
			err = otherPassword(key[1])
		}
		return in.Without("password"), err
	case err != nil && !fault.Is(err, fault.NotFound):
		return in, err
	}
	for _, rule := range []error{checkPassword(password), checkPasswordFor(key[1], password)} {
		if rule != nil {
			return in, rule
		}
	}
	return s.withHash(ctx, in, password)
}

func otherPassword(name string) error {
	return fault.New(fault.BadReason, "password",
		"The account %q has another password already; leave the password out, or change it by itself first.", name)
}

func noSuchWay() error { return fault.New(fault.NotFound, "name", "entry doesn't exist") }

func (w Way) second() string {
	if w.Second == "" {
		return methodNone
	}
	return w.Second
}

// application returns the place of the application that has the way, -1 when
// none has. A nil account has no ways.
func (a *Account) application(way Way) int {
	if a == nil {
		return -1
	}
	return slices.IndexFunc(a.Applications, func(app Application) bool {
		return app.Name == way.Application && slices.Contains(app.Methods, way.Method)
	})
}

// with returns the account's applications with the way among them.
func (a *Account) with(way Way) ([]Application, error) {
	if a.application(way) >= 0 {
		return nil, fault.New(fault.Exists, "name", "duplicate entry")
	}
	apps := slices.Clone(a.Applications)
	i := slices.IndexFunc(apps, func(app Application) bool { return app.Name == way.Application })
	if i < 0 {
		return append(apps, Application{Name: way.Application, Methods: []string{way.Method}, Second: way.second()}), nil
	}
	apps[i].Methods = append(slices.Clone(apps[i].Methods), way.Method)
	if way.Second != "" {
		apps[i].Second = way.Second
	}
	return apps, nil
}

// without returns the account's applications less the way, and less its
// application if that was the last.
func (a *Account) without(way Way) []Application {
	var left []Application
	for _, app := range a.Applications {
		if app.Name == way.Application {
			app.Methods = slices.DeleteFunc(slices.Clone(app.Methods), func(m string) bool { return m == way.Method })
		}
		if len(app.Methods) > 0 {
			left = append(left, app)
		}
	}
	return left
}

// withApplications is the step that gives an account the applications, if they
// keep the rules.
func withApplications(in record.Input[Account], apps []Application) (owned.Step[Account], error) {
	v := showApplications(apps)
	if err := checkApplications(v); err != nil {
		return owned.Step[Account]{}, err
	}
	return owned.Step[Account]{Input: in.With(pathApplications, v)}, nil
}
