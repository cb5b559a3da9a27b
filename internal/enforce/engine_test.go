package enforce_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// A desk is a Duo that answers every login alike and keeps what it was asked,
// and the person in front of it.
type desk struct {
	preauth duoapi.PreauthReply
	state   duoapi.State
	asked   []duoapi.AuthRequest
	prompts int
	gone    bool // nobody is there to be told anything
	deaf    bool // nobody is there to be asked
}

func (*desk) Ping(context.Context) (duoapi.Clock, error) { return duoapi.Clock{}, nil }

func (d *desk) Preauth(context.Context, duoapi.PreauthRequest) (duoapi.PreauthReply, error) {
	return d.preauth, nil
}

func (d *desk) Auth(_ context.Context, in duoapi.AuthRequest) (duoapi.AuthReply, error) {
	d.asked = append(d.asked, in)
	return duoapi.AuthReply{TxID: "tx", State: d.state}, nil
}

func (d *desk) AuthStatus(context.Context, string) (duoapi.State, error) { return d.state, nil }

func (d *desk) Tell(context.Context, string) error {
	if d.gone {
		return errors.New("the terminal is gone")
	}
	return nil
}

func (d *desk) Ask(context.Context, string) (secret.Text, error) {
	d.prompts++
	if d.deaf {
		return secret.Text{}, errors.New("no keyboard")
	}
	return secret.NewText("123456"), nil
}

// decide takes alice through the profile; record is what Record returns.
func (d *desk) decide(ctx context.Context, p *duo.Profile, record func(context.Context) error) enforce.Decision {
	return d.engine(p, record).Decide(ctx, enforce.Request{
		Owner: svm.Owner{UUID: "u", Name: "svm1"}, User: "alice", From: "192.0.2.7", Service: "ssh", Interactive: true,
	}, d)
}

// engine asks d about everybody, as the profile says.
func (d *desk) engine(p *duo.Profile, record func(context.Context) error) *enforce.Engine {
	return enforce.New(enforce.Config{
		Rule: func(context.Context, duo.Login) (duo.Ruling, error) {
			return duo.Ruling{Asked: true, Profile: p}, nil
		},
		Connect: func(*duo.Profile) (enforce.Client, error) { return d, nil },
		Record:  func(ctx context.Context, _ enforce.Request, _ enforce.Decision) error { return record(ctx) },
	})
}

func recorded(context.Context) error { return nil }

// withPhone is Duo's answer for a user with a telephone that takes pushes.
func withPhone() duoapi.PreauthReply {
	return duoapi.PreauthReply{Result: duoapi.PreauthAuth, Devices: []duoapi.Device{
		{ID: "DP1", Number: "XXX-0100", Capabilities: []duoapi.Capability{duoapi.CanPush}},
	}}
}

func TestALoginThatCannotBeRecordedIsRefused(t *testing.T) {
	unwritable := func(context.Context) error { return errors.New("no space left") }
	for name, d := range map[string]*desk{
		"approved": {preauth: withPhone(), state: duoapi.State{Result: duoapi.Allow, Status: "allow"}},
		"bypassed": {preauth: duoapi.PreauthReply{Result: duoapi.PreauthAllow}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &duo.Profile{Enabled: true, AutoPush: true, MaxPrompts: 1}
			if got := d.decide(t.Context(), p, recorded); !got.Allow {
				t.Fatalf("refused though it could be recorded: %+v", got)
			}
			got := d.decide(t.Context(), p, unwritable)
			if got.Allow || got.FailOpen || got.Reason != enforce.NotRecorded {
				t.Errorf("allow %v, fail open %v, reason %q", got.Allow, got.FailOpen, got.Reason)
			}
		})
	}
}

func TestALoginThatWasGivenUpIsRecorded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lines := 0
	got := (&desk{preauth: duoapi.PreauthReply{Result: duoapi.PreauthDeny}}).decide(ctx, &duo.Profile{Enabled: true}, func(ctx context.Context) error {
		if lines++; ctx.Err() != nil {
			t.Error("the line is given up with the login")
		}
		return nil
	})
	if lines != 1 || got.Allow {
		t.Errorf("%d lines, %+v", lines, got)
	}
}

