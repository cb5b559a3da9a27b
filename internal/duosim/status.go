package duosim

import (
	"context"
	"errors"
	"time"
)

// errGone ends a wait whose client went away, or that the simulator's end cuts
// off. There is nobody to answer, or nothing true to say.
var errGone = errors.New("the wait was cut off")

// status answers a poll: at once with a state that was not told yet, else when
// something changes, else after the hold with the state as it is.
func (s *Sim) status(ctx context.Context, c *call) (any, error) {
	txid := c.params.get("txid")
	if txid == "" {
		return nil, missing("txid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := s.transactions[txid]
	if tx == nil || tx.ikey != c.ikey {
		return nil, invalid("txid")
	}
	hold := time.NewTimer(time.Duration(s.settings.PollHold))
	defer hold.Stop()
	m, err := s.follow(ctx, tx, hold.C, tx.tell)
	if err != nil {
		return nil, err
	}
	return c.shape(m), nil
}

// tell is the next state to report, and false when all are. Of states that a
// client has not seen yet each is told, so that nothing is missed; held asks
// for the present one again. After maxWaiting waiting answers only the outcome
// is told.
func (t *transaction) tell(held bool) (moment, bool) {
	for t.told < len(t.history) {
		m := t.history[t.told]
		t.told++
		if m.over() {
			return m, true
		}
		if t.waits < maxWaiting {
			t.waits++
			return m, true
		}
	}
	m := t.state()
	switch {
	case m.over():
		return m, true
	case held && t.waits < maxWaiting:
		t.waits++
		return m, true
	default:
		return moment{}, false
	}
}

// follow watches a transaction until done is content. hold, if not nil, says
// when a waiting state has to do. The caller holds the mutex, which is let go
// while waiting.
func (s *Sim) follow(ctx context.Context, tx *transaction, hold <-chan time.Time, done func(held bool) (moment, bool)) (moment, error) {
	s.play(tx, s.now())
	held := false
	for {
		if m, ok := done(held); ok {
			return m, nil
		}
		if held {
			hold, held = nil, false // the answers are used up: wait for the outcome
		}
		due, timer := s.wake(tx)
		changed := tx.changed
		s.mu.Unlock()
		var err error
		now := time.Time{}
		select {
		case <-changed:
		case <-timer.C:
			now = due // even if the injected clock stands still
		case <-hold:
			held = true
		case <-ctx.Done():
			err = errGone
		case <-s.closed:
			err = errGone
		}
		timer.Stop()
		s.mu.Lock()
		if err != nil {
			return moment{}, err
		}
		if real := s.now(); real.After(now) {
			now = real
		}
		s.play(tx, now)
	}
}

// wake returns a timer for the next entry of the script.
func (s *Sim) wake(tx *transaction) (time.Time, *time.Timer) {
	due, ok := tx.next()
	if !ok {
		due = tx.deadline
	}
	return due, time.NewTimer(due.Sub(s.now()))
}

// shape gives a state in the call's dialect: the old one leaves result out
// until it is known.
func (c *call) shape(m moment) document {
	if !c.v1 {
		return document{{"result", m.result}, {"status", m.status}, {"status_msg", m.text}}
	}
	doc := document{{"status", m.text}}
	if m.over() {
		doc = append(document{{"result", m.result}}, doc...)
	}
	return doc
}
