package sshd

import "sync/atomic"

// Stats are counts since New, and what there is now. They name nobody.
type Stats struct {
	// LoggedIn counts connections that logged in. The others count connections
	// that did not: Failed gave up, ran out of time or tries, or were refused by
	// a factor; TooMany were closed at once because their address has or makes
	// too many; CrowdedOut were the oldest when there were too many in all; Full
	// had proven a first factor when all sessions were taken.
	LoggedIn, Failed, TooMany, CrowdedOut, Full int64
	// Authenticating and Open are the connections on their way through
	// authentication and those that have logged in.
	Authenticating, Open int64
	// Shells and Commands count those begun, Running how many of both run.
	Shells, Commands, Running int64
}

// Stats returns the counts. It may be called at any time.
func (s *Server) Stats() Stats {
	c := &s.counts
	return Stats{
		LoggedIn: c.loggedIn.Load(), Failed: c.failed.Load(), TooMany: c.tooMany.Load(), CrowdedOut: c.crowdedOut.Load(), Full: c.full.Load(),
		Authenticating: c.authenticating.Load(), Open: c.open.Load(),
		Shells: c.shells.Load(), Commands: c.commands.Load(), Running: c.running.Load(),
	}
}

type counts struct {
	loggedIn, failed, tooMany, crowdedOut, full atomic.Int64
	authenticating, open                        atomic.Int64
	shells, commands, running                   atomic.Int64
}

// turnedAway counts a connection that came no further than authentication.
func (c *counts) turnedAway(crowdedOut, full bool) {
	c.authenticating.Add(-1)
	switch {
	case full:
		c.full.Add(1)
	case crowdedOut:
		c.crowdedOut.Add(1)
	default:
		c.failed.Add(1)
	}
}

// admitted counts a connection that has logged in.
func (c *counts) admitted() {
	c.authenticating.Add(-1)
	c.loggedIn.Add(1)
	c.open.Add(1)
}
