package rest_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A lamp is the record these tests are about: every kind of field there is.
type lamp struct {
	owner       svm.Owner
	name        string
	key         secret.Text
	fingerprint string
	status      string
	on          bool
	mode        string
	level       int64
	users       []string
	comment     string
	version     store.Version // of the store's row
}

const (
	clusterUUID = "7c1f0a52-3b6e-11f0-9d44-d039ea4b1c20"
	engUUID     = "a4d2c8be-3b70-11f0-9d44-d039ea4b1c20"
)

// password is that of every account in these tests.
const password = "canary-password-1"

var ownerNames = map[string]string{clusterUUID: "lab-a", engUUID: "svm_eng"}

func lampSchema() *record.Schema[lamp] {
	text := func(path string, use record.Use, of func(*lamp) *string) record.Field[lamp] {
		return record.Field[lamp]{
			Path: path, Kind: record.String, Use: use, Doc: "A text.", Example: "text",
			Get: func(l *lamp) record.Value { return record.Text(*of(l)) },
			Set: func(l *lamp, v record.Value) { *of(l) = v.Str() },
		}
	}
	fingerprint := text("fingerprint", record.ReadOnly, func(l *lamp) *string { return &l.fingerprint })
	status := text("status", record.ReadOnly|record.Computed, func(l *lamp) *string { return &l.status })
	fingerprint.Set, status.Set = nil, nil
	return record.NewSchema("lamp",
		append(svm.OwnerFields("the lamp", func(l *lamp) *svm.Owner { return &l.owner }),
			text("name", record.Key|record.Required|record.CreateOnly, func(l *lamp) *string { return &l.name }),
			record.Field[lamp]{
				Path: "secret_key", Kind: record.Secret, Use: record.Required | record.WriteOnly, Doc: "A secret.",
				Get: func(*lamp) record.Value { return record.Value{} },
				Set: func(l *lamp, v record.Value) { l.key, l.fingerprint = v.Secret(), v.Secret().Fingerprint()[:8] },
			},
			fingerprint, status,
			record.Field[lamp]{
				Path: "is_on", Kind: record.Bool, Default: record.Flag(true), Doc: "Whether it is lit.",
				Get: func(l *lamp) record.Value { return record.Flag(l.on) },
				Set: func(l *lamp, v record.Value) { l.on = v.Bool() },
			},
			record.Field[lamp]{
				Path: "mode", Kind: record.Enum, Enum: []string{"safe", "secure"}, Default: record.Text("safe"), Doc: "A word.",
				Get: func(l *lamp) record.Value { return record.Text(l.mode) },
				Set: func(l *lamp, v record.Value) { l.mode = v.Str() },
			},
			record.Field[lamp]{
				Path: "level", Kind: record.Int, Min: 1, Max: 3, Default: record.Integer(1), Doc: "A number.", Example: "2",
				Get: func(l *lamp) record.Value { return record.Integer(l.level) },
				Set: func(l *lamp, v record.Value) { l.level = v.Int() },
			},
			record.Field[lamp]{
				Path: "users", Kind: record.Strings, Use: record.Clearable | record.Unsorted, Doc: "Names.", Example: "a,b",
				Get: func(l *lamp) record.Value { return record.Texts(l.users) },
				Set: func(l *lamp, v record.Value) { l.users = v.Strings() },
			},
			text("comment", record.Clearable, func(l *lamp) *string { return &l.comment }),
		)...)
}

// lamps is a service that keeps its records in memory.
type lamps struct {
	schema *record.Schema[lamp]

	mu    sync.Mutex // guards what follows
	rows  []*lamp    // in order of key; replaced, never changed
	last  store.Version
	hooks hooks
}

// hooks are what a test lets go wrong.
type hooks struct {
	before func(op string, key []string) error // called before every change and Find
}

func newLamps() *lamps { return &lamps{schema: lampSchema()} }

func (s *lamps) keyOf(l *lamp) []string { return []string{l.owner.UUID, l.name} }

func (s *lamps) at(key []string) (int, bool) {
	return slices.BinarySearchFunc(s.rows, key, func(l *lamp, key []string) int { return slices.Compare(s.keyOf(l), key) })
}

func (s *lamps) check(op string, key []string) error {
	s.mu.Lock()
	f := s.hooks.before
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(op, key)
}

func (s *lamps) Rows(_ context.Context, caller svm.Caller, from []string) iter.Seq2[*lamp, error] {
	s.mu.Lock()
	rows := slices.Clone(s.rows)
	s.mu.Unlock()
	return func(yield func(*lamp, error) bool) {
		if err := s.check("list", from); err != nil {
			yield(nil, err)
			return
		}
		for _, l := range rows {
			if slices.Compare(s.keyOf(l), from) >= 0 && caller.Scope.Sees(l.owner.UUID) && !yield(l, nil) {
				return
			}
		}
	}
}

