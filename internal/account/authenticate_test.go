package account_test

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestWhoGetsIn(t *testing.T) {
	w := newWorld(t)
	const word = "a good word 1"
	overSSH := `"applications":[{"application":"ssh","authentication_methods":["password"]}]`
	w.mustCreate(`{"name":"joe","owner.name":"svm1","password":"` + word + `",` + overHTTP + `}`)
	w.mustCreate(`{"name":"CORP\\ann","role":"readonly","password":"` + word + `",` + overHTTP + `}`)
	w.mustCreate(`{"name":"locked","locked":true,"password":"` + word + `",` + overHTTP + `}`)
	w.mustCreate(`{"name":"sshonly","password":"` + word + `",` + overSSH + `}`)
	w.mustCreate(`{"name":"nopassword",` + overHTTP + `}`)
	w.mustCreate(`{"name":"certonly","password":"` + word + `","applications":[{"application":"http","authentication_methods":["certificate"]}]}`)
	w.mustCreate(`{"name":"second","password":"` + word + `","applications":[{"application":"ssh","authentication_methods":["password"],"second_authentication_method":"totp"}]}`)
	const ok = ""
	for _, test := range []struct {
		name, application, user, password string
		why                               string // in the audit log, ok if let in
	}{
		{"the cluster's account", account.HTTP, "admin", adminPassword, ok},
		{"an SVM's account", account.HTTP, `svm1\joe`, word, ok},
		{"a name with a backslash of its own", account.HTTP, `CORP\ann`, word, ok},
		{"over SSH with SSH", account.SSH, "sshonly", word, ok},
		{"a wrong password", account.HTTP, "admin", "wrong", "wrong password"},
		{"an empty password", account.HTTP, "admin", "", "wrong password"},
		{"nobody", account.HTTP, "nobody", word, "no such account"},
		{"an empty name", account.HTTP, "", word, "no such account"},
		{"an SVM's account without its SVM", account.HTTP, "joe", word, "no such account"},
		{"the cluster's account by the cluster's name", account.HTTP, `lab\admin`, adminPassword, "no such account"},
		{"an account in an SVM that is not there", account.HTTP, `svm9\joe`, word, "no such account"},
		{"a locked account", account.HTTP, "locked", word, "account locked"},
		{"over HTTP with SSH alone", account.HTTP, "sshonly", word, "application not allowed with a password"},
		{"an account without a password", account.HTTP, "nopassword", "", "no password set"},
		{"an account for certificates", account.HTTP, "certonly", word, "application not allowed with a password"},
		{"an account with a second method", account.SSH, "second", word, "application not allowed with a password"},
		{"an unknown application", "telnet", "admin", adminPassword, "application not allowed with a password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(audittest.Lines(t, w.log))
			p, err := w.accounts.Authenticate(t.Context(), account.Credentials{
				Application: test.application, User: test.user, Password: secret.NewText(test.password),
				From: home, Via: "rest", Request: "r-7",
			})
			lines := audittest.Lines(t, w.log)[before:]
			if test.why == ok {
				wantCode(t, err, "")
				if len(lines) != 0 {
					t.Errorf("got lines %v for a login", lines)
				}
				return
			}
			wantCode(t, err, fault.Unauthenticated)
			if err != nil && err.Error() != "User is not authorized." {
				t.Errorf("the answer says more than it should: %v", err)
			}
			if diff := cmp.Diff(p, account.Principal{}, cmp.AllowUnexported(svm.Caller{}, svm.Scope{})); diff != "" {
				t.Errorf("a principal was returned: %s", diff)
			}
			if len(lines) != 1 {
				t.Fatalf("got %d lines, want 1", len(lines))
			}
			want := audit.Line{
				Event: "login", Resource: "account", Key: test.user, From: "192.0.2.1", Via: "rest", Request: "r-7",
				Who: audit.LineWho{Name: test.user}, Outcome: audit.Refused, Reason: "unauthenticated",
				Fields: map[string]string{"application": test.application, "why": test.why},
			}
			lines[0].ID, lines[0].Time, lines[0].Owner = "", time.Time{}, ""
			if diff := cmp.Diff(lines[0], want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

func TestWhoTheyAre(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe","owner.name":"svm1","password":"a good word 1","groups":["ops"],` + overHTTP + `}`)
	p, err := w.login(`svm1\joe`, "a good word 1", netip.MustParseAddr("::ffff:192.0.2.9"))
	if err != nil {
		t.Fatal(err)
	}
	owner := svm.Owner{UUID: w.svm1.UUID, Name: "svm1"}
	want := account.Principal{
		Caller: svm.Caller{Name: "joe", Owner: owner, Scope: svm.Within(owner.UUID), From: "192.0.2.9", Via: "rest", Request: "r-1"},
		Role:   "vsadmin", Scope: "svm", Since: p.Since, Groups: []string{"ops"},
	}
	if p.Since == 0 {
		t.Error("nothing tells the account from a later one")
	}
	if diff := cmp.Diff(p, want, cmp.AllowUnexported(svm.Caller{}, svm.Scope{})); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if p, err = w.login("admin", adminPassword, home); err != nil {
		t.Fatal(err)
	}
	if got := p.Who(); got.Scope != svm.Everything() || got.Owner != w.cluster.Owner() {
		t.Errorf("got %+v", got)
	}
}

func TestAPasswordIsHashedOnceInFiveMinutes(t *testing.T) {
	w := newWorld(t)
	login := func(user, password string) error {
		ctx, stop := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer stop()
		_, err := w.accounts.Authenticate(ctx, account.Credentials{
			Application: account.HTTP, User: user, Password: secret.NewText(password), From: home,
		})
		return err
	}
	wantCode(t, login("admin", adminPassword), "")
	release := w.accounts.HoldHashes(t)
	wantCode(t, login("admin", adminPassword), "")                            // remembered
	wantCode(t, login("admin", "wrong"), fault.Timeout)                       // has to wait
	wantCode(t, login("nobody", adminPassword), fault.Timeout)                // as for somebody
	w.clock.advance(5*time.Minute - time.Second)                              //
	wantCode(t, login("admin", adminPassword), "")                            // still remembered
	w.clock.advance(time.Second)                                              //
	wantCode(t, login("admin", adminPassword), fault.Timeout)                 // no more
	release()                                                                 //
	wantCode(t, login("admin", adminPassword), "")                            // hashed again
	wantCode(t, w.modify("admin", `{"comment":"any change forgets it"}`), "") //
	defer w.accounts.HoldHashes(t)()                                          //
	wantCode(t, login("admin", adminPassword), fault.Timeout)                 //
}

func TestAChangeOfPasswordBitesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe","password":"word number 0",` + overHTTP + `}`)
	for i := range 5 {
		old, next := "word number "+string(rune('0'+i)), "word number "+string(rune('1'+i))
		_, err := w.login("joe", old, home)
		wantCode(t, err, "")
		wantCode(t, w.modify("joe", `{"password":"`+next+`"}`), "")
		_, err = w.login("joe", old, home)
		wantCode(t, err, fault.Unauthenticated)
		_, err = w.login("joe", next, home)
		wantCode(t, err, "")
	}
	wantCode(t, w.modify("joe", `{"locked":true}`), "")
	_, err := w.login("joe", "word number 5", home)
	wantCode(t, err, fault.Unauthenticated)
	wantCode(t, w.modify("joe", `{"locked":false}`), "")
	_, err = w.login("joe", "word number 5", home)
	wantCode(t, err, "")
	wantCode(t, w.accounts.Delete(t.Context(), w.admin, []string{w.cluster.UUID, "joe"}), "")
	_, err = w.login("joe", "word number 5", home)
	wantCode(t, err, fault.Unauthenticated)
}

// Nobody may get in with a password after the change of it has returned,
// however many try to at that moment.
func TestAChangeOfPasswordBitesUnderLoad(t *testing.T) {
	w := newWorld(t)
	w.mustCreate(`{"name":"joe","password":"first word 1",` + overHTTP + `}`)
	var wg sync.WaitGroup
	changed, done := make(chan struct{}), make(chan struct{})
	for i := range 8 {
		wg.Go(func() {
			from := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
			for late := 0; late < 3; {
				select {
				case <-changed:
					late++
					_, err := w.login("joe", "first word 1", from)
					if code := fault.CodeOf(err); code != fault.Unauthenticated && code != fault.TooMany {
						t.Errorf("got %v after the change", err)
					}
				default:
					if _, err := w.login("joe", "first word 1", from); err != nil && !fault.Is(err, fault.Unauthenticated) && !fault.Is(err, fault.TooMany) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Go(func() {
		defer close(done)
		if err := w.modify("joe", `{"password":"second word 2"}`); err != nil {
			t.Error(err)
		}
		w.clock.advance(time.Hour) // whoever was refused in the midst is not locked out
		close(changed)
	})
	<-done
	wg.Wait()
}

func TestManyConnectionsWithOnePasswordCountAsOne(t *testing.T) {
	w := newWorld(t)
	release := w.accounts.HoldHashes(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := w.login("admin", adminPassword, home); err != nil {
				t.Error(err)
			}
		})
	}
	release()
	wg.Wait()
}

// Who waits for the outcome of another's login must have asked for the same.
func TestALoginIsNotLetInByOneForAnotherApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.mustCreate(`{"name":"joe","password":"a good word 1",` + overHTTP + `}`)
		release := w.accounts.HoldHashes(t)
		var viaHTTP, viaSSH error
		var wg sync.WaitGroup
		for application, err := range map[string]*error{account.HTTP: &viaHTTP, account.SSH: &viaSSH} {
			wg.Go(func() {
				_, *err = w.accounts.Authenticate(t.Context(), account.Credentials{
					Application: application, User: "joe", Password: secret.NewText("a good word 1"), From: home,
				})
			})
			synctest.Wait() // until its hash waits
		}
		release()
		wg.Wait()
		wantCode(t, viaHTTP, "")
		wantCode(t, viaSSH, fault.Unauthenticated)
	})
}

func TestAnotherOnesImpatienceIsNotMine(t *testing.T) {
	w := newWorld(t)
	release := w.accounts.HoldHashes(t)
	hasty, give := context.WithCancel(t.Context())
	c := account.Credentials{Application: account.HTTP, User: "admin", Password: secret.NewText(adminPassword), From: home}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := w.accounts.Authenticate(hasty, c); !fault.Is(err, fault.Timeout) && err != nil {
				t.Errorf("got %v", err)
			}
		})
		wg.Go(func() {
			if _, err := w.accounts.Authenticate(t.Context(), c); err != nil {
				t.Errorf("the patient one got %v", err)
			}
		})
	}
	give()
	release()
	wg.Wait()
}

