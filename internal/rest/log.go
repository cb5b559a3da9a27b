package rest

import (
	"log/slog"
	"net/http"
	"time"
)

// logRequest writes the one record about a finished request: nothing of the
// query string, nothing of a body, but the cause and the stack of what failed
// on our side. Reads that went well are for those who debug.
func (x *exchange) logRequest() {
	level := x.level()
	if !x.api.log.Enabled(x.ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs,
		slog.String("request", x.id),
		slog.String("method", x.r.Method),
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

func (x *exchange) level() slog.Level {
	switch {
	case x.r.Context().Err() != nil: // the client went away; nobody is to blame
		return slog.LevelDebug
	case x.status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case x.status >= http.StatusInternalServerError || x.stack != nil:
		return slog.LevelError
	case x.status >= http.StatusBadRequest:
		return slog.LevelInfo
	}
	switch x.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// pattern names the route without its keys, so that a stranger's text is not
// in the log.
func (x *exchange) pattern() string {
	if x.route == nil {
		return ""
	}
	return "/api" + x.route.pattern
}
