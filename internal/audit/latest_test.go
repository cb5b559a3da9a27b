package audit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

func TestTheLatestStateIsTheLastKnownWhileTheStoreIsAway(t *testing.T) {
	log := audittest.New(t)
	synctest.Test(t, func(t *testing.T) {
		s := storetest.NewUnsteady(memstore.New(counters))
		ledger := audit.NewLedger(s, log)
		if err := ledger.Do(t.Context(), actor, increment("a")); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name   string
			stage  storetest.Stage
			want   fault.Code
			within time.Duration
		}{
			{"there", storetest.There, "", 0},
			{"away", storetest.Away, "", time.Second},
			{"away for too long", storetest.TooLong, fault.Outdated, time.Second},
		} {
			s.Set(tt.stage)
			began := time.Now()
			snap, err := ledger.Latest(t.Context())
			if code := fault.CodeOf(err); code != tt.want || time.Since(began) > tt.within {
				t.Errorf("%s: %v after %v", tt.name, err, time.Since(began))
			}
			if err == nil && snap.Len("counter") != 1 {
				t.Errorf("%s: %d counters", tt.name, snap.Len("counter"))
			}
		}
		s.Set(storetest.Away)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := ledger.Latest(ctx); !fault.Is(err, fault.Timeout) {
			t.Errorf("given up: %v", err)
		}
	})
}
