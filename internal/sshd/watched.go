package sshd

import (
	"context"
	"net"
	"time"
)

// A watched is a connection that tells when the other side has gone
// while nobody in particular waits for it.
type watched struct {
	net.Conn
	gone context.CancelFunc
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.gone()
	}
	return n, err
}

// limit gives what happens now so much time.
func (w *watched) limit(d time.Duration) {
	_ = w.SetDeadline(time.Now().Add(d)) // an error shows in the next read
}

// settle takes all limits away.
func (w *watched) settle() { _ = w.SetDeadline(time.Time{}) }

// hangUp lets what was sent arrive and sends no more.
func (w *watched) hangUp() {
	if c, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
		return
	}
	_ = w.Close()
}
