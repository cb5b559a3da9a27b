package duolink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
)

const (
	// freshFor is how long a probe's result is good.
	freshFor = time.Minute
	// probeTime bounds one probe, below the time a REST request has.
	probeTime = 8 * time.Second
	// clockTolerance is how far a host's clock may be off before Duo refuses
	// what it signs: 300 s in Duo's own mock server.
	clockTolerance = 5 * time.Minute
)

// The statuses that are no error of a call. Ok is what ONTAP's hand-written
// sample shows; the failure texts are Duoplane's own.
const (
	Ok       = "Ok"
	notYet   = "Not known yet: Duo has not answered within the time of this request"
	unusable = "The profile cannot be used as it is stored; see the server's log"
)

// health is what is known of one link.
type health struct {
	status   string
	at       time.Time
	failOpen bool          // a login was let in without Duo since Duo answered last
	probe    chan struct{} // closed when the probe under way ends; nil: none is
}

// learn takes what a call found out. The probe under way, if any, goes on.
func (h *health) learn(status string, at time.Time) {
	h.status, h.at = status, at
	h.failOpen = h.failOpen && status != Ok
}

// text is what is shown of it.
func (h *health) text() string {
	if h.failOpen {
		return h.status + "; logins are let in without Duo"
	}
	return h.status
}

// Status implements duo.Prober: the last probe's result if it is younger than
// a minute, else a fresh signed one, shared by all who ask meanwhile.
func (l *Links) Status(ctx context.Context, p *duo.Profile) string {
	k, err := l.link(p)
	if err != nil {
		l.cfg.Logger.ErrorContext(ctx, "profile cannot be used", slog.String("owner", p.Owner.UUID), slog.Any("error", err))
		return unusable
	}
	k.mu.Lock()
	if k.state.status != "" && l.cfg.Now().Sub(k.state.at) < freshFor {
		defer k.mu.Unlock()
		return k.state.text()
	}
	if k.state.probe == nil {
		if !l.startProbe(k) { //nolint:contextcheck // the probe outlives the request that began it
			k.mu.Unlock()
			return notYet
		}
	}
	done := k.state.probe
	k.mu.Unlock()

	select {
	case <-done:
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.state.text()
	case <-ctx.Done():
		return notYet
	}
}

// startProbe begins a probe of its own lifetime, so that one who gives up
// does not end it for the others. It reports false once Links are closed. The
// caller holds k.mu.
func (l *Links) startProbe(k *link) bool {
	l.mu.RLock() // or Close could be done waiting before the probe counts
	defer l.mu.RUnlock()
	if l.closed {
		return false
	}
	done := make(chan struct{})
	k.state.probe = done
	l.probes.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, probeTime)
		defer cancel()
		status := l.probe(ctx, k.client)
		k.mu.Lock()
		k.state.learn(status, l.cfg.Now())
		k.state.probe = nil
		k.mu.Unlock()
		close(done)
	})
	return true
}

// probe asks Duo for its clock, then whether the keys fit.
func (l *Links) probe(ctx context.Context, c *duoapi.Client) string {
	clock, err := c.Ping(ctx)
	if err == nil {
		_, err = c.Check(ctx)
	}
	if err != nil {
		return reason(err)
	}
	if off := clock.Ahead.Abs(); off > clockTolerance {
		return fmt.Sprintf("The clock of this host is off by about %.0f minutes", off.Minutes())
	}
	return Ok
}

// reason is the short text for a failed call.
func reason(err error) string {
	if e, ok := errors.AsType[*duoapi.Error](err); ok {
		return e.Reason()
	}
	return "Duo cannot be asked"
}

// Reached tells what a login found out about a profile: err is nil when Duo
// answered, and failOpen is set when the login was let in without an answer.
// The status says so until Duo answers again.
func (l *Links) Reached(p *duo.Profile, err error, failOpen bool) {
	k, linkErr := l.link(p)
	if linkErr != nil {
		return // Client said so before
	}
	status := Ok
	if err != nil {
		status = reason(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.learn(status, l.cfg.Now())
	k.state.failOpen = k.state.failOpen || failOpen
}

// Recent reports whether Duo answered this profile within the last minute, so
// that its clock is known and a login needs no ping.
func (l *Links) Recent(p *duo.Profile) bool {
	k, err := l.link(p)
	if err != nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state.status == Ok && l.cfg.Now().Sub(k.state.at) < freshFor
}
