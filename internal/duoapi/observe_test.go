package duoapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/enumtest"
)

func TestCallsAndKindsAreAll(t *testing.T) {
	enumtest.Complete(t, "Call", duoapi.Calls())
	enumtest.Complete(t, "Kind", duoapi.Kinds())
}

// ends collects what a client tells of its requests.
type ends struct {
	mu  sync.Mutex // guards all
	all []string
}

func (e *ends) observe(call duoapi.Call, kind duoapi.Kind, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if took < 0 {
		kind = "in the past"
	}
	e.all = append(e.all, strings.TrimSpace(fmt.Sprint(call, " ", kind)))
}

func TestEveryRequestIsToldOf(t *testing.T) {
	for _, tt := range []struct {
		name   string
		handle http.HandlerFunc
		call   func(ctx context.Context, c *duoapi.Client) error
		want   []string
	}{
		{
			"one that is answered", answer(200, okPing),
			func(ctx context.Context, c *duoapi.Client) error { _, err := c.Ping(ctx); return err },
			[]string{"ping"},
		},
		{
			"one whose answer cannot be used", answer(200, `{"stat":"OK"}`),
			func(ctx context.Context, c *duoapi.Client) error { _, err := c.Ping(ctx); return err },
			[]string{"ping malformed"},
		},
		{
			"each that is repeated", busy(1, map[string]string{"Retry-After": "0"}),
			func(ctx context.Context, c *duoapi.Client) error { _, err := c.Check(ctx); return err },
			[]string{"check rate_limit", "check"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := new(ends)
			f := serve(t, tt.handle)
			_ = tt.call(t.Context(), f.client(t, func(cfg *duoapi.Config) { cfg.Observe = e.observe })) // what is told counts
			if diff := cmp.Diff(tt.want, e.all); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
	t.Run("one that reaches nobody", func(t *testing.T) {
		e := new(ends)
		c := client(t, "127.0.0.1:1", newAuthority(t), func(cfg *duoapi.Config) { cfg.Observe = e.observe })
		if _, err := c.Ping(t.Context()); err == nil {
			t.Fatal("somebody answered")
		}
		if diff := cmp.Diff([]string{"ping connect"}, e.all); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
	})
}
