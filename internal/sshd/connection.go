package sshd

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
)

// A connection is one that has logged in.
type connection struct {
	server *Server
	ssh    *ssh.ServerConn
	who    account.Principal
	active atomic.Int64 // when something was last typed or shown, in Unix nanoseconds
	open   atomic.Int64 // channels

	mu      sync.Mutex // guards what follows
	before  Visit      // until somebody was told of it
	closing bool
	running int // shells and commands
}

func newConnection(s *Server, sc *ssh.ServerConn, who account.Principal) *connection {
	return &connection{server: s, ssh: sc, who: who}
}

// serve answers until the connection ends, and waits for all it began.
func (c *connection) serve(ctx context.Context, channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	now := c.server.cfg.Now()
	if v := c.server.cfg.Visitors; v != nil {
		before := v.Admitted(ctx, c.who, now)
		c.mu.Lock()
		c.before = before
		c.mu.Unlock()
	}
	caller := c.who.Caller
	c.server.log.InfoContext(ctx, "ssh login", slog.String("user", caller.Name), slog.String("owner", caller.Owner.Name),
		slog.String("from", caller.From), slog.String("request", caller.Request))
	c.touch()

	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { ssh.DiscardRequests(requests) }) // forwardings of ports, and what else there is
	wg.Go(func() { c.watch(ctx) })
	wg.Go(func() { c.drain(ctx) })
	for nc := range channels {
		wg.Go(func() { c.channel(ctx, nc) })
	}
}

// greeting tells of the visit before: once on each connection, however many
// commands share it.
func (c *connection) greeting(person bool) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.before
	c.before = Visit{}
	return before.lines(person)
}

func (c *connection) touch() { c.active.Store(time.Now().UnixNano()) }

// watch looks whether client and account are still there, and ends the
// connection when one is not or when nothing has happened for too long.
func (c *connection) watch(ctx context.Context) {
	limits := c.server.cfg.Limits
	ticks := time.NewTicker(limits.KeepAlive)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
		if rest := time.Since(time.Unix(0, c.active.Load())); limits.Idle > 0 && rest >= limits.Idle {
			c.server.log.InfoContext(ctx, "ssh login ended: idle", slog.String("request", c.who.Caller.Request))
			_ = c.ssh.Close()
			return
		}
		if _, err := c.renew(ctx); fault.Is(err, fault.Unauthenticated) {
			c.server.log.InfoContext(ctx, "ssh login ended: the account may not log in any more", slog.String("request", c.who.Caller.Request))
			_ = c.ssh.Close()
			return
		}
		silent := time.AfterFunc(limits.KeepAlive, func() { _ = c.ssh.Close() })
		_, _, err := c.ssh.SendRequest("keepalive@openssh.com", true, nil)
		silent.Stop()
		if err != nil {
			return
		}
	}
}

// renew returns who is logged in as they stand by now.
func (c *connection) renew(ctx context.Context) (account.Principal, error) {
	return c.server.cfg.Accounts.Renew(ctx, c.who)
}

// drain closes the connection when the server shuts down and nothing runs any
// more.
func (c *connection) drain(ctx context.Context) {
	select {
	case <-c.server.draining:
	case <-ctx.Done():
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	if c.running == 0 {
		_ = c.ssh.Close()
	}
}

// begin counts a shell or command, unless the server is shutting down.
func (c *connection) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.running++
		c.server.counts.running.Add(1)
	}
	return !c.closing
}

func (c *connection) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server.counts.running.Add(-1)
	if c.running--; c.closing && c.running == 0 {
		_ = c.ssh.Close()
	}
}

// channel takes one channel from its beginning to its end. Only sessions are
// opened.
func (c *connection) channel(ctx context.Context, nc ssh.NewChannel) {
	if nc.ChannelType() != "session" {
		_ = nc.Reject(ssh.Prohibited, "only sessions are served here")
		return
	}
	defer c.open.Add(-1)
	if c.open.Add(1) > int64(c.server.cfg.Limits.Channels) {
		_ = nc.Reject(ssh.ResourceShortage, "too many sessions on one connection")
		return
	}
	ch, requests, err := nc.Accept()
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{connection: c, channel: ch}
	defer s.work.Wait()
	defer func() { _ = ch.Close() }()
	defer cancel()
	for r := range requests {
		ok := s.request(ctx, r)
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
		if ok && s.start != nil {
			s.launch(ctx)
		}
	}
}
