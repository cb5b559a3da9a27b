package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
)

// controlName is the socket in the data directory through which duoplane backup
// and duoplane keys work beside a server: HTTP for the server's own user and
// root, without any other credential.
const controlName = "control.sock"

// A controlEdge answers on the socket.
type controlEdge struct {
	node *node
	log  *slog.Logger
}

// openControl listens on the socket. A server serves without it where there can
// be none; then the tools work only while it is stopped.
func (n *node) openControl(ctx context.Context, data *dataDir) ([]edge, error) {
	path := data.join(controlName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // of a process that was killed
		return nil, fmt.Errorf("make room for the control socket: %w", err)
	}
	addr, release, err := socketAddress(data.path)
	if err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	defer release()
	ln, err := (&net.ListenConfig{}).Listen(ctx, "unix", addr)
	if err != nil {
		n.log.WarnContext(ctx, "there is no control socket, so backup and keys work only while the server is stopped", slog.Any("error", err))
		return nil, nil
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // its name may be relative to a folder that is closed by then
	n.open.add(func() error {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	c := &controlEdge{n, n.log}
	return []edge{{"control socket", &peerListener{ln, n.log}, c.server(ctx)}}, nil
}

// server answers until it is shut down, which also ends what it is doing: the
// tools can go on later.
func (c *controlEdge) server(ctx context.Context) *http.Server {
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /backup":      c.backup,
		"GET /keys":         c.listKeys,
		"POST /keys/rotate": c.rotateKeys,
		"POST /keys/drop":   c.dropKeys,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer := &answerWriter{ResponseWriter: w}
			if err := handle(answer, r); err != nil {
				c.fail(answer, r, err)
			}
		})
	}
	s := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: withPeer,
		ErrorLog:    slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
	s.RegisterOnShutdown(end)
	return s
}

// An answerWriter knows whether the answer has begun.
type answerWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A controlRefusal is the answer to what could not be done.
type controlRefusal struct {
	Error string `json:"error"`
}

// fail answers with why, which the operator of the machine may know whole. An
// answer that has begun is cut off instead, so that nobody takes it for one.
func (c *controlEdge) fail(w *answerWriter, r *http.Request, err error) {
	c.log.WarnContext(r.Context(), "control", slog.String("request", r.Method+" "+r.URL.Path), slog.Any("error", err))
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	status := http.StatusInternalServerError
	if fault.Is(err, fault.InUse) {
		status = http.StatusConflict
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(controlRefusal{explain(err)}) // who is gone needs no reason
}

// explain is an error with its cause.
func explain(err error) string {
	text := err.Error()
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Err != nil {
		text += " (" + f.Err.Error() + ")"
	}
	return text
}

// socketAddress returns the address of the socket in a folder. The system takes
// no long one; where the folder has a long name, it is opened and named by its
// number until release is called.
func socketAddress(dir string) (addr string, release func(), err error) {
	const most = 100 // bytes; the least of all systems is 104
	if path := filepath.Join(dir, controlName); len(path) < most {
		return path, func() {}, nil
	}
	f, err := os.Open(dir) //nolint:gosec // the operator names the folder
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), controlName), func() { _ = f.Close() }, nil
}

// A peerListener accepts nobody but the process's own user and root.
type peerListener struct {
	net.Listener
	log *slog.Logger
}

type peerConn struct {
	net.Conn
	uid int
}

func (l *peerListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, err := peerOf(conn.(*net.UnixConn))
		if err == nil && (uid == 0 || uid == os.Geteuid()) {
			return &peerConn{conn, uid}, nil
		}
		l.log.Warn("a stranger at the control socket was turned away", slog.Int("uid", uid), slog.Any("error", err))
		_ = conn.Close() // nothing was said on it
	}
}

type peerKey struct{}

func withPeer(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, conn.(*peerConn).uid)
}

// callerOf is the user behind a request.
func callerOf(r *http.Request) audit.Who {
	uid, ok := r.Context().Value(peerKey{}).(int)
	if !ok {
		uid = -1
	}
	return operator(uid, "control")
}
