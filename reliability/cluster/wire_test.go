package cluster

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A wire carries connections to a socket. It can be cut, for all or for those
// from some peers, and be made slow.
type wire struct {
	addr, to string
	ln       net.Listener
	work     sync.WaitGroup

	mu      sync.Mutex // guards what follows
	ended   bool
	cut     func(from string) bool // nil: for nobody
	slow    func(from string) bool // nil: for nobody
	late    time.Duration          // for those
	strands map[*strand]bool
}

// A strand is one connection on a wire.
type strand struct {
	in, out net.Conn
	from    string // the member that dialled, "" when it is none
	gone    context.Context
	end     context.CancelFunc
}

// newWire listens for connections to a socket. With peers, who dials is read
// off the first request: etcd's members tell each other.
func newWire(t *testing.T, to string, peers bool) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: ln.Addr().String(), to: to, ln: ln, strands: make(map[*strand]bool)}
	w.work.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			w.work.Go(func() { w.carry(in, peers) })
		}
	})
	t.Cleanup(w.end)
	return w
}

func (w *wire) end() {
	_ = w.ln.Close()
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.sever(all)
	w.work.Wait()
}

// sever cuts the wire for some and leaves it open for the others; nil opens it.
func (w *wire) sever(from func(string) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = from
	for s := range w.strands {
		if from != nil && from(s.from) {
			s.close()
		}
	}
}

// delay makes everything for and from some so much later; nil undoes it.
func (w *wire) delay(of func(from string) bool, by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow, w.late = of, by
}

func (w *wire) delayed(from string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.slow == nil || !w.slow(from) {
		return 0
	}
	return w.late
}

func all(string) bool { return true }

func (s *strand) close() {
	s.end()
	_, _ = s.in.Close(), s.out.Close()
}

func (w *wire) carry(in net.Conn, peers bool) {
	first, from := io.Reader(in), ""
	if peers {
		var err error
		if from, first, err = whoDials(in); err != nil {
			_ = in.Close()
			return
		}
	}
	out, err := net.Dial("unix", w.to)
	if err != nil {
		_ = in.Close()
		return
	}
	s := &strand{in: in, out: out, from: from}
	s.gone, s.end = context.WithCancel(context.Background())
	if !w.add(s) {
		s.close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { w.pump(out, first, s); s.close() })
	w.pump(in, out, s)
	s.close()
	both.Wait()
	w.mu.Lock()
	delete(w.strands, s)
	w.mu.Unlock()
}

func (w *wire) add(s *strand) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.cut != nil && w.cut(s.from) {
		return false
	}
	w.strands[s] = true
	return true
}

// whoDials reads the header of the first request and returns the id of the
// member it is from, and all of the connection's bytes.
func whoDials(c net.Conn) (id string, all io.Reader, err error) {
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", nil, err
	}
	var seen bytes.Buffer
	req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &seen)))
	if err != nil {
		return "", nil, err
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return "", nil, err
	}
	return req.Header.Get("X-Server-From"), io.MultiReader(&seen, c), nil
}

// pump copies, each piece as much later as the wire is slow when it comes.
func (w *wire) pump(to io.Writer, from io.Reader, s *strand) {
	type piece struct {
		due  time.Time
		data []byte
	}
	pieces := make(chan piece, 1024)
	var writing sync.WaitGroup
	writing.Go(func() {
		var err error
		for p := range pieces {
			if wait := time.Until(p.due); wait > 0 {
				select {
				case <-time.After(wait):
				case <-s.gone.Done():
				}
			}
			if err == nil {
				_, err = to.Write(p.data)
			}
		}
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			pieces <- piece{time.Now().Add(w.delayed(s.from)), bytes.Clone(buf[:n])}
		}
		if err != nil {
			break
		}
	}
	close(pieces)
	writing.Wait()
}
