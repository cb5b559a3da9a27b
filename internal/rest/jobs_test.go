package rest

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/svm"
)

var everyone = svm.Caller{Name: "admin", Scope: svm.Everything()}

func testJobs() *jobs {
	var n atomic.Int64
	return newJobs(time.Now, func() string { return strconv.FormatInt(n.Add(1), 10) }, slog.New(slog.DiscardHandler))
}

func succeed(context.Context) outcome { return outcome{} }

func TestAJobCanBeReadUntil300SecondsAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		js := testJobs()
		release := make(chan struct{})
		j, err := js.start(t.Context(), everyone, "POST /api/x", func(context.Context) outcome {
			<-release
			return outcome{}
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Minute) //nolint:forbidigo // the bubble's clock, which jumps
		state := func() string {
			row, err := js.Find(t.Context(), everyone, []string{j.id})
			if fault.Is(err, fault.NotFound) {
				return "gone"
			}
			return row.State
		}
		if got := state(); got != running {
			t.Errorf("at work for nine minutes: %s", got)
		}
		close(release)
		<-j.done
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{0, success}, {300 * time.Second, success}, {time.Second, "gone"}} {
			time.Sleep(c.after) //nolint:forbidigo // the bubble's clock, which jumps
			if got := state(); got != c.want {
				t.Errorf("state %s, want %s", got, c.want)
			}
		}
	})
}

func TestWhenThereAreTooManyJobsTheOldestThatEndedGoes(t *testing.T) {
	js := testJobs()
	release := make(chan struct{})
	first, err := js.start(t.Context(), everyone, "POST /api/x", func(context.Context) outcome {
		<-release
		return outcome{}
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * maxJobs {
		j, err := js.start(t.Context(), everyone, "POST /api/x", succeed)
		if err != nil {
			t.Fatal(err)
		}
		<-j.done
	}
	if js.find(everyone, first.id) == nil {
		t.Error("a job at work was forgotten")
	}
	if js.find(everyone, "2") != nil || len(js.all) > maxJobs {
		t.Errorf("%d jobs are kept", len(js.all))
	}
	close(release)
	if err := js.close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNoMoreJobsAreTakenThanCanBeKept(t *testing.T) {
	js := testJobs()
	release := make(chan struct{})
	block := func(context.Context) outcome {
		<-release
		return outcome{}
	}
	for range maxJobs {
		if _, err := js.start(t.Context(), everyone, "POST /api/x", block); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := js.start(t.Context(), everyone, "POST /api/x", block); !fault.Is(err, fault.Busy) {
		t.Errorf("got %v, want busy", err)
	}
	close(release)
	if err := js.close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := js.start(t.Context(), everyone, "POST /api/x", block); !fault.Is(err, fault.Busy) {
		t.Errorf("after the end: got %v, want busy", err)
	}
}

func TestClosingCancelsJobsWhenItsTimeIsOver(t *testing.T) {
	js := testJobs()
	_, err := js.start(t.Context(), everyone, "POST /api/x", func(ctx context.Context) outcome {
		<-ctx.Done()
		return outcome{result: refusal{status: 503, number: "1"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := js.close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWhoSeesAJob(t *testing.T) {
	js := testJobs()
	within := func(owner string) svm.Caller { return svm.Caller{Scope: svm.Within(owner)} }
	for name, caller := range map[string]svm.Caller{"the cluster's": everyone, "svm1's": within("svm1")} {
		j, err := js.start(t.Context(), caller, "POST /api/x", succeed)
		if err != nil {
			t.Fatal(err)
		}
		for reader, c := range map[string]struct {
			caller svm.Caller
			sees   bool
		}{
			"the cluster": {everyone, true},
			"svm1":        {within("svm1"), name == "svm1's"},
			"svm2":        {within("svm2"), false},
			"nobody":      {svm.Caller{}, false},
		} {
			if got := js.find(c.caller, j.id) != nil; got != c.sees {
				t.Errorf("%s sees %s job: %t", reader, name, got)
			}
		}
	}
	if err := js.close(t.Context()); err != nil {
		t.Error(err)
	}
}
