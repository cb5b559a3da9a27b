package audit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

func TestChangesOfOneRecordGoInTheOrderTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lanes
		key := laneKey{"svm", "", "a"}
		first, waited, err := l.enter(t.Context(), key)
		if waited || err != nil {
			t.Fatalf("got %v, %v in an empty lane", waited, err)
		}
		other, waited, err := l.enter(t.Context(), laneKey{"svm", "", "b"})
		if waited || err != nil {
			t.Fatalf("got %v, %v in the lane of another record", waited, err)
		}
		var order []int
		for i := range 5 {
			go func() {
				in, waited, err := l.enter(t.Context(), key)
				if !waited || err != nil {
					t.Errorf("got %v, %v in a lane that is taken", waited, err)
				}
				order = append(order, i) // the lane guards it
				l.leave(in)
			}()
			synctest.Wait()
		}
		if len(order) != 0 {
			t.Errorf("%v went through a lane that is taken", order)
		}
		l.leave(first)
		synctest.Wait()
		for i, got := range order {
			if got != i {
				t.Errorf("got the order %v", order)
			}
		}
		l.leave(other)
		l.leave(nil)
		if len(order) != 5 || len(l.open) != 0 {
			t.Errorf("%d went through, %d lanes are left", len(order), len(l.open))
		}
	})
}

func TestWaitingForALaneEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lanes
		in, _, err := l.enter(t.Context(), laneKey{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, _, err = l.enter(ctx, laneKey{}); !fault.Is(err, fault.Timeout) {
			t.Errorf("got %v, want timeout", err)
		}
		l.leave(in)
		if len(l.open) != 0 {
			t.Errorf("%d lanes are left", len(l.open))
		}
	})
}
