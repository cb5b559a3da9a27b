package rest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestALimitIsAContextWithADeadline puts a limit and a context of the standard
// library through the same, and compares what they tell at the end of it.
func TestALimitIsAContextWithADeadline(t *testing.T) {
	type key struct{}
	type timed struct {
		ctx    context.Context
		cancel func() // of the request, as when the client goes away
		end    func() // of the handler
	}
	made := map[string]func(context.Context, time.Duration) (context.Context, func()){
		"limit": func(ctx context.Context, d time.Duration) (context.Context, func()) {
			l := newLimit(ctx, time.Now().Add(d))
			return l, l.end
		},
		"standard": func(ctx context.Context, d time.Duration) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, d)
			return ctx, cancel
		},
	}
	pass := func(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // on the bubble's clock
	tell := func(ctx context.Context) string {
		err := ctx.Err()
		over := false
		select {
		case <-ctx.Done():
			over = true
		default:
		}
		at, ok := ctx.Deadline()
		return fmt.Sprint(err, over, ctx.Err(), context.Cause(ctx), time.Until(at), ok, ctx.Value(key{}))
	}
	for name, happen := range map[string]func(timed) []string{
		"nothing":         func(timed) []string { return nil },
		"a while":         func(timed) []string { pass(time.Second); return nil },
		"more than that":  func(timed) []string { pass(time.Hour); return nil },
		"the client goes": func(c timed) []string { c.cancel(); return nil },
		"the end":         func(c timed) []string { c.end(); return nil },
		"the end, and then the time": func(c timed) []string {
			c.end()
			pass(time.Hour)
			return nil
		},
		"the time, and then the end": func(c timed) []string {
			pass(time.Hour)
			before := c.ctx.Err()
			c.end()
			return []string{fmt.Sprint(before)}
		},
		"somebody waits for the time": func(c timed) []string { <-c.ctx.Done(); return nil },
		"somebody waits for the end": func(c timed) []string {
			done := c.ctx.Done()
			c.end()
			<-done
			return nil
		},
		"a context made from it ends with it": func(c timed) []string {
			made, cancel := context.WithCancel(c.ctx)
			defer cancel()
			before := tell(made)
			c.end()
			synctest.Wait()
			return []string{before, tell(made)}
		},
		"one with a longer time ends with it": func(c timed) []string {
			made, cancel := context.WithTimeout(c.ctx, time.Hour)
			defer cancel()
			<-made.Done()
			return []string{tell(made)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var told [2][]string
			for i, kind := range []string{"limit", "standard"} {
				synctest.Test(t, func(t *testing.T) {
					request, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
					defer cancel()
					ctx, end := made[kind](request, time.Minute)
					defer end()
					told[i] = append(happen(timed{ctx, cancel, end}), tell(ctx))
				})
			}
			if !slices.Equal(told[0], told[1]) {
				t.Errorf("got  %q\nwant %q", told[0], told[1])
			}
		})
	}
	t.Run("an earlier time of the request's own", func(t *testing.T) {
		request, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		want, _ := request.Deadline()
		if got, _ := newLimit(request, time.Now().Add(time.Hour)).Deadline(); got != want {
			t.Errorf("deadline %v, want %v", got, want)
		}
	})
}
