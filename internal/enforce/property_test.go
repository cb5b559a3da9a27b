package enforce_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// chaos is a Duo and a person who answer at random and remember what was
// asked of them.
type chaos struct {
	*rand.Rand
	allowed  bool // some reply said allow
	outage   bool // ping or preauth failed
	asked    int
	auths    int
	preauths int
	waiting  map[string]bool
}

func pick[T any](c *chaos, from ...T) T { return from[c.IntN(len(from))] }

var kinds = []duoapi.Kind{
	duoapi.KindLookup, duoapi.KindConnect, duoapi.KindTLS, duoapi.KindTimeout, duoapi.KindKey, duoapi.KindClock,
	duoapi.KindRejected, duoapi.KindRedirect, duoapi.KindRateLimit, duoapi.KindServer, duoapi.KindFail,
	duoapi.KindMalformed, duoapi.KindTooLarge, duoapi.KindCutShort, duoapi.KindCancelled, "new_kind",
}

// trouble takes some time and fails now and then.
func (c *chaos) trouble(ctx context.Context) error {
	t := time.NewTimer(pick(c, 0, 0, time.Millisecond, time.Second, 20*time.Second))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return &duoapi.Error{Kind: duoapi.KindTimeout, Err: ctx.Err()}
	}
	if c.IntN(8) == 0 {
		return &duoapi.Error{Kind: pick(c, kinds...)}
	}
	return nil
}

func (c *chaos) Ping(ctx context.Context) (duoapi.Clock, error) {
	err := c.trouble(ctx)
	c.outage = c.outage || err != nil && ctx.Err() == nil
	return duoapi.Clock{}, err
}

func (c *chaos) Preauth(ctx context.Context, _ duoapi.PreauthRequest) (duoapi.PreauthReply, error) {
	c.preauths++
	if err := c.trouble(ctx); err != nil {
		c.outage = c.outage || ctx.Err() == nil // being out of time is no outage
		return duoapi.PreauthReply{}, err
	}
	reply := duoapi.PreauthReply{
		Result:           pick(c, duoapi.PreauthAuth, duoapi.PreauthAuth, duoapi.PreauthAuth, duoapi.PreauthAllow, duoapi.PreauthDeny, duoapi.PreauthEnroll, ""),
		StatusMsg:        pick(c, "", "text", "\x1b[2J"),
		VerificationCode: pick(c, "", "376"),
	}
	for range c.IntN(4) {
		reply.Devices = append(reply.Devices, duoapi.Device{
			ID: "DP", Number: "XXX", Capabilities: pick(c, nil, []duoapi.Capability{duoapi.CanPush, duoapi.CanSMS}, []duoapi.Capability{duoapi.CanPhone}),
		})
	}
	c.allowed = c.allowed || reply.Result == duoapi.PreauthAllow
	return reply, nil
}

func (c *chaos) state() duoapi.State {
	s := duoapi.State{
		Result:    pick(c, duoapi.Waiting, duoapi.Waiting, duoapi.Waiting, duoapi.Allow, duoapi.Deny, ""),
		Status:    pick(c, "", "pushed", "timeout", "fraud", "deny", "locked_out", "sent", "allow", "new"),
		StatusMsg: pick(c, "", "a", "b"),
	}
	c.allowed = c.allowed || s.Result == duoapi.Allow
	return s
}

func (c *chaos) Auth(ctx context.Context, in duoapi.AuthRequest) (duoapi.AuthReply, error) {
	c.auths++
	if err := c.trouble(ctx); err != nil {
		return duoapi.AuthReply{}, err
	}
	if in.Async {
		txid := fmt.Sprint(c.auths)
		c.waiting[txid] = true
		return duoapi.AuthReply{TxID: txid}, nil
	}
	return duoapi.AuthReply{State: c.state()}, nil
}

func (c *chaos) AuthStatus(ctx context.Context, txid string) (duoapi.State, error) {
	if !c.waiting[txid] {
		return duoapi.State{}, errors.New("a poll for a transaction that never was")
	}
	if err := c.trouble(ctx); err != nil {
		return duoapi.State{}, err
	}
	return c.state(), nil
}

func (c *chaos) Tell(ctx context.Context, _ string) error { return ctx.Err() }

func (c *chaos) Ask(ctx context.Context, _ string) (secret.Text, error) {
	c.asked++
	t := time.NewTimer(pick(c, 0, time.Second, time.Minute))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return secret.Text{}, ctx.Err()
	}
	if c.IntN(10) == 0 {
		return secret.Text{}, errors.New("the terminal is gone")
	}
	return secret.NewText(pick(c, "1", "2", "9", "push", "push2", "sms", "phone1", "123456", "", " ", "\x00", "push99999999999999999999")), nil
}

// TestWhateverHappens plays random logins and holds every decision against
// the promises of the engine.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(3000) {
		synctest.Test(t, func(t *testing.T) { playRandomLogin(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func playRandomLogin(t *testing.T, seed uint64) {
	t.Helper()
	c := &chaos{Rand: rand.New(rand.NewPCG(seed, 0)), waiting: map[string]bool{}}
	profile := &duo.Profile{
		Owner: svm.Owner{UUID: "s"}, Enabled: true, AutoPush: pick(c, true, false), PushInfo: pick(c, true, false),
		FailMode: pick(c, duo.Safe, duo.Secure), MaxPrompts: pick(c, 1, 2, 3),
	}
	recorded := 0
	engine := enforce.New(enforce.Config{
		Rule: func(context.Context, duo.Login) (duo.Ruling, error) {
			return duo.Ruling{Asked: true, Profile: profile}, nil
		},
		Connect: func(*duo.Profile) (enforce.Client, error) { return c, nil },
		Record:  func(context.Context, enforce.Request, enforce.Decision) error { recorded++; return nil },
	})
	request := enforce.Request{User: "alice", From: pick(c, "192.0.2.1", "host", ""), Interactive: pick(c, true, true, false), KeyOnly: pick(c, false, false, true)}
	began := time.Now()
	d := engine.Decide(t.Context(), request, c)

	limit := profile.MaxPrompts
	if request.KeyOnly || !request.Interactive {
		limit = 1
	}
	switch {
	case d.Allow && !c.allowed && !d.FailOpen:
		t.Errorf("let in without any allow: %+v", d)
	case d.FailOpen && (!d.Allow || !c.outage || profile.FailMode != duo.Safe || c.auths > 0 && c.preauths < 2):
		t.Errorf("failed open without an outage before the factor in safe mode: %+v", d)
	case d.Tries > limit || c.asked > limit:
		t.Errorf("%d tries, %d questions, limit %d", d.Tries, c.asked, limit)
	case c.auths > d.Tries:
		t.Errorf("%d factors asked for in %d tries", c.auths, d.Tries)
	case d.Reason == "":
		t.Errorf("no reason: %+v", d)
	case time.Since(began) > enforce.Deadline+time.Second:
		t.Errorf("took %v", time.Since(began))
	case recorded != 1:
		t.Errorf("recorded %d times", recorded)
	}
}
