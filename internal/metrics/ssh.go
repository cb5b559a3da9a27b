package metrics

var (
	sshConnections = &Family{
		Name: "duoplane_ssh_connections_total", Kind: Counter,
		Help: "SSH connections by what became of them: logged_in; failed to authenticate; or turned away: too_many from the address, " +
			"crowded_out by newer ones before a first factor, full when all sessions were taken.",
		Labels: []Label{label("outcome", "logged_in", "failed", "too_many", "crowded_out", "full")},
	}
	sshOpen = &Family{
		Name: "duoplane_ssh_connections", Kind: Gauge,
		Help:   "SSH connections now, on their way through authentication or logged_in.",
		Labels: []Label{label("state", "authenticating", "logged_in")},
	}
	sshSessions = &Family{
		Name: "duoplane_ssh_sessions", Kind: Gauge,
		Help: "Shells and commands that run over SSH now.",
	}
	sshSessionsTotal = &Family{
		Name: "duoplane_ssh_sessions_total", Kind: Counter,
		Help:   "Sessions begun over SSH, by kind: shell or exec of one command.",
		Labels: []Label{label("kind", "shell", "exec")},
	}
	sshFamilies = []*Family{sshConnections, sshOpen, sshSessions, sshSessionsTotal}
)

// SSHStats are what the SSH front end counts; sshd.Stats has the same fields and
// says what they mean.
type SSHStats struct {
	LoggedIn, Failed, TooMany, CrowdedOut, Full int64
	Authenticating, Open                        int64
	Shells, Commands, Running                   int64
}

// SSH has the numbers of the SSH front end asked for at every scrape.
func (m *Metrics) SSH(stats func() SSHStats) {
	m.poll(func(tell func(*Family, float64, ...string)) {
		s := stats()
		for _, c := range []struct {
			family *Family
			value  int64
			label  string
		}{
			{sshConnections, s.LoggedIn, "logged_in"},
			{sshConnections, s.Failed, "failed"},
			{sshConnections, s.TooMany, "too_many"},
			{sshConnections, s.CrowdedOut, "crowded_out"},
			{sshConnections, s.Full, "full"},
			{sshOpen, s.Authenticating, "authenticating"},
			{sshOpen, s.Open, "logged_in"},
			{sshSessionsTotal, s.Shells, "shell"},
			{sshSessionsTotal, s.Commands, "exec"},
		} {
			tell(c.family, float64(c.value), c.label)
		}
		tell(sshSessions, float64(s.Running))
	}, sshFamilies...)
}