func (s *lamps) Find(_ context.Context, caller svm.Caller, key []string) (*lamp, error) {
	if err := s.check("find", key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at(key)
	if !ok || !caller.Scope.Sees(key[0]) {
		return nil, fault.New(fault.NotFound, "name", "entry doesn't exist")
	}
	l := *s.rows[i]
	return &l, nil
}

func (s *lamps) Fill(_ context.Context, rows []*lamp) error {
	for _, l := range rows {
		l.status = "Ok"
	}
	return nil
}

func (s *lamps) Create(_ context.Context, caller svm.Caller, in record.Input[lamp]) (made svm.Made[lamp], err error) {
	l, err := in.New()
	if err != nil {
		return made, err
	}
	if l.owner, err = resolve(caller, l.owner); err != nil {
		return made, err
	}
	if err := s.check("create", s.keyOf(l)); err != nil {
		return made, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at(s.keyOf(l))
	if ok {
		return made, fault.New(fault.Exists, "name", "duplicate entry")
	}
	s.last++
	l.version = s.last
	s.rows = slices.Insert(slices.Clone(s.rows), i, l)
	return svm.Made[lamp]{Record: l, Wrote: l.version}, nil
}

func (s *lamps) Unmake(ctx context.Context, caller svm.Caller, made svm.Made[lamp]) error {
	now, err := s.Find(ctx, caller, s.keyOf(made.Record))
	if err == nil {
		err = made.Check(now.version)
	}
	if err != nil {
		return err
	}
	return s.Delete(ctx, caller, s.keyOf(made.Record))
}

func resolve(caller svm.Caller, o svm.Owner) (svm.Owner, error) {
	if only, ok := caller.Scope.Single(); ok && o == (svm.Owner{}) {
		o.UUID = only
	}
	if o == (svm.Owner{}) {
		o.UUID = clusterUUID
	}
	for id, name := range ownerNames {
		if o.UUID == id || o.UUID == "" && o.Name == name {
			return svm.Owner{UUID: id, Name: name}, nil
		}
	}
	return o, fault.New(fault.NoSuchOwner, "owner.name", "SVM \"%s\" does not exist.", o.Name)
}

func (s *lamps) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[lamp]) (undo svm.Undo[lamp], err error) {
	if undo.Before, err = s.Find(ctx, caller, key); err != nil {
		return undo, err
	}
	if err := s.check("modify", key); err != nil {
		return undo, err
	}
	after := *undo.Before
	if err := in.Apply(&after); err != nil {
		return undo, err
	}
	undo.Wrote = s.replace(&after)
	return undo, s.check("modified", key)
}

func (s *lamps) Restore(ctx context.Context, caller svm.Caller, undo svm.Undo[lamp]) error {
	key := s.keyOf(undo.Before)
	if err := s.check("restore", key); err != nil {
		return err
	}
	now, err := s.Find(ctx, caller, key)
	if err == nil {
		err = undo.Check(now.version)
	}
	if err != nil {
		return err
	}
	s.replace(new(*undo.Before))
	return nil
}

// replace puts a lamp in the place of the one with its key, if there is one.
func (s *lamps) replace(l *lamp) store.Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	l.version = s.last
	if i, ok := s.at(s.keyOf(l)); ok {
		s.rows = slices.Clone(s.rows)
		s.rows[i] = l
	}
	return l.version
}

func (s *lamps) Delete(ctx context.Context, caller svm.Caller, key []string) error {
	if _, err := s.Find(ctx, caller, key); err != nil {
		return err
	}
	if err := s.check("delete", key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.at(key); ok {
		s.rows = slices.Delete(slices.Clone(s.rows), i, i+1)
	}
	return nil
}

// failOn lets an operation on records of a name fail.
func (s *lamps) failOn(op, name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.before = func(o string, key []string) error {
		if o == op && len(key) > 1 && key[1] == name {
			return err
		}
		return nil
	}
}

// put stores lamps as they are, in any order.
func (s *lamps) put(tb testing.TB, all ...*lamp) {
	tb.Helper()
	for _, l := range all {
		if l.owner.UUID == "" {
			l.owner.UUID = clusterUUID
		}
		l.owner.Name = ownerNames[l.owner.UUID]
		i, ok := s.at(s.keyOf(l))
		if ok {
			tb.Fatalf("lamp %s is there twice", l.name)
		}
		s.last++
		l.version = s.last
		s.rows = slices.Insert(s.rows, i, l)
	}
}

func (s *lamps) names() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, l := range s.rows {
		names = append(names, l.name)
	}
	return strings.Join(names, " ")
}

// toyPrincipal is who the tests' credentials stand for.
type toyPrincipal struct {
	svm.Caller

	readOnly bool
}

func (p toyPrincipal) Who() svm.Caller { return p.Caller }

func (p toyPrincipal) May(method, _ string) bool { return !p.readOnly || method == "GET" }

func (toyPrincipal) Stands(context.Context) bool { return false }

func toyAuthenticate(_ context.Context, given rest.Credentials) (rest.Principal, error) {
	user := given.User
	cluster := svm.Owner{UUID: clusterUUID, Name: "lab-a"}
	switch {
	case !given.Password.Equal(secret.NewText(password)):
	case user == "admin":
		return toyPrincipal{Caller: svm.Caller{Name: user, Owner: cluster, Scope: svm.Everything()}}, nil
	case user == "reader":
		return toyPrincipal{Caller: svm.Caller{Name: user, Owner: cluster, Scope: svm.Everything()}, readOnly: true}, nil
	case user == "vsadmin":
		return toyPrincipal{Caller: svm.Caller{Name: user, Owner: svm.Owner{UUID: engUUID, Name: "svm_eng"}, Scope: svm.Within(engUUID)}}, nil
	case user == "hasty":
		refused := fault.New(fault.TooMany, "", "Too many failed logins; try again in 90 s.")
		refused.After = 89500 * time.Millisecond
		return nil, refused
	}
	return nil, fault.New(fault.Unauthenticated, "", "wrong password of account %s", user)
}

func toyScopeTo(_ context.Context, c svm.Caller, o svm.Owner) (svm.Caller, error) {
	if o.UUID == engUUID || o.Name == "svm_eng" {
		c.Scope = svm.Within(engUUID)
		return c, nil
	}
	return c, fault.New(fault.NoSuchOwner, "X-Dot-SVM-Name", "SVM \"%s\" does not exist.", o.Name)
}
