package rest

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	jobsPath = "/cluster/jobs"
	keepJobs = 300 * time.Second // how long a job can be read after its end
	maxJobs  = 256               // jobs kept; beyond that the oldest that ended goes first
	busyJobs = 4                 // jobs running at once; more wait
	jobTime  = 10 * time.Minute  // after which a job's records fail
	undoTime = time.Minute       // for rolling back
)

// The states of a job.
const (
	queued  = "queued"
	running = "running"
	success = "success"
	failure = "failure"
)

// An outcome is what has become of a bulk call.
type outcome struct {
	keys   [][]string // of the records it was about, ascending once the job has ended
	failed []refusal
	undone []refusal // records that could not be rolled back
	result refusal   // of the whole; zero for success
}

// A job is one bulk call at work, or ended a short while ago.
type job struct {
	id          string
	description string // method and path: "POST /api/security/accounts"
	caller      svm.Caller
	done        chan struct{} // closed at the end
	cancel      context.CancelFunc

	// Guarded by jobs.mu.
	state      string
	start, end time.Time
	out        outcome
}

// path is the path of the call that began the job.
func (j *job) path() string {
	_, path, _ := strings.Cut(j.description, " ")
	return path
}

// jobs keeps the bulk calls of this process in memory: they end with it.
type jobs struct {
	now     func() time.Time
	newUUID func() string
	log     *slog.Logger
	slots   chan struct{}
	wg      sync.WaitGroup

	mu     sync.Mutex // guards what follows, and the jobs' changing fields
	all    []*job     // oldest first
	closed bool
}

func newJobs(now func() time.Time, newUUID func() string, log *slog.Logger) *jobs {
	return &jobs{now: now, newUUID: newUUID, log: log, slots: make(chan struct{}, busyJobs)}
}

// start runs work in the background, beyond the request that asks for it.
func (js *jobs) start(ctx context.Context, caller svm.Caller, description string, work func(context.Context) outcome) (*job, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobTime)
	j := &job{
		id: js.newUUID(), description: description, caller: caller,
		done: make(chan struct{}), cancel: cancel, state: queued,
	}
	js.mu.Lock()
	defer js.mu.Unlock()
	j.start = js.now()
	if js.closed || !js.makeRoom() {
		cancel()
		return nil, fault.New(fault.Busy, "", "No further job can be taken now.")
	}
	js.all = append(js.all, j)
	js.wg.Go(func() {
		defer cancel()
		js.run(ctx, j, work)
	})
	return j, nil
}

func (js *jobs) run(ctx context.Context, j *job, work func(context.Context) outcome) {
	select {
	case js.slots <- struct{}{}:
		defer func() { <-js.slots }()
	case <-ctx.Done(): // the records will fail one by one, and say so
	}
	js.mu.Lock()
	j.state = running
	js.mu.Unlock()
	out := work(ctx)
	slices.SortFunc(out.keys, slices.Compare)
	js.mu.Lock()
	defer js.mu.Unlock()
	j.out, j.end, j.state = out, js.now(), success
	if out.result.status != 0 {
		j.state = failure
	}
	close(j.done)
}

// makeRoom forgets jobs whose time is over and, when there are too many, the
// oldest that ended. It reports whether one more can be kept.
func (js *jobs) makeRoom() bool {
	old := js.now().Add(-keepJobs)
	js.all = slices.DeleteFunc(js.all, func(j *job) bool { return !j.end.IsZero() && j.end.Before(old) })
	if len(js.all) < maxJobs {
		return true
	}
	i := slices.IndexFunc(js.all, func(j *job) bool { return !j.end.IsZero() })
	if i < 0 {
		return false
	}
	js.all = slices.Delete(js.all, i, i+1)
	return true
}

// find returns a job that the caller may see, or nil.
func (js *jobs) find(caller svm.Caller, id string) *job {
	js.mu.Lock()
	defer js.mu.Unlock()
	js.makeRoom()
	for _, j := range js.all {
		if j.id == id && sees(caller, j) {
			return j
		}
	}
	return nil
}

// sees reports whether the job is in the caller's scope: one that somebody
// confined to an SVM began is seen by those of the SVM and of the cluster.
func sees(caller svm.Caller, j *job) bool {
	owner, _ := j.caller.Scope.Single()
	return caller.Scope.Sees(owner)
}

func (js *jobs) outcome(j *job) outcome {
	js.mu.Lock()
	defer js.mu.Unlock()
	return j.out
}

// close takes no more jobs and waits for those there are.
func (js *jobs) close(ctx context.Context) error {
	js.mu.Lock()
	js.closed = true
	all := slices.Clone(js.all)
	js.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		for _, j := range all {
			j.cancel()
		}
	})
	js.wg.Wait()
	if !stop() {
		return ctx.Err()
	}
	return nil
}

// Rows implements Reader for /api/cluster/jobs.
func (js *jobs) Rows(_ context.Context, caller svm.Caller, from []string) iter.Seq2[*Job, error] {
	js.mu.Lock()
	defer js.mu.Unlock()
	js.makeRoom()
	var rows []*Job
	for _, j := range js.all {
		if sees(caller, j) && (len(from) == 0 || j.id >= from[0]) {
			rows = append(rows, j.snapshot())
		}
	}
	slices.SortFunc(rows, func(a, b *Job) int { return cmp.Compare(a.UUID, b.UUID) })
	return func(yield func(*Job, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Find implements Reader.
func (js *jobs) Find(_ context.Context, caller svm.Caller, key []string) (*Job, error) {
	j := js.find(caller, key[0])
	if j == nil {
		return nil, fault.New(fault.NotFound, "uuid", msgNotFound)
	}
	js.mu.Lock()
	defer js.mu.Unlock()
	return j.snapshot(), nil
}

// Fill implements Reader; a job has no Computed fields.
func (js *jobs) Fill(context.Context, []*Job) error { return nil }
