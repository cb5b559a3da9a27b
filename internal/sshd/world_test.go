package sshd_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/duosim/duosimtest"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/owned"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/sshd"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
	"github.com/duoplane/duoplane/internal/svm"
)

const (
	password = "correct horse 1"
	goodCode = "987654321"
)

// A world is the whole way of a login: a server on a port of its own, the real
// engine with the real client, and a simulator of Duo behind TLS. There is a
// cluster "lab" with an SVM "svm1", and Duo knows the users it has to.
type world struct {
	*testing.T

	sim      *duosimtest.Service
	store    *storetest.Unsteady
	log      *audit.Log
	accounts *account.Service
	profiles *duo.ProfileService
	groups   *owned.Service[duo.Group]
	table    *logins.Table
	visitors *sshd.Visitors
	server   *sshd.Server
	admin    svm.Caller
	address  string // of the cluster's door
	host     ssh.PublicKey
}

// newWorld starts a world; change, if any, sees the configuration first.
func newWorld(t *testing.T, change func(*sshd.Config)) *world {
	t.Helper()
	w := &world{T: t, log: audittest.New(t), sim: duosimtest.Start(t, duosim.Config{Seed: seed(), AutoApprove: true, Logger: slog.New(slog.DiscardHandler)})}
	w.store = storetest.NewUnsteady(memstore.New(append(append(svm.Tables(), sshd.Tables()...), account.Accounts, account.PublicKeys, duo.Profiles, duo.Groups)...))
	ledger := audit.NewLedger(w.store, w.log)
	keys := must(seal.InMemory())(t)
	links := duolink.New(duolink.Config{Secrets: keys, RootCAs: w.sim.Pool})
	t.Cleanup(links.Close)
	svms := svm.NewService(ledger, account.Accounts, account.PublicKeys, duo.Profiles, duo.Groups)
	w.accounts = account.NewService(account.Config{Ledger: ledger, SVMs: svms})
	w.profiles = duo.NewProfileService(ledger, svms, keys, links)
	w.groups = duo.NewGroupService(ledger, svms)
	quiet := slog.New(slog.DiscardHandler)
	w.table = logins.New(ledger, quiet)
	engine := enforce.New(enforce.Config{
		Rule:    duo.NewPolicy(ledger).Rule,
		Connect: func(p *duo.Profile) (enforce.Client, error) { return links.Client(p) },
		Reached: links.Reached, Recent: links.Recent, Record: w.table.Record, Deadline: 30 * time.Second,
	})
	cluster := must(svms.EnsureCluster(t.Context(), "lab"))(t)
	w.admin = svm.Caller{Name: "admin", Owner: cluster.Owner(), Scope: svm.Everything()}
	vm := must(svms.Schema().ReadBody([]byte(`{"name":"svm1"}`), record.Create))(t)
	must(svms.Create(t.Context(), w.admin, vm))(t)

	w.visitors = sshd.NewVisitors(w.store, w.accounts.Named, quiet)
	host := must(sshd.EnsureHostKey(t.Context(), ledger, keys))(t)
	w.host = host.PublicKey()
	cfg := sshd.Config{
		HostKey: host, Accounts: w.accounts, Decide: engine.Decide, NewSession: newToy, Hostname: "lab",
		Visitors: w.visitors, Refused: w.table.Refused, Limits: sshd.Limits{PerSecond: -1}, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if change != nil {
		change(&cfg)
	}
	w.server = must(sshd.New(cfg))(t)
	w.address = w.serve("")
	return w
}

func must[V any](v V, err error) func(testing.TB) V {
	return func(tb testing.TB) V {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// seed is what Duo knows.
func seed() duosim.Seed {
	var s duosim.Seed
	for i, name := range []string{"alice", "bob", "kay", "joe"} {
		s.Users = append(s.Users, duosim.User{
			Name: name, Devices: []duosim.Device{{Number: fmt.Sprintf("+1 555 010%d", i)}},
			BypassCodes: []duosim.BypassCode{{Code: goodCode, Reusable: true}},
		})
	}
	s.Users = append(s.Users, duosim.User{Name: "locked", State: duosim.LockedOut, Devices: []duosim.Device{{Number: "+1 555 0109"}}})
	return s
}

// serve opens a door and returns its address.
func (w *world) serve(vserver string) string {
	w.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := w.server.Door(vserver).Serve(ln); err != nil {
			w.Error(err)
		}
	})
	w.Cleanup(func() {
		w.stop()
		serving.Wait()
	})
	return ln.Addr().String()
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		w.Errorf("shut down: %v", err)
	}
	w.visitors.Close()
}

