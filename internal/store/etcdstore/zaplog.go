package etcdstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapLogger gives etcd's errors to log and drops the rest. Where etcd would
// end the process, it ends the goroutine and tells srv why: one part's fault
// must not take the logins of everybody with it.
func zapLogger(log *slog.Logger, srv *server) *zap.Logger {
	end := endGoroutine{srv}
	return zap.New(&zapCore{LevelEnabler: zapcore.ErrorLevel, log: log}, zap.WithFatalHook(end), zap.WithPanicHook(end))
}

// A zapCore is a zapcore.Core that writes to slog.
type zapCore struct {
	zapcore.LevelEnabler
	log    *slog.Logger
	fields []zapcore.Field
}

// With implements zapcore.Core.
func (c *zapCore) With(fields []zapcore.Field) zapcore.Core {
	return &zapCore{c.LevelEnabler, c.log, slices.Concat(c.fields, fields)}
}

// Check implements zapcore.Core.
func (c *zapCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(e.Level) || e.Message == tooEarly {
		return ce
	}
	return ce.AddCore(e, c)
}

// tooEarly is what a new etcd says until it has first written its database; it
// tries again by itself.
const tooEarly = "failed to update storage version"

// Write implements zapcore.Core.
func (c *zapCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	c.log.LogAttrs(context.Background(), slog.LevelError, "etcd: error", append([]slog.Attr{slog.String("what", e.Message)}, attrs(slices.Concat(c.fields, fields))...)...)
	return nil
}

// Sync implements zapcore.Core.
func (c *zapCore) Sync() error { return nil }

func attrs(fields []zapcore.Field) []slog.Attr {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	var list []slog.Attr
	for _, key := range slices.Sorted(maps.Keys(enc.Fields)) {
		list = append(list, slog.Any(key, enc.Fields[key]))
	}
	return list
}

// endGoroutine is what happens after etcd logs that it cannot go on.
type endGoroutine struct{ srv *server }

// OnWrite implements zapcore.CheckWriteHook.
func (h endGoroutine) OnWrite(ce *zapcore.CheckedEntry, fields []zapcore.Field) {
	reason := errors.New(ce.Message)
	for _, f := range fields {
		if cause, ok := f.Interface.(error); ok && f.Type == zapcore.ErrorType {
			reason = fmt.Errorf("%s: %w", ce.Message, cause)
		}
	}
	h.srv.fail(fmt.Errorf("the embedded etcd stopped: %w", reason))
	runtime.Goexit()
}
