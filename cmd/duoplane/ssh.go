package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"

	"github.com/duoplane/duoplane/internal/shell"
	"github.com/duoplane/duoplane/internal/sshd"
	"github.com/duoplane/duoplane/internal/svm"
)

// sshOptions are those of the SSH front end.
type sshOptions struct {
	// SSHListen holds one address for each door: the cluster's, or with the
	// name of an SVM before it one for that SVM's accounts alone.
	SSHListen   []string `name:"ssh-listen" default:"127.0.0.1:8022" placeholder:"ADDRESS" help:"Addresses of the SSH front end; NAME=ADDRESS is one for the accounts of SVM NAME alone. Port 0 takes a free one, 'off' is none. Default: ${default}."`
	SSHPerPeer  float64  `name:"ssh-connections-per-second" default:"10" placeholder:"NUMBER" help:"New SSH connections that one address may make in a second before further ones are held back; -1 is no limit. Default: ${default}."`
	SSHSessions int      `name:"ssh-sessions" default:"64" placeholder:"NUMBER" help:"SSH logins that may be open, or wait for their second factor, at a time. Default: ${default}."`
}

// off is the word for no listener.
const off = "off"

func (o *sshOptions) faults() []error {
	var out []error
	for _, given := range o.SSHListen {
		if given == off && len(o.SSHListen) == 1 {
			continue
		}
		name, addr, bound := strings.Cut(given, "=")
		if !bound {
			name, addr = "", given
		}
		out = append(out, address("ssh-listen", addr)...)
		if bound && !nameShape.MatchString(name) {
			out = append(out, faultf("ssh-listen", "%q before the '=' is not the name of an SVM", name))
		}
	}
	if o.SSHPerPeer == 0 || o.SSHPerPeer < -1 {
		out = append(out, faultf("ssh-connections-per-second", "must be above 0, or -1 for no limit"))
	}
	if o.SSHSessions < 1 {
		out = append(out, faultf("ssh-sessions", "must be at least 1"))
	}
	return out
}

// A sshDoor is one open listener of the SSH front end and the SVM it is bound
// to, "" for the cluster's.
type sshDoor struct {
	vserver  string
	listener net.Listener
}

// sshDoors are all of them, in the order of the options.
type sshDoors []sshDoor

// openDoors opens every door, or none.
func (o *sshOptions) openDoors(ctx context.Context) (sshDoors, error) {
	var (
		doors sshDoors
		errs  []error
	)
	for _, given := range o.SSHListen {
		if given == off {
			continue
		}
		name, addr, bound := strings.Cut(given, "=")
		if !bound {
			name, addr = "", given
		}
		ln, err := listen(ctx, "ssh-listen", addr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		doors = append(doors, sshDoor{name, ln})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, doors.close())
	}
	return doors, nil
}

func (d sshDoors) close() error {
	errs := make([]error, len(d))
	for i, door := range d {
		errs[i] = closeListener(door.listener)
	}
	return errors.Join(errs...)
}

// addr is where the first door for the cluster's accounts, else the first
// door, is reached; "" without any.
func (d sshDoors) addr() string {
	for _, door := range d {
		if door.vserver == "" {
			return hostPort(door.listener.Addr())
		}
	}
	if len(d) > 0 {
		return hostPort(d[0].listener.Addr())
	}
	return ""
}

// bound are the addresses of the doors of single SVMs, by name; of several of
// one SVM, the first.
func (d sshDoors) bound() map[string]string {
	addrs := make(map[string]string)
	for _, door := range d {
		if _, known := addrs[door.vserver]; door.vserver != "" && !known {
			addrs[door.vserver] = hostPort(door.listener.Addr())
		}
	}
	return addrs
}

// said is where logins go, for the line that tells of the start.
func (d sshDoors) said() string {
	var b strings.Builder
	for _, door := range d {
		b.WriteString("; SSH logins at " + hostPort(door.listener.Addr()))
		if door.vserver != "" {
			b.WriteString(" for SVM " + door.vserver)
		}
	}
	return b.String()
}

// sshEdges returns the SSH front end on its doors. The cluster is there
// already.
func (n *node) sshEdges(ctx context.Context, o sshOptions, doors sshDoors, cluster svm.Cluster) ([]edge, error) {
	if len(doors) == 0 {
		return nil, nil
	}
	hostKey, err := sshd.EnsureHostKey(ctx, n.ledger, n.keys)
	if err != nil {
		return nil, err
	}
	sh, err := n.shell(cluster)
	if err != nil {
		return nil, err
	}
	visitors := sshd.NewVisitors(n.store, n.accounts.Named, n.log)
	n.open.add(func() error { visitors.Close(); return nil })
	server, err := sshd.New(sshd.Config{
		HostKey: hostKey, Accounts: n.accounts, Decide: n.guard.engine.Decide, Hostname: cluster.Name,
		NewSession: func(t sshd.Terminal) sshd.Session { return newSession(sh, t) },
		Banner:     n.messages.Banner, Motd: n.messages.Motd,
		Visitors: visitors, Refused: n.guard.logins.Refused, Limits: sshd.Limits{PerSecond: o.SSHPerPeer, Sessions: o.SSHSessions}, Logger: n.log,
	})
	if err != nil {
		return nil, err
	}
	n.measureSSH(server)
	edges := make([]edge, len(doors))
	for i, door := range doors {
		edges[i] = edge{"SSH", door.listener, server.Door(door.vserver)}
		n.warnOfStrangeDoor(ctx, door.vserver)
	}
	return edges, nil
}

// newSession returns the command line of somebody who has logged in.
func newSession(sh *shell.Shell, t sshd.Terminal) *shell.Session {
	return sh.Session(shell.SessionConfig{
		Caller: t.Who.Caller, May: t.Who.May, Term: t.Term, Width: t.Width, Height: t.Height, In: t.In, Out: t.Out,
		Renew: func(ctx context.Context) (svm.Caller, func(method, path string) bool, error) {
			who, err := t.Renew(ctx)
			return who.Caller, who.May, err
		},
	})
}

// warnOfStrangeDoor tells of a door that nobody can enter yet: its SVM may be
// made later, or its name is misspelt.
func (n *node) warnOfStrangeDoor(ctx context.Context, vserver string) {
	if vserver == "" {
		return
	}
	snap, err := n.ledger.Snapshot(ctx)
	if err != nil {
		return // whatever it is, the edges will meet it too
	}
	if _, ok := svm.ByName(snap, vserver); !ok {
		n.log.WarnContext(ctx, "--ssh-listen names an SVM that is not there (yet); nobody can log in at its address", slog.String("svm", vserver))
	}
}

// shell returns the command line over the node's services.
func (n *node) shell(cluster svm.Cluster) (*shell.Shell, error) {
	return shell.New(shell.Config{
		Commands: shell.Commands(shell.Services{
			SVMs: n.svms, Accounts: n.accounts, PublicKeys: n.accounts.PublicKeys(), Profiles: n.profiles, Groups: n.groups,
			Messages: n.messages, Trail: n.trail, Logins: n.guard.logins, Owners: n.svms.OwnerNames,
			Cluster:       func(context.Context) (svm.Cluster, error) { return cluster, nil },
			Test:          n.guard.tester.Test,
			Explain:       n.guard.explainer.Explain,
			CheckPassword: n.accounts.CheckPassword,
		}),
		Cluster: func(context.Context) string { return cluster.Name },
		Logger:  n.log,
	})
}
