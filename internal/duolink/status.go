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
	status string
	at     time.Time
	probe  chan struct{} // closed when the probe under way ends; nil: none is
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
		return k.state.status
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
		return k.state.status
	case <-ctx.Done():
		return notYet
	}
}

// startProbe begins a probe of its own lifetime, so that one who gives up
// does not end it for the others. It reports false once Links are closed. The
// caller holds k.mu.
func (l *Links) startProbe(k *link) bool {
	if l.ctx.Err() != nil {
		return false
	}
	done := make(chan struct{})
	k.state.probe = done
	l.probes.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, probeTime)
		defer cancel()
		status := l.probe(ctx, k.client)
		k.mu.Lock()
		k.state = health{status: status, at: l.cfg.Now()}
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
		return fmt.Sprintf("The clock of this host is off by %d seconds", int(off.Seconds()))
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
