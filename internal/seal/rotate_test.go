package seal_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

func TestARotationSealsEverythingAnew(t *testing.T) {
	const records = 230 // more than some commits take
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	for i := range records {
		w.put(s, r, fmt.Sprintf("r%03d", i))
	}
	var steps []seal.Step
	var last seal.Progress
	if err := r.Rotate(t.Context(), w.job(s, func(p seal.Progress) {
		last = p
		if steps = append(steps, p.Step); p.Step == seal.StepSealing {
			steps = steps[:len(steps)-1]
		}
	})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]seal.Step{seal.StepAdded, seal.StepPromoted, seal.StepDone}, steps); diff != "" {
		t.Error(diff)
	}
	if last.Done != records || last.Total != records || last.Left != 0 {
		t.Errorf("it ended with %+v", last)
	}
	if diff := cmp.Diff([]string{"opening 0", fmt.Sprintf("sealing %d", records)}, w.states(r)); diff != "" {
		t.Error(diff)
	}
	dropped, err := r.Drop(t.Context(), w.job(s, nil))
	if err != nil || len(dropped) != 1 {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	if again, err := r.Drop(t.Context(), w.job(s, nil)); err != nil || len(again) != 0 {
		t.Errorf("dropped again %v, %v", again, err)
	}
	if n := w.mustOpen(s, r); n != records {
		t.Errorf("%d records are left", n)
	}
	// A server that starts now needs the file as it is now, and nothing else.
	w.mustOpen(s, w.serve(w.open(), path, ""))

	var lines []string
	for _, l := range audittest.Lines(t, w.log) {
		if l.Resource == "key" {
			lines = append(lines, fmt.Sprintf("%s %s %v", l.Event, l.Outcome, l.Fields))
		}
	}
	want := []string{"create done map[]", "modify done map[state:sealing]", fmt.Sprintf("reseal done map[records:%d]", records), "delete done map[]"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestAKeyWithRecordsIsNotDropped(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	for i := range 200 {
		w.put(s, r, fmt.Sprint(i))
	}
	ctx, stop := context.WithCancel(t.Context())
	err := r.Rotate(ctx, w.job(s, func(p seal.Progress) {
		if p.Done > 0 {
			stop()
		}
	}))
	if err == nil {
		t.Fatal("it was not interrupted")
	}
	if _, err := r.Drop(t.Context(), w.job(s, nil)); !fault.Is(err, fault.InUse) {
		t.Errorf("dropped half-way: %v", err)
	}
	w.mustOpen(s, r)
	w.rotate(s, r)
	if dropped, err := r.Drop(t.Context(), w.job(s, nil)); err != nil || len(dropped) != 1 {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	w.mustOpen(s, r)
}

// TestARotationThatDiesAnywhereGoesOn lets every single commit of a rotation
// fail in both ways, starts a new process and rotates again.
func TestARotationThatDiesAnywhereGoesOn(t *testing.T) {
	const records = 120
	for _, how := range []storetest.Fault{storetest.FailAndDoNothing, storetest.FailButDo} {
		twice := 0 // how often it was begun anew
		for at := range 100 {
			w := newWorld(t)
			s, path := w.open(), w.file()
			r := w.serve(s, path, "")
			for i := range records {
				w.put(s, r, fmt.Sprintf("r%03d", i))
			}
			faulty := storetest.NewFaulty(w.open(), append(slices.Repeat([]storetest.Fault{storetest.Pass}, at), how)...)
			err := w.serve(faulty, path, "").Rotate(t.Context(), w.job(faulty, nil))
			if faulty.Left() > 0 {
				if at < 4 || err != nil {
					t.Fatalf("only %d commits: %v", at, err)
				}
				if twice > 1 {
					t.Errorf("%d of %d interrupted rotations were begun anew", twice, at)
				}
				break // it has no more commits
			}
			if err == nil {
				t.Fatalf("commit %d failed and nobody noticed", at)
			}
			next := w.serve(w.open(), path, "")
			w.mustOpen(s, next)
			w.rotate(s, next)
			// The end of a rotation whose very last word was not heard is none.
			if states := w.states(next); len(states) > 3 || len(states) == 3 && how == storetest.FailAndDoNothing ||
				states[len(states)-1] != fmt.Sprintf("sealing %d", records) {
				t.Errorf("commit %d: %v", at, states)
			} else if len(states) == 3 {
				twice++
			}
			if n := w.mustOpen(s, next); n != records {
				t.Errorf("commit %d: %d records are left", at, n)
			}
		}
	}
}

// TestNothingIsLostWhenEverybodyWritesDuringARotation has several servers
// write on while one of them rotates and drops.
func TestNothingIsLostWhenEverybodyWritesDuringARotation(t *testing.T) {
	w := newWorld(t)
	path := w.file()
	s := w.open()
	r := w.serve(s, path, "")
	for i := range 300 {
		w.put(s, r, fmt.Sprintf("old%03d", i))
	}
	stop, added := make(chan struct{}), make(chan int, 3)
	var writers sync.WaitGroup
	for server := range 3 {
		own := w.open()
		ring := w.serve(own, path, "")
		writers.Go(func() {
			n := 0
			defer func() { added <- n }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				w.put(own, ring, fmt.Sprintf("new%d-%04d", server, n))
				w.bump(own, ring, fmt.Sprintf("old%03d", n%300))
				n++
			}
		})
	}
	for range 3 {
		w.rotate(s, r)
		if _, err := r.Drop(t.Context(), w.job(s, nil)); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	writers.Wait()
	want := 300 + <-added + <-added + <-added
	if n := w.mustOpen(s, w.serve(w.open(), path, "")); n != want {
		t.Errorf("%d of %d records are left", n, want)
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("sealing %d", want)}, w.states(r)); diff != "" {
		t.Error(diff)
	}
}

func TestTwoRotationsAtOnceAreOne(t *testing.T) {
	w := newWorld(t)
	path := w.file()
	s := w.open()
	first := w.serve(s, path, "")
	for i := range 150 {
		w.put(s, first, fmt.Sprint(i))
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := first.Rotate(ctx, w.job(s, func(seal.Progress) { stop() })); err == nil {
		t.Fatal("it was not interrupted")
	}
	var both sync.WaitGroup
	for range 2 {
		own := w.open()
		ring := w.serve(own, path, "")
		both.Go(func() { w.rotate(own, ring) })
	}
	both.Wait()
	if diff := cmp.Diff([]string{"opening 0", "sealing 150"}, w.states(first)); diff != "" {
		t.Error(diff)
	}
	w.mustOpen(s, first)
}

// TestAnInterruptedRotationIsWaitedForAndAnotherIsNot starts the next rotation,
// as a person does, before the one they gave up has noticed.
func TestAnInterruptedRotationIsWaitedForAndAnotherIsNot(t *testing.T) {
	inCluster(t, func(w *world) {
		s := w.open()
		r := w.serve(s, w.file(), "")
		w.put(s, r, "a")
		began, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		ctx, stop := context.WithCancel(w.Context())
		go func() {
			ended <- r.Rotate(ctx, w.job(s, func(p seal.Progress) {
				if p.Step == seal.StepAdded {
					close(began)
					<-goOn
				}
			}))
		}()
		<-began
		if err := r.Rotate(w.Context(), w.job(s, nil)); !fault.Is(err, fault.InUse) {
			w.Errorf("a second rotation: %v", err)
		}
		if _, err := r.Drop(w.Context(), w.job(s, nil)); !fault.Is(err, fault.InUse) {
			w.Errorf("dropped meanwhile: %v", err)
		}
		stop()
		time.AfterFunc(time.Second, func() { close(goOn) })
		w.rotate(s, r)
		if err := <-ended; err == nil {
			w.Error("it was not interrupted")
		}
		w.mustOpen(s, r)
	})
}

func TestAKeyFromElsewhereIsUsed(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	w.put(s, r, "a")
	id, err := seal.Add(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil { // and the file is not ours to change
		t.Fatal(err)
	}
	var steps []seal.Step
	if err := r.Rotate(t.Context(), w.job(s, func(p seal.Progress) {
		if steps = append(steps, p.Step); p.Key != id {
			t.Errorf("another key was taken: %+v", p)
		}
	})); err != nil {
		t.Fatal(err)
	}
	if steps[0] != seal.StepFound {
		t.Errorf("steps %v", steps)
	}
	w.mustOpen(s, r)
}

func TestARotationWithoutAnAuditLineDoesNotHappen(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	closed := audittest.New(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	job := w.job(s, nil)
	job.Ledger = audit.NewLedger(s, closed)
	if err := r.Rotate(t.Context(), job); !fault.Is(err, fault.Unavailable) {
		t.Errorf("rotation: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file was changed, %v", err)
	}
	fresh := &safe{Name: "a", First: secret.Fresh(plainOf("a"))}
	if _, err := r.SealFor(w.snapshot(s), fresh.Secrets()...); err != nil {
		t.Error(err)
	}
}
