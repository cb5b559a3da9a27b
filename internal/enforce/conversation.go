package enforce

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
)

const (
	// pollPause is the least time between two polls that brought nothing new.
	// Duo holds a poll until something changes; this bounds the damage of a
	// service that does not.
	pollPause = time.Second
	// maxPolls bounds the polls of one attempt, whatever they say.
	maxPolls = 100
)

// A conversation is one login on its way through Duo.
type conversation struct {
	engine   *Engine
	request  Request
	prompter Prompter
	client   Client
	profile  *duo.Profile

	// What there is to tell of it afterwards.
	factor          duoapi.Factor
	status, message string
	tries           int
	failed          Reason // why the try before this one did not let in
}

// run goes through the tries until one ends the login.
func (c *conversation) run(ctx context.Context) verdict {
	limit := max(1, c.profile.MaxPrompts)
	if c.request.KeyOnly || !c.request.Interactive {
		limit = 1
	}
	var v verdict
	for c.tries < limit {
		c.tries++
		if v = c.try(ctx); v.ended {
			return v
		}
		c.failed = v.reason
	}
	return refuse(v.reason)
}

// try is one second factor: what Duo says of the user, the choice, the wait.
func (c *conversation) try(ctx context.Context) verdict {
	if c.tries == 1 && !c.engine.cfg.Recent(c.profile) {
		if _, err := c.client.Ping(ctx); err != nil {
			return c.unreached(ctx, PingStep, err)
		}
	}
	pre, err := c.client.Preauth(ctx, duoapi.PreauthRequest{
		Username: c.request.User, IPAddr: c.address(), Hostname: c.request.Hostname, VerifiedPush: true,
	})
	if err != nil {
		return c.unreached(ctx, PreauthStep, err)
	}
	c.engine.cfg.Reached(c.profile, nil, false)
	if v := afterPreauth(pre.Result); v.ended {
		return c.endOfPreauth(ctx, pre, v)
	}
	chosen, v := c.choose(ctx, menuOf(pre.Devices))
	if chosen.factor == "" {
		return v
	}
	return c.attempt(ctx, pre, chosen)
}

// unreached rules on a call that failed before a factor was chosen. A call that
// the login's own end cut short says nothing of Duo: whoever lets the time
// pass at a prompt must not be let in for it.
func (c *conversation) unreached(ctx context.Context, step Step, err error) verdict {
	switch {
	case expired(ctx):
		return refuse(DeadlinePassed)
	case ctx.Err() != nil:
		return refuse(NoAnswer)
	}
	v := afterError(step, duoapi.KindOf(err), c.profile.FailMode)
	if v.reason != NoAnswer {
		c.engine.cfg.Reached(c.profile, err, v.failOpen)
	}
	return v
}

// endOfPreauth tells the user what Duo says where no factor is asked for.
func (c *conversation) endOfPreauth(ctx context.Context, pre duoapi.PreauthReply, v verdict) verdict {
	text := pre.StatusMsg
	if pre.Result == duoapi.PreauthEnroll && pre.EnrollPortalURL != "" {
		text += "\n\n" + pre.EnrollPortalURL
	}
	if err := c.tell(ctx, text); err != nil && v.allow {
		return refuse(NoAnswer)
	}
	return v
}

// choose takes the automatic factor or asks. Without a choice the factor is
// "" and the verdict says why. After a failed try nothing is pushed by itself
// again, so from the second try on it asks.
func (c *conversation) choose(ctx context.Context, m menu) (choice, verdict) {
	automatic, found := m.automatic()
	if !c.request.Interactive {
		if !found {
			return choice{}, refuse(NoFactor)
		}
		return automatic, verdict{}
	}
	if found && c.profile.AutoPush && c.tries == 1 {
		c.announce(ctx, automatic)
		return automatic, verdict{}
	}
	answer, err := c.prompter.Ask(ctx, m.text(c.request.User))
	if err != nil {
		return choice{}, c.unasked()
	}
	picked, ok := m.pick(answer)
	if !ok {
		return choice{}, again(NoAnswer)
	}
	return picked, verdict{}
}

// unasked rules on a question that nobody is there for. Then the login has
// ended with the try before it, if there was one.
func (c *conversation) unasked() verdict {
	if c.failed == "" {
		return refuse(NoAnswer)
	}
	c.tries--
	return refuse(c.failed)
}

// announce says what is about to happen to the user's telephone.
func (c *conversation) announce(ctx context.Context, automatic choice) {
	notice := "Autopushing login request to phone..."
	if automatic.factor == duoapi.FactorPhone {
		notice = "Calling your phone..."
	}
	// A notice nobody sees does not stop the push: clients that can only send
	// a key or password have no place to show it.
	_ = c.prompter.Tell(ctx, notice)
}

