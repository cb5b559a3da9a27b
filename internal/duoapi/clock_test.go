package duoapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duoapi"
)

// strictClock is a Duo that refuses dates more than five minutes off its own.
type strictClock struct{ now time.Time }

func (s *strictClock) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/auth/v2/ping" {
		answer(200, fmt.Sprintf(`{"stat":"OK","response":{"time":%d}}`, s.now.Unix()))(w, r)
		return
	}
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		date, err = time.Parse(time.RFC1123Z, r.Header.Get("Date"))
	}
	if err != nil || s.now.Sub(date).Abs() > 5*time.Minute {
		answer(401, `{"stat":"FAIL","code":40105,"message":"Bad request timestamp"}`)(w, r)
		return
	}
	script(w, r)
}

var ours = time.Date(2026, 11, 21, 20, 0, 0, 0, time.FixedZone("", 5*3600+1800))

func atOurs(c *duoapi.Config) { c.Now = func() time.Time { return ours } }

func TestPingSetsTheClock(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour, 20 * 365 * 24 * time.Hour} {
		duo := &strictClock{now: ours.Add(ahead)}
		f := serve(t, duo.serve)
		c := f.client(t, atOurs)
		clock, err := c.Ping(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if clock.Ahead != ahead || c.Offset() != ahead || !clock.Time.Equal(duo.now) {
			t.Errorf("%v ahead: got %v, offset %v", ahead, clock, c.Offset())
		}
		if _, err := c.Auth(t.Context(), push(true)); err != nil {
			t.Errorf("%v ahead: %v", ahead, err)
		}
		want := []string{"/auth/v2/ping", "/auth/v2/auth"}
		if diff := cmp.Diff(want, f.requests()); diff != "" {
			t.Error(diff)
		}
		if got, want := f.last().header.Get("Date"), duo.now.UTC().Format(time.RFC1123Z); got != want {
			t.Errorf("dated %q, want %q", got, want)
		}
	}
}

func TestAWrongClockIsSetAndTheCallRepeatedOnce(t *testing.T) {
	f := serve(t, (&strictClock{now: ours.Add(time.Hour)}).serve)
	c := f.client(t, atOurs)
	if _, err := c.Preauth(t.Context(), duoapi.PreauthRequest{Username: "alice"}); err != nil {
		t.Error(err)
	}
	want := []string{"/auth/v2/preauth", "/auth/v2/ping", "/auth/v2/preauth"}
	if diff := cmp.Diff(want, f.requests()); diff != "" {
		t.Error(diff)
	}
}

func TestAClockThatCannotBeSetIsAnError(t *testing.T) {
	never := answer(401, `{"stat":"FAIL","code":40105}`)
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		want    []string
	}{
		{"Duo complains about every date", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/auth/v2/ping" {
				script(w, r)
				return
			}
			never(w, r)
		}, []string{"/auth/v2/check", "/auth/v2/ping", "/auth/v2/check"}},
		{"ping fails too", never, []string{"/auth/v2/check", "/auth/v2/ping"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, test.handler)
			_, err := f.client(t).Check(t.Context())
			fails(t, err, duoapi.KindClock, duoapi.StepReply)
			if diff := cmp.Diff(test.want, f.requests()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAuthLeavesAWrongClockToItsCaller(t *testing.T) {
	f := serve(t, (&strictClock{now: ours.Add(time.Hour)}).serve)
	_, err := f.client(t, atOurs).Auth(t.Context(), push(true))
	fails(t, err, duoapi.KindClock, duoapi.StepReply)
	if diff := cmp.Diff([]string{"/auth/v2/auth"}, f.requests()); diff != "" {
		t.Error(diff)
	}
}
