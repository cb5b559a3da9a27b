package logins

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// A line is a TCP proxy that makes a network longer. It adds delay to every
// round trip, half of it in each direction; and because a connection to it is
// open at once, the first bytes wait for the round trip that opening one over
// such a network would have taken.
type line struct {
	delay    time.Duration
	to       string
	listener net.Listener
	ctx      context.Context // ends the connections
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu     sync.Mutex
	passed traffic // guarded by mu
}

// traffic is what a line has seen.
type traffic struct {
	handshakes int           // connections that began with a TLS ClientHello
	waited     time.Duration // from what clients sent to what they got for it
}

// openLine starts a line to an address. Close ends it.
func openLine(ctx context.Context, to string, delay time.Duration) (*line, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &line{delay: delay, to: to, listener: listener}
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.running.Go(l.accept)
	return l, nil
}

func (l *line) port() string {
	_, port, err := net.SplitHostPort(l.listener.Addr().String())
	if err != nil {
		panic(err) // an address of our own listener
	}
	return port
}

func (l *line) close() error {
	l.cancel()
	err := l.listener.Close()
	l.running.Wait()
	return err
}

func (l *line) traffic() traffic {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.passed
}

func (l *line) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		l.running.Go(func() { l.carry(near) })
	}
}

// carry connects a client with the other end until one of them has enough.
func (l *line) carry(near net.Conn) {
	opened := time.Now()
	far, err := (&net.Dialer{}).DialContext(l.ctx, "tcp", l.to)
	if err != nil {
		_ = near.Close()
		return
	}
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = errors.Join(near.Close(), far.Close()) })
	w := &watch{line: l}
	var both sync.WaitGroup
	both.Go(func() {
		l.pump(ctx, near, far, opened.Add(l.delay), w.sent, nil)
		cancel()
	})
	both.Go(func() {
		l.pump(ctx, far, near, opened, nil, w.got)
		cancel()
	})
	both.Wait()
}

// A parcel is a piece of the stream and when it is due at the other end.
type parcel struct {
	data []byte
	due  time.Time
}

// pump carries bytes one way, in order, each half a round trip late and none
// before the time given. read is told what came, write that something is about
// to go out: afterwards the other end could be faster than we are.
func (l *line) pump(ctx context.Context, from, to net.Conn, notBefore time.Time, read func([]byte), write func()) {
	under := make(chan parcel, 1024)
	var carrying sync.WaitGroup
	carrying.Go(func() {
		for p := range under {
			if !sleepUntil(ctx, p.due) {
				continue
			}
			if write != nil {
				write()
			}
			if _, err := to.Write(p.data); err != nil {
				_ = from.Close() // ends the reads below
			}
		}
	})
	for {
		chunk := make([]byte, 16<<10)
		n, err := from.Read(chunk)
		if n > 0 {
			at := time.Now()
			if read != nil {
				read(chunk[:n])
			}
			if at.Before(notBefore) {
				at = notBefore
			}
			under <- parcel{chunk[:n], at.Add(l.delay / 2)}
		}
		if err != nil {
			break
		}
	}
	close(under)
	carrying.Wait()
}

// sleepUntil waits, unless there is nothing to wait for. It reports false when
// ctx ended first.
func sleepUntil(ctx context.Context, due time.Time) bool {
	d := time.Until(due)
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A watch keeps the time on one connection.
type watch struct {
	line  *line
	begun bool
	since time.Time // when the client last sent something, or got something
}

func (w *watch) sent(data []byte) {
	const handshakeRecord = 0x16
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	if !w.begun && data[0] == handshakeRecord {
		w.line.passed.handshakes++
	}
	w.begun, w.since = true, time.Now()
}

func (w *watch) got() {
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	now := time.Now()
	w.line.passed.waited += now.Sub(w.since)
	w.since = now
}
