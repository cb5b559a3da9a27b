package loginrow

import (
	"context"
	"encoding/json"
	"iter"
	"slices"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// Accounts is what the rows stand on; *account.Service is one.
type Accounts interface {
	Schema() *record.Schema[account.Account]
	Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*account.Account, error]
	Find(ctx context.Context, caller svm.Caller, key []string) (*account.Account, error)
	Create(ctx context.Context, caller svm.Caller, in record.Input[account.Account]) (*account.Account, error)
	Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[account.Account]) (*account.Account, error)
	Delete(ctx context.Context, caller svm.Caller, key []string) error
}

// A Service reads and changes rows. Rules and scopes are those of the
// accounts. Two changes of one account's list of applications at the same
// moment leave that of the later one.
type Service struct {
	schema   *record.Schema[Row]
	accounts Accounts
}

// New returns the rows of accounts.
func New(accounts Accounts) *Service { return &Service{Schema(), accounts} }

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

// Account returns the account of a name. The owner is given by its name; ""
// stands for the SVM the caller is confined to, else the caller's own owner.
// NotFound when there is none in scope.
func (s *Service) Account(ctx context.Context, caller svm.Caller, owner, name string) (*account.Account, error) {
	own := caller.Owner.UUID
	if single, ok := caller.Scope.Single(); ok {
		own = single
	}
	if owner == "" {
		return s.accounts.Find(ctx, caller, []string{own, name})
	}
	for a, err := range s.accounts.Rows(ctx, caller, nil) {
		if err != nil {
			return nil, err
		}
		if a.Name == name && a.Owner.Name == owner {
			return s.accounts.Find(ctx, caller, []string{a.Owner.UUID, name})
		}
	}
	return nil, fault.New(fault.NotFound, "name", "entry doesn't exist")
}

// Create adds a row: an account with one way to log in, or one more way for
// an account there is already. Exists when the row is there.
func (s *Service) Create(ctx context.Context, caller svm.Caller, in record.Input[Row]) (*Row, error) {
	row, err := in.New()
	if err != nil {
		return nil, err
	}
	a, err := s.Account(ctx, caller, row.Owner.Name, row.Name)
	if fault.Is(err, fault.NotFound) {
		return row, s.add(ctx, caller, row)
	}
	if err != nil {
		return nil, err
	}
	apps, err := with(a.Applications, row)
	if err != nil {
		return nil, err
	}
	body := changes(in)
	body["applications"] = wire(apps)
	return row, s.modify(ctx, caller, a, body)
}

func (s *Service) add(ctx context.Context, caller svm.Caller, row *Row) error {
	body := map[string]any{
		"name":         row.Name,
		"applications": wire([]account.Application{{Name: stored(row.Application), Methods: []string{row.Method}, Second: row.Second}}),
	}
	for path, text := range map[string]string{"owner.name": row.Owner.Name, "role.name": row.Role, "comment": row.Comment} {
		if text != "" {
			body[path] = text
		}
	}
	if len(row.Groups) > 0 {
		body["groups"] = row.Groups
	}
	in, err := s.input(body, record.Create)
	if err != nil {
		return err
	}
	if !row.password.IsZero() {
		in = in.With("password", record.Hidden(row.password))
	}
	_, err = s.accounts.Create(ctx, caller, in)
	return err
}

// Modify changes what the row shows of the account, or its second method, and
// returns the row as it was before.
func (s *Service) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[Row]) (*Row, error) {
	a, row, err := s.find(ctx, caller, key)
	if err != nil {
		return nil, err
	}
	body := changes(in)
	if in.Has("second_authentication_method") {
		apps := slices.Clone(a.Applications)
		for i := range apps {
			if apps[i].Name == stored(row.Application) {
				apps[i].Second = in.Get("second_authentication_method").Str()
			}
		}
		body["applications"] = wire(apps)
	}
	return row, s.modify(ctx, caller, a, body)
}

// Delete removes a row, and with the last one the account.
func (s *Service) Delete(ctx context.Context, caller svm.Caller, key []string) error {
	a, row, err := s.find(ctx, caller, key)
	if err != nil {
		return err
	}
	apps := without(a.Applications, row)
	if len(apps) == 0 {
		return s.accounts.Delete(ctx, caller, key[:2])
	}
	return s.modify(ctx, caller, a, map[string]any{"applications": wire(apps)})
}

func (s *Service) find(ctx context.Context, caller svm.Caller, key []string) (*account.Account, *Row, error) {
	a, err := s.accounts.Find(ctx, caller, key[:2])
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rowsOf(a) {
		if slices.Equal(s.schema.KeyOf(&row), key) {
			return a, &row, nil
		}
	}
	return nil, nil, fault.New(fault.NotFound, "name", "entry doesn't exist")
}

func (s *Service) modify(ctx context.Context, caller svm.Caller, a *account.Account, body map[string]any) error {
	in, err := s.input(body, record.Modify)
	if err != nil {
		return err
	}
	_, err = s.accounts.Modify(ctx, caller, []string{a.Owner.UUID, a.Name}, in)
	return err
}

func (s *Service) input(body map[string]any, op record.Op) (record.Input[account.Account], error) {
	text, err := json.Marshal(body)
	if err != nil {
		return record.Input[account.Account]{}, err
	}
	return s.accounts.Schema().ReadBody(text, op)
}

// changes returns what was given of the account's own fields.
func changes(in record.Input[Row]) map[string]any {
	body := make(map[string]any)
	if in.Has("role.name") {
		body["role.name"] = in.Get("role.name").Str()
	}
	if in.Has("comment") {
		body["comment"] = in.Get("comment").Str()
	}
	if in.Has("groups") {
		body["groups"] = append([]string{}, in.Get("groups").Strings()...)
	}
	return body
}
