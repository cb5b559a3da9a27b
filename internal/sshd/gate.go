package sshd

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPaces bounds the addresses whose pace is remembered.
const maxPaces = 4096

// A gate bounds the connections that have not logged in yet, the sessions, and how fast an
// address makes new ones.
type gate struct {
	limits Limits

	mu    sync.Mutex // guards everything below
	paces map[netip.Prefix]*rate.Limiter
	open  []*knock // that have proven nothing, oldest first
	from  map[netip.Prefix]int
	known map[*knock]struct{} // that have proven a first factor
	used  int                 // sessions
	shut  bool
}

// A knock is a connection on its way through authentication.
type knock struct {
	network netip.Prefix
	close   func()
	crowded bool // had to make room; guarded by gate.mu
}

func newGate(l Limits) *gate {
	return &gate{limits: l, paces: make(map[netip.Prefix]*rate.Limiter), from: make(map[netip.Prefix]int), known: make(map[*knock]struct{})}
}

// network is what counts as one address: an IPv6 customer has a whole /64.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero Prefix for the zero Addr
	return p
}

// enter lets a connection begin after a wait, or not at all. Where there are
// too many, the oldest of all makes room: those who mean it are through in
// seconds. The caller calls leave when it has ended or logged in.
func (g *gate) enter(from netip.Addr, now time.Time, closeIt func()) (k *knock, wait time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := network(from)
	if g.shut || g.from[at] >= g.limits.HalfOpenFrom {
		return nil, 0, false
	}
	if wait = g.pace(at, now); wait > g.limits.Hold {
		return nil, 0, false
	}
	if len(g.open) >= g.limits.HalfOpen {
		g.open[0].crowded = true
		g.open[0].close()
		g.forget(0)
	}
	k = &knock{network: at, close: closeIt}
	g.open = append(g.open, k)
	g.from[at]++
	return k, wait, true
}

// pace takes a turn of the address and returns how long it is until then. It
// is called with mu held.
func (g *gate) pace(at netip.Prefix, now time.Time) time.Duration {
	if g.limits.PerSecond < 0 {
		return 0
	}
	p := g.paces[at]
	if p == nil {
		if len(g.paces) >= maxPaces {
			g.forgetPaces(now)
		}
		p = rate.NewLimiter(rate.Limit(g.limits.PerSecond), max(1, int(g.limits.PerSecond)))
		g.paces[at] = p
	}
	r := p.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > g.limits.Hold {
		r.CancelAt(now)
	}
	return wait
}

// forgetPaces makes room: those that have rested say nothing any more, and if
// that is too little, any will do. It is called with mu held.
func (g *gate) forgetPaces(now time.Time) {
	for at, p := range g.paces {
		if p.TokensAt(now) >= float64(p.Burst()) || len(g.paces) > maxPaces*7/8 {
			delete(g.paces, at)
		}
	}
}

// proven gives a connection that has proven a first factor a session's seat,
// or returns false when there is none. It makes room for no stranger any more.
// The caller gives the session back.
func (g *gate) proven(k *knock) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.used >= g.limits.Sessions {
		return false
	}
	g.used++
	g.drop(k)
	g.known[k] = struct{}{}
	return true
}

// crowdedOut reports whether a connection had to make room for another.
func (g *gate) crowdedOut(k *knock) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return k.crowded
}

// leave forgets a connection; calling it twice does no harm.
func (g *gate) leave(k *knock) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drop(k)
}

// drop is called with mu held.
func (g *gate) drop(k *knock) {
	delete(g.known, k)
	for i, other := range g.open {
		if other == k {
			g.forget(i)
			return
		}
	}
}

// forget is called with mu held.
func (g *gate) forget(i int) {
	at := g.open[i].network
	g.open = append(g.open[:i], g.open[i+1:]...)
	if g.from[at]--; g.from[at] == 0 {
		delete(g.from, at)
	}
}

// closeAll closes every connection that has not logged in, and lets none in
// any more.
func (g *gate) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for _, k := range g.open {
		k.close()
	}
	for k := range g.known {
		k.close()
	}
}

func (g *gate) giveSession() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.used--
}
