package rest

import (
	"log/slog"
	"net/http"
	"time"
)

// logRequest writes the one record about a finished request: nothing of the
// query string, nothing of a body, but the cause and the stack of what failed
// on our side.
func (x *exchange) logRequest() {
	level := x.level()
	if !x.api.log.Enabled(x.ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs,
		slog.String("request", x.id),
		slog.String("method", x.method()),
		slog.String("route", x.pattern()),
		slog.Int("status", x.status),
		slog.Duration("took", time.Since(x.began)),
		slog.String("caller", x.caller.Name),
		slog.String("from", x.caller.From),
	)
	if x.err != nil {
		attrs = append(attrs, slog.Any("error", x.err))
	}
	if x.stack != nil {
		attrs = append(attrs, slog.String("stack", string(x.stack)))
	}
	x.api.log.LogAttrs(x.ctx, level, "request", attrs...)
}

// level tells who should see the record: Info is for changes, tried or made, by
// somebody known, so that strangers cannot fill the log.
func (x *exchange) level() slog.Level {
	switch {
	case x.r.Context().Err() != nil: // the client went away; nobody is to blame
		return slog.LevelDebug
	case x.status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case x.status >= http.StatusInternalServerError || x.stack != nil:
		return slog.LevelError
	case x.caller.Name == "" || x.method() == otherMethod:
		return slog.LevelDebug
	}
	switch x.r.Method {
	case http.MethodPost, http.MethodPatch, http.MethodDelete:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// method and pattern tell what was asked for without a stranger's own text.
func (x *exchange) method() string { return observedMethods[methodIndex(x.r.Method)] }

func (x *exchange) pattern() string {
	if x.route == nil {
		return ""
	}
	return "/api" + x.route.pattern
}
