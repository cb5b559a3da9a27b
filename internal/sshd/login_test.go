package sshd_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/sshd"
	"github.com/duoplane/duoplane/internal/sshd/sshdtest"
)

func (w *world) group(body string) {
	w.Helper()
	in := must(w.groups.Schema().ReadBody([]byte(body), record.Create))(w)
	must(w.groups.Create(w.Context(), w.admin, in))(w)
}

// byPassword is a client that can send a password and nothing else.
func byPassword() ssh.AuthMethod { return ssh.Password(password) }

func TestAPasswordAndThenDuo(t *testing.T) {
	const ask = `,"auto_push":false`
	push := func(settings string) func(*world) { return func(w *world) { w.profile("lab", settings) } }
	with := func(f duosim.Fault, settings string) func(*world) {
		return func(w *world) { w.fault(f); w.profile("lab", settings) }
	}
	down := duosim.Fault{Do: duosim.DoHTTP, Status: 503}
	for _, test := range []struct {
		name    string
		setup   func(*world)
		user    string
		answers []string // nil: the client cannot be asked
		want    string   // decision and reason
		says    string   // part of the banners
	}{
		{"no profile", func(*world) {}, "alice", nil, "allow:no_profile", ""},
		{"a push is approved, with a client that can only send a password", push(""), "alice", nil, "allow:approved", "Autopushing login request to phone..."},
		{"a push is denied", with(duosim.Fault{Do: duosim.DoDeny}, `,"max_prompts":3`), "alice", []string{goodCode}, "deny:refused", "Access denied: the login request was denied."},
		{"a push is a fraud", with(duosim.Fault{Do: duosim.DoFraud}, ""), "alice", nil, "deny:fraud", "fraudulent"},
		{"a push times out", with(duosim.Fault{Do: duosim.DoTimeout}, ""), "alice", nil, "deny:timed_out", "not approved in time"},
		{"a push times out and a passcode follows", with(duosim.Fault{Do: duosim.DoTimeout}, `,"max_prompts":2`), "alice", []string{goodCode}, "allow:approved", "Autopushing"},
		{"a push times out and the client cannot be asked", with(duosim.Fault{Do: duosim.DoTimeout}, `,"max_prompts":2`), "alice", nil, "deny:timed_out", "Autopushing"},
		{"a passcode is right", push(ask), "alice", []string{goodCode}, "allow:approved", ""},
		{"a push is chosen", push(ask), "alice", []string{"1"}, "allow:approved", ""},
		{"passcodes are wrong as often as allowed", push(ask + `,"max_prompts":3`), "alice", []string{"1111111", "2222222", "3333333", goodCode}, "deny:wrong_passcode", "the passcode is not right"},
		{"the last passcode is right", push(ask + `,"max_prompts":3`), "alice", []string{"1111111", "2222222", goodCode}, "allow:approved", ""},
		{"nothing is answered", push(ask), "alice", []string{""}, "deny:no_answer", "was not given"},
		{"a menu and a client that cannot be asked", push(ask), "alice", nil, "deny:no_answer", ""},
		{"a disabled profile", push(`,"is_enabled":false`), "alice", nil, "allow:disabled", ""},
		{"a user in no group", func(w *world) { w.profile("lab", ""); w.group(`{"name":"dba"}`) }, "alice", nil, "allow:not_member", ""},
		{"an excluded user", func(w *world) { w.profile("lab", ""); w.group(`{"name":"ops","excluded_users":["alice"]}`) }, "alice", nil, "allow:excluded", ""},
		{"Duo is down and fail_mode safe", with(down, `,"fail_mode":"safe"`), "alice", nil, "allow:server_error", ""},
		{"Duo is down and fail_mode secure", with(down, `,"fail_mode":"secure"`), "alice", nil, "deny:server_error", "Duo cannot be asked"},
		{"a user who has to enroll", push(""), "newcomer", nil, "deny:enroll", "https://"},
		{"a locked out user", push(""), "locked", nil, "deny:denied", "Access denied: Duo does not let this user in."},
		{"an SVM's profile before the cluster's", func(w *world) {
			w.fault(duosim.Fault{Do: duosim.DoDeny})
			w.profile("lab", "")
			w.profile("svm1", `,"is_enabled":false`)
		}, `svm1\joe`, nil, "allow:disabled", ""},
		{"the cluster's profile for an SVM without one", with(duosim.Fault{Do: duosim.DoDeny}, ""), `svm1\joe`, nil, "deny:refused", "Access denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			owner, name := "lab", test.user
			if vm, own, ok := strings.Cut(test.user, `\`); ok {
				owner, name = vm, own
			}
			w.account(owner, name, "password", "none")
			test.setup(w)
			a := w.login(w.address, test.user, test.answers, byPassword())
			in := strings.HasPrefix(test.want, "allow")
			if (a.err == nil) != in {
				t.Errorf("login gave %v", a.err)
			}
			if in {
				if out, err := a.exec(t, "x"); out != owner+"/"+name+" ran x" || err != nil {
					t.Errorf("a command gave %q, %v", out, err)
				}
			}
			w.stop() // so that the decision is there
			if got := w.reason(); got != test.want {
				t.Errorf("decided %q, want %q", got, test.want)
			}
			if got := a.banners.String(); !strings.Contains(got, test.says) {
				t.Errorf("the banners lack %q:\n%s", test.says, got)
			}
			if pushes := w.pushes(); pushes > 1 {
				t.Errorf("%d pushes went out", pushes)
			}
		})
	}
}

// pushes counts the pushes that Duo was asked for.
func (w *world) pushes() (n int) {
	for _, e := range w.sim.Journal() {
		if e.Step == "auth" && slices.Contains(e.Params, duosim.Field{Name: "factor", Value: "push"}) {
			n++
		}
	}
	return n
}

func TestTheMenuIsDuosOwn(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	w.profile("lab", `,"auto_push":false`)
	a := w.login(w.address, "alice", []string{goodCode}, byPassword())
	if a.err != nil {
		t.Fatal(a.err)
	}
	want := "Duo two-factor login for alice\r\n\r\nEnter a passcode or select one of the following options:\r\n\r\n 1. Duo Push to"
	if len(a.asked) != 1 || !strings.HasPrefix(a.asked[0], want) || !strings.HasSuffix(a.asked[0], "Passcode or option (1-3): ") {
		t.Errorf("asked %q", a.asked)
	}
}

func TestAKeyAndThenDuo(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "kay", "publickey", "none")
	signer := w.key()
	w.profile("lab", `,"max_prompts":3`)
	a := w.login(w.address, "kay", nil, ssh.PublicKeys(signer))
	if out, err := a.exec(t, "x"); out != "lab/kay ran x" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	w.fault(duosim.Fault{Do: duosim.DoTimeout})
	b := w.login(w.address, "kay", []string{goodCode}, ssh.PublicKeys(signer))
	if b.err == nil || len(b.asked) != 0 || w.reason() != "deny:timed_out" {
		t.Errorf("a second try for a user who has a key alone: %v, asked %q, %s", b.err, b.asked, w.reason())
	}
	if c := w.login(w.address, "kay", nil, byPassword()); c.err == nil {
		t.Error("a password opened an account that takes keys")
	}
}

func TestAKeyThenAPasswordThenDuo(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "kay", "publickey", "password")
	signer := w.key()
	w.profile("lab", "")
	a := w.login(w.address, "kay", nil, ssh.PublicKeys(signer), byPassword())
	if _, err := a.exec(t, "x"); err != nil || w.reason() != "allow:approved" {
		t.Errorf("both gave %v, %s", err, w.reason())
	}
	for name, methods := range map[string][]ssh.AuthMethod{
		"key alone": {ssh.PublicKeys(signer)}, "password alone": {byPassword()}, "a wrong password": {ssh.PublicKeys(signer), ssh.Password("wrong password 1")},
		"somebody else's key": {ssh.PublicKeys(newSigner(t)), byPassword()},
	} {
		if a := w.login(w.address, "kay", []string{goodCode}, methods...); a.err == nil {
			t.Errorf("%s got in", name)
		}
	}
	if n := w.pushes(); n != 1 {
		t.Errorf("Duo was asked %d times, want once", n)
	}
}

func TestADoorOfAnSVMIsForItsAccounts(t *testing.T) {
	w := newWorld(t, nil)
	w.account("svm1", "joe", "password", "none")
	w.account("lab", "alice", "password", "none")
	door := w.serve("svm1")
	if out, err := w.login(door, "joe", nil, byPassword()).exec(t, "x"); out != "svm1/joe ran x" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	for _, user := range []string{"alice", `lab\alice`, `svm1\joe`} {
		if a := w.login(door, user, nil, byPassword()); a.err == nil {
			t.Errorf("%s got in", user)
		}
	}
	if a := w.login(w.address, "joe", nil, byPassword()); a.err == nil {
		t.Error("an SVM's account got in at the cluster's door without the SVM's name")
	}
}

func TestOurOwnFaultRefusesWhateverFailModeSays(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(*world)
	}{
		{"the policy cannot be read", func(w *world) { _ = w.store.Close() }},
		{"the decision cannot be written down", func(w *world) { _ = w.log.Close() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.account("lab", "alice", "password", "none")
			w.profile("lab", `,"fail_mode":"safe"`)
			test.setup(w)
			if a := w.login(w.address, "alice", nil, byPassword()); a.err == nil {
				t.Error("the login came through")
			}
		})
	}
}

func TestAllLinesOfAConnectionNameOneRequest(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	w.profile("lab", "")
	tries := []string{"wrong password 1", password}
	retried := ssh.RetryableAuthMethod(ssh.PasswordCallback(func() (string, error) {
		next := tries[0]
		tries = tries[1:]
		return next, nil
	}), len(tries))
	if a := w.login(w.address, "alice", nil, retried); a.err != nil {
		t.Fatal(a.err)
	}
	requests := make(map[string]int)
	for _, line := range audittest.Lines(t, w.log) {
		if line.Event == "login" {
			requests[line.Request]++
		}
	}
	if len(requests) != 1 || requests[""] > 0 {
		t.Errorf("the lines of a wrong password and of a decision name the requests %v", requests)
	}
}

// An overdue is a context whose deadline passes when the channel is closed.
type overdue struct {
	context.Context
	passed <-chan struct{}
}

func (o overdue) Done() <-chan struct{} { return o.passed }

func (o overdue) Err() error {
	select {
	case <-o.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestWhoThinksForTooLongIsToldSo(t *testing.T) {
	passed := make(chan struct{})
	pass := sync.OnceFunc(func() { close(passed) })
	w := newWorld(t, func(c *sshd.Config) {
		decide := c.Decide
		c.Decide = func(ctx context.Context, r enforce.Request, p enforce.Prompter) enforce.Decision {
			return decide(overdue{ctx, passed}, r, p)
		}
	})
	defer pass()
	w.account("lab", "alice", "password", "none")
	w.profile("lab", `,"auto_push":false`)
	c := sshdtest.Dial(t, w.address)
	c.Ask("alice", "password", sshdtest.Password(password))
	c.Wait(51)
	c.Ask("alice", "keyboard-interactive", append(sshdtest.Text(""), sshdtest.Text("")...))
	c.Wait(60)
	pass()
	if said := c.Wait(53); !strings.Contains(string(said), "Access denied: the login was not approved in time.\r\n") {
		t.Errorf("the server says %q", said)
	}
	if more := c.Rest(); len(more) != 0 {
		t.Errorf("and goes on with packets of the kinds %v", more)
	}
	w.stop()
	if got := w.reason(); got != "deny:deadline" {
		t.Errorf("decided %q", got)
	}
}

func TestAClientThatLeavesEndsItsConversation(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	w.fault(duosim.Fault{Do: duosim.DoApprove, Delay: duosim.Duration(25 * time.Second)})
	w.profile("lab", "")
	conn := must(net.Dial("tcp", w.address))(t)
	gone := make(chan error)
	go func() {
		_, _, _, err := ssh.NewClientConn(conn, w.address, &ssh.ClientConfig{
			User: "alice", Auth: []ssh.AuthMethod{byPassword()}, HostKeyCallback: ssh.FixedHostKey(w.host),
		})
		gone <- err
	}()
	must(w.sim.WaitPending(t.Context(), "alice"))(t)
	_ = conn.Close()
	if err := <-gone; err == nil {
		t.Error("a closed connection logged in")
	}
	w.stop()
	if got := w.reason(); got != "deny:no_answer" {
		t.Errorf("decided %q", got)
	}
}
