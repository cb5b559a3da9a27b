package rest_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/duoplane/duoplane/internal/rest"
)

// A lasting principal stands until it is told to fall.
type lasting struct {
	rest.Principal

	fallen *atomic.Bool
}

func (p lasting) Stands(context.Context) bool { return !p.fallen.Load() }

// gatekeeper lets an API ask for credentials and counts how often it does.
func gatekeeper(looks *atomic.Int64, fallen *atomic.Bool) siteOption {
	return func(cfg *rest.Config, _ *rest.ServerConfig) {
		cfg.Authenticate = func(ctx context.Context, given rest.Credentials) (rest.Principal, error) {
			looks.Add(1)
			p, err := toyAuthenticate(ctx, given)
			if err != nil {
				return nil, err
			}
			return lasting{p, fallen}, nil
		}
	}
}

func TestAConnectionIsRecognised(t *testing.T) {
	const wrong = "Authorization: Basic YWRtaW46d3Jvbmc=" // admin:wrong
	var looks atomic.Int64
	var fallen atomic.Bool
	s := open(t, gatekeeper(&looks, &fallen))
	for _, step := range []struct {
		name   string
		before func()
		header string // instead of the admin's credential
		status int
		looks  int64 // how often the credential was looked at, up to here
	}{
		{"the first request is looked at", nil, "", 200, 1},
		{"the second is not", nil, "", 200, 1},
		{"another password is", nil, wrong, 401, 2},
		{"and is not taken for the first when it comes again", nil, wrong, 401, 3},
		{"the first is recognised still", nil, "", 200, 3},
		{"without a credential nobody is", nil, "Authorization: ", 401, 3},
		{"another account is looked at", nil, "Authorization: " + basic("vsadmin"), 200, 4},
		{"and is who is known from then on", nil, "Authorization: " + basic("vsadmin"), 200, 4},
		{"in the place of the first", nil, "", 200, 5},
		{"who does not stand any more is looked at", func() { fallen.Store(true) }, "", 200, 6},
		{"every time", nil, "", 200, 7},
		{"another connection knows nothing", func() { fallen.Store(false); s.client.CloseIdleConnections() }, "", 200, 8},
		{"until it does", nil, "", 200, 8},
	} {
		if step.before != nil {
			step.before()
		}
		var headers []string
		if step.header != "" {
			headers = append(headers, step.header)
		}
		if got := s.do(t, http.MethodGet, "/api/cluster", "", headers...); got.StatusCode != step.status || looks.Load() != step.looks {
			t.Errorf("%s: status %d after %d looks, want %d after %d", step.name, got.StatusCode, looks.Load(), step.status, step.looks)
		}
	}
}

// Who is recognised may do no more than before.
func TestWhoIsRecognisedIsWhoTheyWere(t *testing.T) {
	var looks atomic.Int64
	var fallen atomic.Bool
	s := open(t, gatekeeper(&looks, &fallen))
	reader := "Authorization: " + basic("reader")
	for range 2 {
		if got := s.do(t, http.MethodDelete, deskPath, "", reader); got.StatusCode != http.StatusForbidden {
			t.Errorf("a reader's DELETE: %s", got.Status)
		}
	}
	if looks.Load() != 1 {
		t.Errorf("%d looks", looks.Load())
	}
}
