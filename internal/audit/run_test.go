package audit

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunSyncsWhatIsWrittenUntilItIsStopped(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log, err := Open(Config{Dir: dir, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		dirty := func() bool {
			log.mu.Lock()
			defer log.mu.Unlock()
			return log.cur.dirty
		}
		write := func() {
			t.Helper()
			if err := log.Write(Who{}, Entry{Event: "login"}, Refused, "unauthenticated"); err != nil {
				t.Fatal(err)
			}
			if !dirty() {
				t.Fatal("a line just written counts as synced")
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			log.Run(ctx)
		}()
		write()
		<-time.After(SyncEvery + time.Millisecond)
		synctest.Wait()
		if dirty() {
			t.Error("not synced a second later")
		}
		write()
		stop()
		<-ended
		if dirty() {
			t.Error("not synced when stopped")
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
}