func TestNothingIsPushedTwiceUnasked(t *testing.T) {
	d := &desk{preauth: withPhone(), state: duoapi.State{Result: duoapi.Deny, Status: "timeout"}}
	got := d.decide(t.Context(), &duo.Profile{Enabled: true, AutoPush: true, MaxPrompts: 3}, recorded)
	var factors []duoapi.Factor
	for _, in := range d.asked {
		factors = append(factors, in.Factor)
	}
	want := []duoapi.Factor{duoapi.FactorPush, duoapi.FactorPasscode, duoapi.FactorPasscode}
	if diff := cmp.Diff(want, factors); diff != "" || d.prompts != 2 || got.Allow {
		t.Errorf("%d prompts, %+v, factors (-want +got):\n%s", d.prompts, got, diff)
	}
}

func TestATryThatNobodyFollowsUpIsTheReason(t *testing.T) {
	d := &desk{preauth: withPhone(), state: duoapi.State{Result: duoapi.Deny, Status: "timeout"}, deaf: true}
	got := d.decide(t.Context(), &duo.Profile{Enabled: true, AutoPush: true, MaxPrompts: 3}, recorded)
	if got.Allow || got.Reason != enforce.TimedOut || got.Tries != 1 || got.Factor != "push" {
		t.Errorf("after a push: %+v", got)
	}
	got = d.decide(t.Context(), &duo.Profile{Enabled: true, MaxPrompts: 3}, recorded)
	if got.Allow || got.Reason != enforce.NoAnswer {
		t.Errorf("after nothing: %+v", got)
	}
}

func TestAPushTellsOfTheLoginOnlyIfTheProfileSaysSo(t *testing.T) {
	for tells, want := range map[bool]duoapi.PushInfo{
		false: nil,
		true:  {{Name: "Source", Value: "192.0.2.7"}, {Name: "Owner", Value: "svm1"}, {Name: "Account", Value: "alice"}, {Name: "Service", Value: "ssh"}},
	} {
		d := &desk{preauth: withPhone(), state: duoapi.State{Result: duoapi.Allow}}
		d.decide(t.Context(), &duo.Profile{Enabled: true, AutoPush: true, PushInfo: tells, MaxPrompts: 1}, recorded)
		if len(d.asked) != 1 {
			t.Fatalf("%d factors asked for", len(d.asked))
		}
		if diff := cmp.Diff(want, d.asked[0].PushInfo); diff != "" {
			t.Errorf("push_info %v (-want +got):\n%s", tells, diff)
		}
	}
}

func TestWhoIsGoneIsNotLetInByABypass(t *testing.T) {
	d := &desk{preauth: duoapi.PreauthReply{Result: duoapi.PreauthAllow, StatusMsg: "Welcome"}}
	p := &duo.Profile{Enabled: true, MaxPrompts: 1}
	if got := d.decide(t.Context(), p, recorded); !got.Allow || got.Reason != enforce.Bypass {
		t.Errorf("somebody there: %+v", got)
	}
	d.gone = true
	if got := d.decide(t.Context(), p, recorded); got.Allow || got.Reason != enforce.NoAnswer {
		t.Errorf("nobody there: %+v", got)
	}
}

func TestAStoreThatCannotBeAskedIsNoWayIn(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want enforce.Reason
	}{
		{fault.New(fault.Outdated, "", "away for too long"), enforce.PolicyOutdated},
		{fault.New(fault.Unavailable, "", "away"), enforce.PolicyUnknown},
		{errors.New("unreadable"), enforce.PolicyUnknown},
	} {
		var kept []enforce.Reason
		engine := enforce.New(enforce.Config{
			Rule:    func(context.Context, duo.Login) (duo.Ruling, error) { return duo.Ruling{}, tt.err },
			Connect: func(*duo.Profile) (enforce.Client, error) { return new(desk), nil },
			Record: func(_ context.Context, _ enforce.Request, d enforce.Decision) error {
				kept = append(kept, d.Reason)
				return nil
			},
		})
		d := engine.Decide(t.Context(), enforce.Request{User: "alice"}, new(desk))
		if d.Allow || d.FailOpen || d.Reason != tt.want || len(kept) != 1 || kept[0] != tt.want {
			t.Errorf("%v: %+v, kept %v", tt.err, d, kept)
		}
	}
}
