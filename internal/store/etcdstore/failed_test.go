package etcdstore

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/store"
)

func TestWhenEtcdStopsWritesAreRefusedAndLocalReadsGoOn(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	s, err := Open(t.Context(), Config{Dir: t.TempDir(), Tables: []store.Codec{samples}, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), samples.Put("a", 0, &sample{})); err != nil {
		t.Fatal(err)
	}
	if s.Err() != nil {
		t.Fatalf("failed already: %v", s.Err())
	}

	ended := make(chan struct{})
	go func() { // as a goroutine of etcd does when the disk takes no more
		defer close(ended)
		zapLogger(log, s.server).Fatal("failed to save", zap.Error(errors.New("no space left on device")))
		t.Error("etcd's goroutine went on")
	}()
	<-ended
	<-s.Failed()
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("reason %v", err)
	}
	if _, err := s.Commit(t.Context(), samples.Put("b", 0, &sample{})); !fault.Is(err, fault.Unavailable) || !errors.Is(err, s.Err()) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Snapshot(t.Context(), store.Linearizable); !fault.Is(err, fault.Unavailable) {
		t.Errorf("linearizable snapshot: %v", err)
	}
	if snap, err := s.Snapshot(t.Context(), store.Local); err != nil || snap.Len("samples") != 1 {
		t.Errorf("local snapshot: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if text := out.String(); !strings.Contains(text, `level=ERROR msg="etcd: error" what="failed to save" error="no space left on device"`) {
		t.Errorf("log: %s", text)
	}
}

func TestOnlyErrorsOfEtcdAreLogged(t *testing.T) {
	var out strings.Builder
	log := zapLogger(slog.New(slog.NewTextHandler(&out, nil)), &server{}).With(zap.String("member", "m"))
	log.Info("much to say")
	log.Warn("more to say")
	log.Error("trouble", zap.Int("count", 2))
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `what=trouble count=2 member=m`) {
		t.Errorf("log: %s", got)
	}
}
