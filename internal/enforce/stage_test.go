package enforce_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/localca"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// goodCode is a passcode that alice has.
const goodCode = "987654321"

// A scenery is what the stages share: an authority, and the wrong servers that
// a connection may end at.
type scenery struct {
	roots *x509.CertPool
	cert  tls.Certificate
	// unknownCA, otherName, plain and mute are addresses.
	unknownCA, otherName, plain, mute string
}

func newScenery(t *testing.T) *scenery {
	t.Helper()
	ours, theirs := authority(t), authority(t)
	s := &scenery{roots: ours.Pool(), cert: leaf(t, ours, "127.0.0.1")}
	s.unknownCA = serve(t, http.NotFoundHandler(), leaf(t, theirs, "127.0.0.1")).Listener.Addr().String()
	s.otherName = serve(t, http.NotFoundHandler(), leaf(t, ours, "other.example.org")).Listener.Addr().String()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	s.plain = plain.Listener.Addr().String()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, nobody speaks
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	s.mute = mute.Addr().String()
	return s
}

func authority(t *testing.T) *localca.CA {
	t.Helper()
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func leaf(t *testing.T, ca *localca.CA, name string) tls.Certificate {
	t.Helper()
	cert, err := ca.Leaf(name)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// serve answers every request on a TLS connection of its own.
func serve(t *testing.T, h http.Handler, cert tls.Certificate) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	server.Config.SetKeepAlivesEnabled(false)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// A stage is one login: a simulator, the real client on its way there, and
// the engine with a real table of logins.
type stage struct {
	*scenery

	sim     *duosim.Sim
	profile *duo.Profile
	user    string
	answer  string // what the person types
	limits  duoapi.Timeouts
	table   *logins.Table
	notes   noter
	address string
	// From the dial with this number on, each ends in trouble; 0 for none.
	// Every request has a dial of its own.
	troubleFrom int
	trouble     func(ctx context.Context) (net.Conn, error)
	dials       atomic.Int64
}

// noter counts lines of the audit log.
type noter struct{ lines atomic.Int64 }

func (n *noter) Note(audit.Actor, audit.Entry, audit.Outcome, string) error {
	n.lines.Add(1)
	return nil
}

// newStage sets up a login of alice's that Duo would let in.
func (s *scenery) newStage(t *testing.T, mode duo.FailMode) *stage {
	t.Helper()
	st := &stage{scenery: s, user: "alice", answer: goodCode}
	app := duosim.Integration{IKey: "DIQ7M2K9T4V1B8N3C6X5", SKey: duosim.Secret{Text: secret.NewText("abcdefghijklmnopqrstuvwxyz0123456789abcd")}}
	var err error
	st.sim, err = duosim.New(duosim.Config{AutoApprove: true, Seed: duosim.Seed{
		Integrations: []duosim.Integration{app},
		Users: []duosim.User{
			{Name: "alice", Devices: []duosim.Device{{Number: "+1 555 0100"}}, BypassCodes: []duosim.BypassCode{{Code: goodCode}}},
			{Name: "disabled", State: duosim.Disabled, Devices: []duosim.Device{{Number: "+1 555 0101"}}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.sim.Close)
	st.address = serve(t, st.sim.API(), s.cert).Listener.Addr().String()
	st.table = logins.New(&st.notes, slog.New(slog.DiscardHandler))
	st.profile = &duo.Profile{
		Owner: svm.Owner{UUID: "u", Name: "svm1"}, Enabled: true, FailMode: mode, MaxPrompts: 1,
		APIHost: st.address, IntegrationKey: app.IKey, SecretKey: secret.Fresh(app.SKey.Text),
	}
	return st
}

func (st *stage) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if n := st.dials.Add(1); st.troubleFrom > 0 && n >= int64(st.troubleFrom) {
		return st.trouble(ctx)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// fault lets the simulator misbehave.
func (st *stage) fault(f duosim.Fault) {
	if _, err := st.sim.AddFault(f); err != nil {
		panic(err)
	}
}

// play decides the login and says in one line what came of it.
func (st *stage) play(ctx context.Context) string {
	key, _ := st.profile.SecretKey.Fresh()
	client, err := duoapi.New(duoapi.Config{
		Host: st.profile.APIHost, IntegrationKey: st.profile.IntegrationKey, SecretKey: key,
		RootCAs: st.roots, Timeouts: st.limits, Dial: st.dial,
	})
	if err != nil {
		return err.Error()
	}
	defer client.Close()
	engine := enforce.New(enforce.Config{
		Rule: func(context.Context, duo.Login) (duo.Ruling, error) {
			return duo.Ruling{Asked: true, Reason: duo.Everybody, Profile: st.profile}, nil
		},
		Connect: func(*duo.Profile) (enforce.Client, error) { return client, nil },
		Record:  st.table.Record, Deadline: 20 * time.Second,
	})
	d := engine.Decide(ctx, enforce.Request{Owner: st.profile.Owner, User: st.user, Interactive: true}, typist(st.answer))
	return st.outcome(ctx, d)
}

// outcome holds a decision against its trace.
func (st *stage) outcome(ctx context.Context, d enforce.Decision) string {
	var rows []*logins.Login
	for l, err := range st.table.Rows(ctx, svm.Caller{Scope: svm.Everything()}, nil) {
		if err != nil {
			return err.Error()
		}
		rows = append(rows, l)
	}
	if lines := st.notes.lines.Load(); len(rows) != 1 || lines != 1 {
		return fmt.Sprintf("%d rows and %d lines for one login", len(rows), lines)
	}
	l, word := rows[0], "deny"
	switch {
	case d.FailOpen:
		word = "open"
	case d.Allow:
		word = "allow"
	}
	if l.Decision != map[bool]string{true: logins.Allow, false: logins.Deny}[d.Allow] || l.Reason != string(d.Reason) || l.FailOpen != d.FailOpen {
		return fmt.Sprintf("decided %+v, recorded %+v", d, l)
	}
	return word + ":" + l.Reason
}

// A typist answers every question alike.
type typist string

func (typist) Tell(context.Context, string) error { return nil }

func (a typist) Ask(context.Context, string) (secret.Text, error) {
	return secret.NewText(string(a)), nil
}

// to returns the trouble of ending at another address.
func to(address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
}

// lost is the trouble of a name that no server knows.
func lost(ctx context.Context) (net.Conn, error) {
	noServer := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no name server") }
	d := net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: noServer}}
	return d.DialContext(ctx, "tcp", "api.duo.invalid:443")
}
