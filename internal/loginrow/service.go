package loginrow

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Service reads and changes rows. Rules and scopes are those of the
// accounts; a change of a row is one change of its account, so that changes of
// several rows at the same time do not undo each other. Its methods may be
// called concurrently. A row's key is the owner's UUID, the account's name,
// the application and the method in REST's words.
type Service struct {
	schema   *record.Schema[Row]
	accounts *account.Service
}

// New returns the rows of accounts.
func New(accounts *account.Service) *Service { return &Service{Schema(), accounts} }

// Schema returns the declaration of a row.
func (s *Service) Schema() *record.Schema[Row] { return s.schema }

// Rows yields the rows in scope in order of key, from the first key >= from.
func (s *Service) Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for a, err := range s.accounts.Rows(ctx, caller, from[:min(len(from), 2)]) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range rowsOf(a) {
				if slices.Compare(s.schema.KeyOf(&row), from) >= 0 && !yield(&row, nil) {
					return
				}
			}
		}
	}
}

// Fill does nothing: no field of a row is computed.
func (*Service) Fill(context.Context, []*Row) error { return nil }

// Find returns one row, or NotFound.
func (s *Service) Find(ctx context.Context, caller svm.Caller, key []string) (*Row, error) {
	if len(key) != keyParts {
		return nil, notFound()
	}
	a, err := s.accounts.Find(ctx, caller, key[:2])
	if err != nil {
		return nil, err
	}
	return rowOf(a, key)
}

// Create adds a row: an account with one way to log in, or one more way for an
// account there is already, which then has what else the row names. Exists when
// the row is there, BadReason for a password that is not the one the account
// has, and what the accounts refuse.
func (s *Service) Create(ctx context.Context, caller svm.Caller, in record.Input[Row]) (svm.Made[Row], error) {
	row, err := in.New()
	if err != nil {
		return svm.Made[Row]{}, err
	}
	own, err := s.accountOf(in, record.Create, "owner.uuid", "owner.name", "name")
	if err != nil {
		return svm.Made[Row]{}, err
	}
	if !row.password.IsZero() {
		own = own.With("password", record.Hidden(row.password))
	}
	owner, err := s.accounts.AddWay(ctx, caller, own, wayOf(row, in))
	row.Owner.UUID = owner.UUID
	return svm.Made[Row]{Record: row}, inRow(err)
}

// Unmake removes a row that was made, and with it an account of nothing else.
// What others have changed of the account stays. NotFound.
func (s *Service) Unmake(ctx context.Context, caller svm.Caller, made svm.Made[Row]) error {
	return s.Delete(ctx, caller, s.schema.KeyOf(made.Record))
}

// Modify changes what the row shows of the account, or the second method of its
// application, and returns what takes that back. NotFound, and what the accounts
// refuse.
func (s *Service) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[Row]) (svm.Undo[Row], error) {
	row, err := named(key)
	if err == nil {
		err = in.Apply(new(*row))
	}
	if err != nil {
		return svm.Undo[Row]{}, err
	}
	own, err := s.accountOf(in, record.Modify)
	if err != nil {
		return svm.Undo[Row]{}, err
	}
	undo, err := s.accounts.ModifyWay(ctx, caller, key[:2], own, wayOf(row, in))
	if err != nil {
		return svm.Undo[Row]{}, inRow(err)
	}
	before, err := rowOf(undo.Before, key)
	if err == nil {
		before.was = undo.Before
	}
	return svm.Undo[Row]{Before: before, Wrote: undo.Wrote}, err
}

// Restore takes a modification back, with all that it changed of the account.
// NotFound when the account has been deleted since, Raced when it has been
// changed.
func (s *Service) Restore(ctx context.Context, caller svm.Caller, undo svm.Undo[Row]) error {
	return s.accounts.Restore(ctx, caller, svm.Undo[account.Account]{Before: undo.Before.was, Wrote: undo.Wrote})
}

// Delete removes a row, and with the last one the account. NotFound, and what
// the accounts refuse.
func (s *Service) Delete(ctx context.Context, caller svm.Caller, key []string) error {
	row, err := named(key)
	if err != nil {
		return err
	}
	return inRow(s.accounts.RemoveWay(ctx, caller, key[:2], wayOf(row, s.schema.Nothing())))
}

const keyParts = 4

func notFound() error { return fault.New(fault.NotFound, "name", "entry doesn't exist") }

// rowOf returns the row of an account that has the key.
func rowOf(a *account.Account, key []string) (*Row, error) {
	for _, row := range rowsOf(a) {
		if row.Application == key[2] && row.Method == key[3] {
			return &row, nil
		}
	}
	return nil, notFound()
}

// named returns a row of which nothing is known but the key.
func named(key []string) (*Row, error) {
	if len(key) != keyParts {
		return nil, notFound()
	}
	return &Row{Owner: svm.Owner{UUID: key[0]}, Name: key[1], Application: key[2], Method: key[3]}, nil
}

func wayOf(row *Row, in record.Input[Row]) account.Way {
	return account.Way{Application: row.Application, Method: row.Method, Second: in.Get(pathSecond).Str()}
}

// accountOf returns what was given of the account's own fields, and of the
// others that are named. It goes through JSON so that the account's rules are
// those of a request's body.
func (s *Service) accountOf(in record.Input[Row], op record.Op, paths ...string) (record.Input[account.Account], error) {
	body := make(map[string]any)
	for _, path := range append(paths, "role.name", "comment", "groups") {
		switch v := in.Get(path); {
		case !in.Has(path):
		case v.Items() != nil:
			body[path] = v.Strings()
		default:
			body[path] = v.Str()
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return record.Input[account.Account]{}, err
	}
	return s.accounts.Schema().ReadBody(text, op)
}

// inRow puts the row's field into an error in the place of the account's list
// of applications.
func inRow(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Target != "applications" {
		return err
	}
	said := *f
	said.Target = pathMethod
	return &said
}
