package duoapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptrace"
	"slices"
	"time"
)

// The steps of a Probe beyond those of connecting.
const (
	StepClock Step = "clock" // a Ping: Duo's service answers and tells the time
	StepKeys  Step = "keys"  // a Check: the keys fit
)

// An Outcome is how a step of a Probe ended.
type Outcome string

// The outcomes of a step.
const (
	StepDone    Outcome = "done"
	StepFailed  Outcome = "failed"
	StepSkipped Outcome = "skipped" // not needed, or not reached
)

// A Probed is one step of a Probe.
type Probed struct {
	Step    Step
	Outcome Outcome
	Took    time.Duration
	// Note says what was found: an address, a TLS version, a clock.
	Note string
	// Err is set if Outcome is StepFailed.
	Err *Error
}

// Probe tries, on a connection of its own, everything a login needs and
// returns the steps in the order they happen: lookup, connect, proxy, tls,
// clock, keys. With a proxy the first two are about the proxy's address. The
// steps after a failed one are StepSkipped. It also learns the clock, as Ping
// does.
func (c *Client) Probe(ctx context.Context) []Probed {
	fresh := c.fresh()
	defer fresh.Close()
	w := newWatch(c.proxy)
	clock, err := fresh.Ping(httptrace.WithClientTrace(ctx, w.trace()))
	w.end()
	steps := w.steps()
	if err != nil {
		return failAt(steps, err)
	}
	steps[place(steps, StepClock)].Note = "Duo's clock is " + aheadText(clock.Ahead)
	begun, last := time.Now(), place(steps, StepKeys)
	_, err = fresh.Check(ctx)
	steps[last].Took = time.Since(begun)
	if err != nil {
		return failed(steps, last, err)
	}
	return steps
}

// steps are the six steps as if all had ended well.
func (w *watch) steps() []Probed {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []Probed{
		{Step: StepLookup, Outcome: StepDone, Took: w.took[StepLookup]},
		{Step: StepConnect, Outcome: StepDone, Took: w.took[StepConnect], Note: w.address},
		{Step: StepProxy, Outcome: StepDone, Took: w.took[StepProxy]},
		{Step: StepTLS, Outcome: StepDone, Took: w.took[StepTLS], Note: tlsText(w.tls)},
		{Step: StepClock, Outcome: StepDone, Took: w.took[StepReply]},
		{Step: StepKeys, Outcome: StepDone},
	}
	if _, looked := w.took[StepLookup]; !looked {
		out[place(out, StepLookup)] = Probed{Step: StepLookup, Outcome: StepSkipped, Note: "the address needs no lookup"}
	}
	if w.proxy == "" {
		out[place(out, StepProxy)] = Probed{Step: StepProxy, Outcome: StepSkipped, Note: "no proxy is set"}
	}
	return out
}

func place(steps []Probed, s Step) int {
	return slices.IndexFunc(steps, func(p Probed) bool { return p.Step == s })
}

// failAt marks the step that the failed Ping had reached: sending and reading
// are the clock's.
func failAt(steps []Probed, err error) []Probed {
	at := place(steps, StepClock)
	if e, ok := errors.AsType[*Error](err); ok && place(steps, e.Step) >= 0 {
		at = place(steps, e.Step)
	}
	return failed(steps, at, err)
}

func failed(steps []Probed, at int, err error) []Probed {
	e, _ := errors.AsType[*Error](err)
	steps[at].Outcome, steps[at].Err, steps[at].Note = StepFailed, e, ""
	for i := at + 1; i < len(steps); i++ {
		steps[i] = Probed{Step: steps[i].Step, Outcome: StepSkipped}
	}
	return steps
}

func aheadText(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d > time.Second:
		return d.String() + " ahead of ours"
	case d < -time.Second:
		return (-d).String() + " behind ours"
	}
	return "the same as ours"
}

func tlsText(s tls.ConnectionState) string {
	if s.Version == 0 {
		return ""
	}
	text := tls.VersionName(s.Version)
	if len(s.PeerCertificates) > 0 {
		text += ", certificate valid until " + s.PeerCertificates[0].NotAfter.UTC().Format(time.DateOnly)
	}
	return text
}
