package duosim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duosim"
)

// A direct simulator is called without a network, so that its timers can run in
// a bubble of fake time.
type direct struct {
	sim *duosim.Sim
	api http.Handler
}

func newDirect(t *testing.T, change func(*duosim.Settings)) *direct {
	t.Helper()
	config := duosim.Config{Seed: seed()}
	change(&config.Seed.Settings)
	sim, err := duosim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return &direct{sim, sim.API()}
}

func (d *direct) call(t *testing.T, method, path string, pairs ...string) reply {
	t.Helper()
	w := httptest.NewRecorder()
	r := request(method, "https://localhost:4443", path, pairs...)
	d.api.ServeHTTP(w, r.WithContext(t.Context()))
	return decode(t, w.Result())
}

func (d *direct) push(t *testing.T) (txid string) {
	t.Helper()
	r := d.call(t, "POST", "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto", "async", "1")
	if txid = r.text("txid"); txid == "" {
		t.Fatalf("no txid: %s", r.Body)
	}
	return txid
}

func (d *direct) poll(t *testing.T, txid string) string {
	t.Helper()
	r := d.call(t, "GET", "/auth/v2/auth_status", "txid", txid)
	return r.text("result") + "/" + r.text("status")
}

func same(*duosim.Settings) {}

func TestNoTransactionGivesTwentyWaitingAnswers(t *testing.T) {
	for _, hold := range []time.Duration{time.Millisecond, time.Second, 3 * time.Second, 25 * time.Second} {
		t.Run(hold.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDirect(t, func(s *duosim.Settings) { s.PollHold = duosim.Duration(hold) })
				begin := time.Now()
				txid := d.push(t)
				waiting, last := 0, ""
				for range 60 { // far more rounds than any client makes
					if last = d.poll(t, txid); last != "waiting/pushed" {
						break
					}
					waiting++
				}
				want := min(19, 1+int(time.Minute/hold))
				if waiting != want || last != "deny/timeout" {
					t.Errorf("%d waiting answers, want %d, then %s", waiting, want, last)
				}
				if took := time.Since(begin); took != time.Minute {
					t.Errorf("the push ended after %v", took)
				}
				if again := d.poll(t, txid); again != "deny/timeout" {
					t.Errorf("a poll after the end: %s", again)
				}
			})
		})
	}
}

func TestAPollIsHeldUntilThePersonAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		begin := time.Now()
		txid := d.push(t)
		if got := d.poll(t, txid); got != "waiting/pushed" || time.Since(begin) != 0 {
			t.Errorf("the first state: %s after %v", got, time.Since(begin))
		}
		go func() {
			<-time.After(7 * time.Second)
			if err := d.sim.Answer(txid, duosim.Deny, ""); err != nil {
				t.Error(err)
			}
		}()
		if got := d.poll(t, txid); got != "deny/deny" || time.Since(begin) != 7*time.Second {
			t.Errorf("the answer: %s after %v", got, time.Since(begin))
		}
	})
}

func TestASyncLoginIsHeldUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		for _, tc := range []struct {
			answer duosim.Answer
			after  time.Duration
			want   string
		}{
			{duosim.Approve, 40 * time.Second, "allow/allow"},
			{duosim.Deny, time.Second, "deny/deny"},
			{duosim.Fraud, time.Second, "deny/fraud"},
			{"", time.Minute, "deny/timeout"},
		} {
			begin := time.Now()
			go func() {
				p, err := d.sim.WaitPending(t.Context(), "alice")
				if err != nil || tc.answer == "" {
					return
				}
				<-time.After(tc.after)
				_ = d.sim.Answer(p.TxID, tc.answer, "")
			}()
			r := d.call(t, "POST", "/auth/v2/auth", "username", "alice", "factor", "push", "device", "auto")
			if got := r.text("result") + "/" + r.text("status"); got != tc.want || time.Since(begin) != tc.after {
				t.Errorf("%s: %s after %v", tc.answer, got, time.Since(begin))
			}
		}
	})
}

func TestACallRingsIsAnsweredAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		r := d.call(t, "POST", "/auth/v2/auth", "username", "alice", "factor", "phone", "device", "auto", "async", "1")
		var told []string
		begin := time.Now()
		for len(told) < 4 {
			told = append(told, fmt.Sprintf("%s %v", d.poll(t, r.text("txid")), time.Since(begin)))
		}
		want := []string{"waiting/calling 0s", "waiting/answered 2s", "waiting/answered 27s", "waiting/answered 52s"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := d.poll(t, r.text("txid")); got != "deny/timeout" {
			t.Error(got)
		}
	})
}

func TestAClientThatGoesAwayEndsItsWaitOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		txid := d.push(t)
		d.poll(t, txid)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a client that is gone was answered")
				}
			}()
			r := request("GET", "https://localhost", "/auth/v2/auth_status", "txid", txid)
			d.api.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
		}()
		if n := len(d.sim.Pending()); n != 1 {
			t.Errorf("%d pushes wait", n)
		}
		if err := d.sim.Answer(txid, duosim.Approve, ""); err != nil {
			t.Error(err)
		}
		if got := d.poll(t, txid); got != "allow/allow" {
			t.Error(got)
		}
	})
}

func TestOutcomesAreForgottenAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, func(s *duosim.Settings) { s.AutoApprove = true; s.AutoApproveDelay = duosim.Duration(2 * time.Second) })
		begin := time.Now()
		txid := d.push(t)
		if a, b := d.poll(t, txid), d.poll(t, txid); a+b != "waiting/pushedallow/allow" || time.Since(begin) != 2*time.Second {
			t.Errorf("%s %s after %v", a, b, time.Since(begin))
		}
		<-time.After(6 * time.Minute)
		d.push(t)
		if r := d.call(t, "GET", "/auth/v2/auth_status", "txid", txid); r.Code != 40002 || r.Detail != "txid" {
			t.Errorf("%+v", r)
		}
	})
}

func TestClosingEndsEveryWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, same)
		txid := d.push(t)
		d.poll(t, txid)
		ended := make(chan any)
		go func() {
			defer func() { ended <- recover() }()
			r := request("GET", "https://localhost", "/auth/v2/auth_status", "txid", txid)
			d.api.ServeHTTP(httptest.NewRecorder(), r)
		}()
		synctest.Wait()
		d.sim.Close()
		if p, _ := (<-ended).(error); !errors.Is(p, http.ErrAbortHandler) {
			t.Errorf("the poll ended with %v", p)
		}
	})
}
