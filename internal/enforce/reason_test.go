package enforce_test

import (
	"context"
	"testing"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/enumtest"
)

func TestReasonsAreAll(t *testing.T) { enumtest.Complete(t, "Reason", enforce.Reasons()) }

func TestLoginsOnTheirWayAreCounted(t *testing.T) {
	var engine *enforce.Engine
	during := int64(0)
	engine = (&desk{}).engine(&duo.Profile{}, func(context.Context) error {
		during = engine.Deciding()
		return nil
	})
	engine.Decide(t.Context(), enforce.Request{User: "alice"}, &desk{})
	if during != 1 || engine.Deciding() != 0 {
		t.Errorf("%d while one was decided, %d afterwards", during, engine.Deciding())
	}
}
