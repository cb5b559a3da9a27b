package account

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// Config is what a Service is built from. A nil Logger discards, a nil Now is
// time.Now.
type Config struct {
	Ledger *audit.Ledger
	SVMs   *svm.Service
	Logger *slog.Logger
	Now    func() time.Time
}

// A Service reads and changes accounts and lets them in. Its methods may be
// called concurrently.
type Service struct {
	*owned.Service[Account]
	ledger *audit.Ledger
	svms   *svm.Service
	logger *slog.Logger
	now    func() time.Time

	hasher   *hasher
	memory   *memory
	throttle *throttle
	refusals *refusals
	failed   failureCounts
	flight   singleflight.Group // of verifications of one password
}

// NewService returns the service over the ledger's store.
func NewService(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		ledger:   cfg.Ledger,
		svms:     cfg.SVMs,
		logger:   cfg.Logger,
		now:      cfg.Now,
		hasher:   newHasher(int64(max(2, runtime.GOMAXPROCS(0))), cost{memory: 19 << 10, passes: 2, lanes: 1}),
		memory:   newMemory(memorySize),
		throttle: newThrottle(),
		refusals: newRefusals(),
	}
	s.Service = owned.NewService(owned.Kind[Account]{
		Schema:  Schema(),
		Table:   Accounts,
		Owner:   func(a *Account) *svm.Owner { return &a.Owner },
		Name:    func(a *Account) string { return a.Name },
		Prepare: prepare,
	}, cfg.Ledger, cfg.SVMs)
	return s
}

// Fill does nothing: no field of an account is computed.
func (*Service) Fill(context.Context, []*Account) error { return nil }

// Create adds an account. Beside what every owned record refuses: NoSuchRole,
// RoleScope, and the rules on names, methods and passwords.
func (s *Service) Create(ctx context.Context, caller svm.Caller, in record.Input[Account]) (svm.Made[Account], error) {
	if password := in.Get("password").Secret(); !password.IsZero() {
		err := checkPasswordFor(in.Get("name").Str(), password)
		if err == nil {
			in, err = s.withHash(ctx, in, password)
		}
		if err != nil {
			return svm.Made[Account]{}, err
		}
	}
	return s.Service.Create(ctx, caller, in)
}

// Modify changes an account and returns what takes that back. A new password
// counts from the moment Modify returns. Beside what Create refuses:
// LastAdmin, PasswordContent for the password the account has already, Denied
// for an SVM's account that changes anything but its own password.
func (s *Service) Modify(ctx context.Context, caller svm.Caller, key []string, in record.Input[Account]) (svm.Undo[Account], error) {
	if password := in.Get("password").Secret(); !password.IsZero() {
		err := s.checkNewPassword(ctx, caller, key, in, password)
		if err == nil {
			in, err = s.withHash(ctx, in, password)
		}
		if err != nil {
			return svm.Undo[Account]{}, err
		}
	}
	return s.Service.Modify(ctx, caller, key, in)
}

// withHash puts the hash in the password's place. It is done here, once, and
// not where a lost race would make us hash again.
func (s *Service) withHash(ctx context.Context, in record.Input[Account], password secret.Text) (record.Input[Account], error) {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return in, err
	}
	return in.With("password", record.Hidden(hash.travels())), nil
}

func (s *Service) checkNewPassword(
	ctx context.Context, caller svm.Caller, key []string, in record.Input[Account], password secret.Text,
) error {
	stored, err := s.Find(ctx, caller, key)
	if err != nil {
		return err
	}
	// Before the old password is compared: nobody may ask for another's.
	if err := mayChange(caller, stored, in); err != nil {
		return err
	}
	if err := checkPasswordFor(stored.Name, password); err != nil {
		return err
	}
	same, err := s.hasher.matches(ctx, stored.Password, password)
	if err == nil && same {
		return fault.New(fault.PasswordContent, "password", "New password must be different than the old password.")
	}
	return err
}

// prepare applies the rules that need more than one value to see.
func prepare(_ context.Context, c owned.Change[Account]) ([]store.Change, error) {
	if !c.Undo {
		if err := mayChange(c.Caller, c.Before, c.Input); err != nil {
			return nil, err
		}
	}
	if c.Before == nil {
		c.After.complete(svm.ClusterOf(c.Snapshot))
		c.After.Since = c.Snapshot.Revision()
	}
	if c.After != nil {
		if err := c.After.checkRole(); err != nil {
			return nil, err
		}
	}
	if c.Before == nil {
		return nil, nil
	}
	changes, err := keepAnAdmin(c.Snapshot, c.Before, c.After)
	if c.After == nil {
		changes = append(changes, PublicKeys.DeleteUnder(publicKeysOf(c.Before.Owner.UUID, c.Before.Name)))
	}
	return changes, err
}

// complete fills in what follows from the owner.
func (a *Account) complete(cluster svm.Cluster) {
	role := RoleVsadmin
	a.Scope = SVMScope
	if a.Owner.UUID == cluster.UUID {
		a.Scope, role = ClusterScope, RoleAdmin
	}
	if a.Role == "" {
		a.Role = role
	}
}