// attempt asks Duo for one factor, once, and waits for the outcome.
func (c *conversation) attempt(ctx context.Context, pre duoapi.PreauthReply, chosen choice) verdict {
	c.factor = chosen.factor
	in := duoapi.AuthRequest{
		Username: c.request.User, IPAddr: c.address(), Hostname: c.request.Hostname,
		Factor: chosen.factor, Async: c.watched(chosen.factor), Passcode: chosen.passcode,
	}
	if chosen.factor != duoapi.FactorPasscode {
		in.Device = chosen.device.ID
	}
	if chosen.factor == duoapi.FactorPush {
		in.TxID, in.PushInfo = pre.TxID, c.pushInfo()
		if pre.VerificationCode != "" {
			if err := c.tell(ctx, "Enter verification code "+pre.VerificationCode+" into Duo Mobile..."); err != nil {
				return refuse(NoAnswer)
			}
		}
	}
	reply, err := c.client.Auth(ctx, in)
	if err != nil {
		return afterError(AuthStep, duoapi.KindOf(err), c.profile.FailMode)
	}
	if in.Async {
		return c.follow(ctx, chosen.factor, reply.TxID)
	}
	return c.settle(ctx, chosen.factor, reply.State)
}

// watched reports whether an attempt is followed by polls, so that its states
// can be shown while a person reaches for the telephone. Where nobody looks,
// one held request brings the outcome with half of the round trips.
func (c *conversation) watched(factor duoapi.Factor) bool {
	return c.request.Interactive && (factor == duoapi.FactorPush || factor == duoapi.FactorPhone)
}

// follow polls an attempt until it is decided.
func (c *conversation) follow(ctx context.Context, factor duoapi.Factor, txid string) verdict {
	told := ""
	for range maxPolls {
		asked := c.engine.cfg.Now()
		state, err := c.client.AuthStatus(ctx, txid)
		switch {
		case err != nil:
			return afterError(StatusStep, duoapi.KindOf(err), c.profile.FailMode)
		case state.Result != duoapi.Waiting:
			return c.settle(ctx, factor, state)
		case state.StatusMsg != told:
			told = state.StatusMsg
			c.status = oneLine(state.Status, 64)
			_ = c.tell(ctx, told) // as with the notice: the push is under way
		case c.engine.cfg.Now().Sub(asked) < pollPause && !pause(ctx):
			return refuse(NoAnswer)
		}
	}
	return refuse(TimedOut)
}

// settle rules on an outcome and tells the user.
func (c *conversation) settle(ctx context.Context, factor duoapi.Factor, s duoapi.State) verdict {
	c.status = oneLine(s.Status, 64)
	v := afterState(factor, s)
	if err := c.tell(ctx, s.StatusMsg); err != nil && !v.allow {
		return refuse(v.reason) // nobody is there for another try
	}
	return v
}

// tell shows a text of Duo's, made safe, and keeps it for the record.
func (c *conversation) tell(ctx context.Context, text string) error {
	if text == "" {
		return nil
	}
	text = printable(text)
	c.message = oneLine(text, 256)
	return c.prompter.Tell(ctx, text)
}

// address is the client's address if it is one, in its plain form.
func (c *conversation) address() string {
	a, err := netip.ParseAddr(c.request.From)
	if err != nil {
		return ""
	}
	return a.Unmap().WithZone("").String()
}

// pushInfo is what the app shows of the login.
func (c *conversation) pushInfo() duoapi.PushInfo {
	if !c.profile.PushInfo {
		return nil
	}
	const limit = 512
	var info duoapi.PushInfo
	for _, f := range []duoapi.PushField{
		{Name: "Source", Value: c.address()},
		{Name: "Owner", Value: c.request.Owner.Name},
		{Name: "Account", Value: c.request.User},
		{Name: "Service", Value: c.request.Service},
		{Name: "Command", Value: c.request.Command},
	} {
		if f.Value != "" {
			info = append(info, duoapi.PushField{Name: f.Name, Value: oneLine(f.Value, limit)})
		}
	}
	return info
}

// expired reports whether the login's time is over. A connection's own deadline
// is the context's and can pass a moment before the context knows.
func expired(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return errors.Is(ctx.Err(), context.DeadlineExceeded) || limited && time.Until(deadline) <= 0
}

// pause waits pollPause; false when ctx ended first.
func pause(ctx context.Context) bool {
	t := time.NewTimer(pollPause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