func TestAFloodIsTurnedAwayInsteadOfQueued(t *testing.T) {
	w := newWorld(t)
	release := w.accounts.HoldHashes(t)
	ctx, stop := context.WithCancel(t.Context())
	codes := make(chan fault.Code, 300)
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			_, err := w.accounts.Authenticate(ctx, account.Credentials{
				Application: account.HTTP, User: "u" + strings.Repeat("x", i), From: netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}),
			})
			codes <- fault.CodeOf(err)
		})
	}
	for range 300 - 128 {
		if got := <-codes; got != fault.Busy {
			t.Errorf("got %q, want busy", got)
		}
	}
	stop()
	wg.Wait()
	release()
	_, err := w.login("admin", adminPassword, home)
	wantCode(t, err, "")
}

func TestAnAwayAuditLogKeepsNobodyOutAndLetsNobodyIn(t *testing.T) {
	w := newWorld(t)
	if err := w.log.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w.login("admin", "wrong", home)
	wantCode(t, err, fault.Unauthenticated)
	_, err = w.login("admin", adminPassword, home)
	wantCode(t, err, "")
	wantCode(t, w.modify("admin", `{"comment":"x"}`), fault.Unavailable)
}

func BenchmarkARememberedLogin(b *testing.B) {
	w := newWorld(b)
	c := account.Credentials{Application: account.HTTP, User: "admin", Password: secret.NewText(adminPassword), From: home, Via: "rest"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.accounts.Authenticate(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}

// No account has such a name, so nothing is kept of it: 16,384 names of the
// size of a request's header would fill a machine's memory.
func TestNamesLongerThanAnyAccountsCountAsOne(t *testing.T) {
	w := newWorld(t)
	var code fault.Code
	for i := range 4 {
		_, err := w.login(strings.Repeat("x", 4000)+strconv.Itoa(i), "a good word 1", home)
		code = fault.CodeOf(err)
	}
	if code != fault.TooMany {
		t.Errorf("got %q after 4 failures, want %q", code, fault.TooMany)
	}
	longest := strings.Repeat("s", 47) + `\` + strings.Repeat("u", 64)
	for range 2 {
		_, err := w.login(longest, "a good word 1", home)
		wantCode(t, err, fault.Unauthenticated)
	}
}
