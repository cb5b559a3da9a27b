package rest

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxConnections is how many connections a server has at a time. Each costs
// some 20 KB while it rests.
const maxConnections = 4096

// A crowd bounds the connections of a server. Where there are too many, the one
// that has rested longest makes room, for an idle client only has to connect
// anew; where all are in the middle of a request, the newest goes.
type crowd struct {
	limit int

	mu      sync.Mutex                 // guards what follows
	members map[net.Conn]*list.Element // nil: in the middle of a request
	resting *list.List                 // of rest, the longest first
	gone    int64                      // connections that made room, since the start
}

// A rest is a connection without a request, and since when.
type rest struct {
	conn  net.Conn
	since time.Time
}

func newCrowd(limit int) *crowd {
	return &crowd{limit: limit, members: make(map[net.Conn]*list.Element), resting: list.New()}
}

// follow is the server's ConnState. A connection rests until the header of a
// request is read, and between requests.
func (c *crowd) follow(nc net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.members[nc]; e != nil {
		c.resting.Remove(e)
	}
	switch state {
	case http.StateNew:
		if len(c.members) >= c.limit && !c.makeRoom() {
			c.end(nc)
		}
		c.members[nc] = c.resting.PushBack(rest{nc, time.Now()})
	case http.StateIdle:
		c.members[nc] = c.resting.PushBack(rest{nc, time.Now()})
	case http.StateActive:
		c.members[nc] = nil
	case http.StateClosed, http.StateHijacked:
		delete(c.members, nc)
	}
}

// makeRoom closes the connection that has rested longest, and reports whether
// there was one. It is called with mu held.
func (c *crowd) makeRoom() bool {
	e := c.resting.Front()
	if e == nil {
		return false
	}
	nc := c.resting.Remove(e).(rest).conn
	delete(c.members, nc)
	c.end(nc)
	return true
}

// end cuts a connection for want of room. It is called with mu held.
func (c *crowd) end(nc net.Conn) {
	c.gone++
	cut(nc)
}

// Connections are those of a server.
type Connections struct {
	// Busy are in the middle of a request, Resting are not.
	Busy, Resting int64
	// CrowdedOut were closed since the start because there were too many.
	CrowdedOut int64
}

// Connections returns how many there are now. It may be called at any time.
func (s *Server) Connections() Connections {
	c := s.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	resting := int64(c.resting.Len())
	return Connections{Busy: int64(len(c.members)) - resting, Resting: resting, CrowdedOut: c.gone}
}

// restless returns how long it takes until every connection that rests now has
// rested for some time.
func (c *crowd) restless(enough time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.resting.Back()
	if e == nil {
		return 0
	}
	return max(0, enough-time.Since(e.Value.(rest).since))
}

// cut closes the socket below TLS: a farewell could wait for a client that
// takes nothing any more.
func cut(nc net.Conn) {
	if c, ok := nc.(*conn); ok {
		nc = c.NetConn()
	}
	_ = nc.Close() // the server learns of it by its next read
}
