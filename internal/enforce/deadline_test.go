package enforce_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/secret"
)

// A dawdler is a person who answers wrongly, as late as can be, in front of a
// Duo that is well and takes a second for every answer.
type dawdler struct{ patience time.Duration }

func (dawdler) wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d dawdler) ask(ctx context.Context) error {
	if err := d.wait(ctx, time.Second); err != nil { // as duoapi tells it
		return &duoapi.Error{Kind: duoapi.KindTimeout, Err: err}
	}
	return nil
}

func (d dawdler) Ping(ctx context.Context) (duoapi.Clock, error) {
	return duoapi.Clock{}, d.ask(ctx)
}

func (d dawdler) Preauth(ctx context.Context, _ duoapi.PreauthRequest) (duoapi.PreauthReply, error) {
	return duoapi.PreauthReply{Result: duoapi.PreauthAuth}, d.ask(ctx)
}

func (d dawdler) Auth(ctx context.Context, _ duoapi.AuthRequest) (duoapi.AuthReply, error) {
	return duoapi.AuthReply{State: duoapi.State{Result: duoapi.Deny, Status: "deny"}}, d.ask(ctx)
}

func (dawdler) AuthStatus(context.Context, string) (duoapi.State, error) {
	panic("nothing to wait for")
}

func (dawdler) Tell(context.Context, string) error { return nil }

func (d dawdler) Ask(ctx context.Context, _ string) (secret.Text, error) {
	return secret.NewText("000000"), d.wait(ctx, d.patience)
}

// A login whose time runs out while Duo is asked has not found Duo out of
// service: whoever could wait for that would need no second factor.
func TestALoginDoesNotFailOpenByTakingItsTime(t *testing.T) {
	for name, limit := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"the login's own deadline": func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"the caller's deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, enforce.Deadline-time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := limit(t.Context())
				defer cancel()
				until := enforce.Deadline
				if at, ok := ctx.Deadline(); ok {
					until = time.Until(at)
				}
				// Ping, preauth and auth take three seconds; half a one is left for the second preauth.
				d := dawdler{patience: until - 3500*time.Millisecond}
				profile := &duo.Profile{Enabled: true, FailMode: duo.Safe, MaxPrompts: 3}
				engine := enforce.New(enforce.Config{
					Rule: func(context.Context, duo.Login) (duo.Ruling, error) {
						return duo.Ruling{Asked: true, Profile: profile}, nil
					},
					Connect: func(*duo.Profile) (enforce.Client, error) { return d, nil },
					Reached: func(_ *duo.Profile, err error, _ bool) {
						if err != nil {
							t.Errorf("Duo is said not to answer: %v", err)
						}
					},
					Record: func(context.Context, enforce.Request, enforce.Decision) error { return nil },
				})
				got := engine.Decide(ctx, enforce.Request{User: "mallory", Interactive: true}, d)
				if got.Allow || got.FailOpen || got.Tries != 2 {
					t.Errorf("allow %v, fail open %v, reason %q after %d tries", got.Allow, got.FailOpen, got.Reason, got.Tries)
				}
				if got.Reason != enforce.DeadlinePassed {
					t.Errorf("reason %q, want %q", got.Reason, enforce.DeadlinePassed)
				}
			})
		})
	}
}