// account makes an account that logs in over SSH: methods is "password",
// "publickey" or both, second the method that has to follow.
func (w *world) account(owner, name, methods, second string) {
	w.Helper()
	body := fmt.Sprintf(`{"owner":{"name":%q},"name":%q,"password":%q,"applications":[{"application":"ssh",
		"authentication_methods":["%s"],"second_authentication_method":%q}],"groups":["ops"]}`,
		owner, name, password, strings.ReplaceAll(methods, ",", `","`), second)
	in := must(w.accounts.Schema().ReadBody([]byte(body), record.Create))(w)
	must(w.accounts.Create(w.Context(), w.admin, in))(w)
}

// key gives the account kay one more key and returns it.
func (w *world) key() ssh.Signer {
	w.Helper()
	signer := newSigner(w)
	body := fmt.Sprintf(`{"account":{"name":%q},"public_key":%q}`, "kay", strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))))
	in := must(w.accounts.PublicKeys().Schema().ReadBody([]byte(body), record.Create))(w)
	must(w.accounts.PublicKeys().Create(w.Context(), w.admin, in))(w)
	return signer
}

func newSigner(tb testing.TB) ssh.Signer {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return must(ssh.NewSignerFromKey(private))(tb)
}

// profile makes the profile of an owner; settings are added as JSON members.
func (w *world) profile(owner, settings string) {
	w.Helper()
	body := fmt.Sprintf(`{"owner":{"name":%q},"integration_key":%q,"secret_key":%q,"api_host":%q%s}`,
		owner, w.sim.IKey, w.sim.SKey.Reveal(), w.sim.Host, settings)
	in := must(w.profiles.Schema().ReadBody([]byte(body), record.Create))(w)
	must(w.profiles.Create(w.Context(), w.admin, in))(w)
}

func (w *world) fault(f duosim.Fault) { must(w.sim.AddFault(f))(w) }

// An attempt is one login of a client.
type attempt struct {
	*ssh.Client

	err     error
	banners strings.Builder
	asked   []string // instructions and prompts
}

// login tries to log in. Every question is answered with the next of answers,
// and the client gives up when there are no more.
func (w *world) login(address, user string, answers []string, methods ...ssh.AuthMethod) *attempt {
	w.Helper()
	a := new(attempt)
	ask := func(_, instruction string, prompts []string, _ []bool) ([]string, error) {
		if len(prompts) == 0 {
			return nil, nil
		}
		a.asked = append(a.asked, instruction+prompts[0])
		if len(answers) == 0 {
			return nil, errors.New("no answer")
		}
		next := answers[0]
		answers = answers[1:]
		return []string{next}, nil
	}
	if answers != nil {
		methods = append(methods, ssh.KeyboardInteractive(ask))
	}
	a.Client, a.err = ssh.Dial("tcp", address, &ssh.ClientConfig{
		User: user, Auth: methods, HostKeyCallback: ssh.FixedHostKey(w.host), Timeout: 30 * time.Second,
		BannerCallback: func(text string) error { a.banners.WriteString(text); return nil },
	})
	if a.err == nil {
		w.Cleanup(func() { _ = a.Close() })
	}
	return a
}

// exec runs a command on a login that must have come through.
func (a *attempt) exec(tb testing.TB, line string) (string, error) {
	tb.Helper()
	if a.err != nil {
		tb.Fatalf("no login: %v\n%s", a.err, a.banners.String())
	}
	s, err := a.NewSession()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := s.Output(line)
	return string(out), err
}

// reason returns why the latest decision was made, "" without any.
func (w *world) reason() (reason string) {
	w.Helper()
	for l, err := range w.table.Rows(w.Context(), w.admin, nil) {
		if err != nil {
			w.Fatal(err)
		}
		reason = l.Decision + ":" + l.Reason
	}
	return reason
}

// A toy is a shell that says what it is told.
type toy struct {
	sshd.Terminal

	mu   sync.Mutex
	size string
}

func newToy(t sshd.Terminal) sshd.Session {
	return &toy{Terminal: t, size: fmt.Sprintf("%dx%d", t.Width, t.Height)}
}

func (t *toy) Run(ctx context.Context) error {
	_, _ = fmt.Fprintf(t.Out, "%s> ", t.Who.Caller.Name)
	for lines := bufio.NewScanner(t.In); lines.Scan() && ctx.Err() == nil; {
		if lines.Text() == "exit" {
			break
		}
		t.mu.Lock()
		_, _ = fmt.Fprintf(t.Out, "%s at %s\r\n", lines.Text(), t.size)
		t.mu.Unlock()
	}
	return nil
}

func (t *toy) Exec(ctx context.Context, line string) int {
	switch line {
	case "fail":
		return 1
	case "panic":
		panic("a fault of the shell's")
	case "wait":
		_, _ = io.WriteString(t.Out, "waiting\r\n")
		<-ctx.Done()
	}
	_, _ = fmt.Fprintf(t.Out, "%s ran %s", t.Who.Caller.Owner.Name+"/"+t.Who.Caller.Name, line)
	return 0
}

func (t *toy) Resize(width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.size = fmt.Sprintf("%dx%d", width, height)
}
