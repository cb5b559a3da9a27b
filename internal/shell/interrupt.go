package shell

import (
	"context"
	"errors"
)

// An Interrupter is an In that tells of Ctrl-C while nobody reads from it.
type Interrupter interface {
	// Interrupts has f called, which does not block, when Ctrl-C is pressed
	// before stop is called. What was typed before it is dropped.
	Interrupts(f func()) (stop func())
}

// errInterrupt is Ctrl-C.
var errInterrupt = errors.New("interrupted")

// interruptible returns a context that Ctrl-C ends, where In tells of it, until
// stop is called. Meanwhile nothing reads from In but what borrows it.
func (s *Session) interruptible(ctx context.Context) (_ context.Context, stop func()) {
	in, ok := s.cfg.In.(Interrupter)
	if !ok {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s.watch = func() func() { return in.Interrupts(func() { cancel(errInterrupt) }) }
	s.unwatch = s.watch()
	s.out.over = ctx.Done()
	return ctx, func() {
		s.unwatch()
		s.watch, s.unwatch, s.out.over = nil, nil, nil
		if errors.Is(context.Cause(ctx), errInterrupt) {
			s.out.raw("^C" + newline)
		}
		cancel(nil)
	}
}

// borrow gives In to whoever asks something in the middle of a command; there
// Ctrl-C is an answer.
func (s *Session) borrow() (giveBack func()) {
	if s.watch == nil {
		return func() {}
	}
	s.unwatch()
	return func() { s.unwatch = s.watch() }
}
