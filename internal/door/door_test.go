package door_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/door"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store/memstore"
	"github.com/duoplane/duoplane/internal/store/storetest"
	"github.com/duoplane/duoplane/internal/svm"
)

// A site is a door whose decisions a test makes.
type site struct {
	*door.Door

	t        *testing.T
	log      bytes.Buffer
	store    *storetest.Unsteady
	svms     *svm.Service
	accounts *account.Service
	cluster  svm.Cluster
	host     svm.Caller // the account of a login service
	admin    svm.Caller
}

type deciding = func(ctx context.Context, r enforce.Request, p enforce.Prompter) enforce.Decision

// inBubble runs a test on a made-up clock.
func inBubble(t *testing.T, decide deciding, test func(s *site), change ...func(*door.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t, store: storetest.NewUnsteady(memstore.New(append(svm.Tables(), account.Accounts)...))}
		ledger := audit.NewLedger(s.store, audittest.New(t))
		s.svms = svm.NewService(ledger, account.Accounts)
		s.accounts = account.NewService(account.Config{Ledger: ledger, SVMs: s.svms})
		var err error
		if s.cluster, err = s.svms.EnsureCluster(t.Context(), "lab-a"); err != nil {
			t.Fatal(err)
		}
		s.host = svm.Caller{Name: "host1", Owner: s.cluster.Owner(), Scope: svm.Everything()}
		s.admin = svm.Caller{Name: "admin", Owner: s.cluster.Owner(), Scope: svm.Everything()}
		cfg := door.Config{Decide: decide, Ledger: ledger, SVMs: s.svms, Logger: slog.New(slog.NewTextHandler(&s.log, nil))}
		for _, f := range change {
			f(&cfg)
		}
		s.Door = door.New(cfg)
		defer s.Close()
		test(s)
	})
}

// open begins a login of alice's as the host.
func (s *site) open() (*door.Turn, error) { return s.openAs(s.host, `{"username":"alice"}`) }

func (s *site) openAs(caller svm.Caller, body string) (*door.Turn, error) {
	s.t.Helper()
	in, err := door.VisitSchema().ReadBody([]byte(body), record.Modify)
	if err != nil {
		return nil, err
	}
	return s.Open(s.t.Context(), caller, nil, in)
}

func (s *site) poll(id string) (*door.Turn, error) {
	return s.Poll(s.t.Context(), s.host, []string{id}, record.Input[door.Nothing]{})
}

func (s *site) answer(id, body string) (*door.Turn, error) {
	s.t.Helper()
	in, err := door.ReplySchema().ReadBody([]byte(body), record.Modify)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Answer(s.t.Context(), s.host, []string{id}, in)
}

// tells compares a turn with how it reads, without its id.
func (s *site) tells(turn *door.Turn, err error, want string) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("got %v, want %s", err, want)
	}
	schema := door.TurnSchema()
	got := strings.Replace(schema.Project(turn, schema.All()).String(), "uuid="+turn.ID+" ", "", 1)
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("turn (-want +got):\n%s", diff)
	}
}

func (s *site) refuses(turn *door.Turn, err error, want fault.Code) {
	s.t.Helper()
	if !fault.Is(err, want) {
		s.t.Errorf("got %+v, %v; want %s", turn, err, want)
	}
}

func approved() enforce.Decision { return enforce.Decision{Allow: true, Reason: enforce.Approved} }

func TestAConversation(t *testing.T) {
	decide := func(ctx context.Context, _ enforce.Request, p enforce.Prompter) enforce.Decision {
		_ = p.Tell(ctx, "Hello")
		for _, want := range []string{"", "123456"} {
			a, err := p.Ask(ctx, "Passcode: ")
			if err != nil || !a.Equal(secret.NewText(want)) {
				return enforce.Decision{Reason: "wrong answer"}
			}
		}
		_ = p.Tell(ctx, "Success.")
		_ = p.Tell(ctx, "Logging you in...")
		return approved()
	}
	inBubble(t, decide, func(s *site) {
		t := s.t
		turn, err := s.open()
		synctest.Wait()
		if turn.State == door.Running { // the greeting may come alone
			turn, err = s.poll(turn.ID)
		}
		id := turn.ID
		if err != nil || turn.State != door.Asking || turn.Prompt != "Passcode: " {
			t.Fatalf("got %+v, %v", turn, err)
		}
		turn, err = s.answer(id, `{}`)
		s.tells(turn, err, "{state=asking prompt=Passcode: }")
		turn, err = s.answer(id, `{"answer":"123456"}`)
		for err == nil && turn.State != door.Done {
			turn, err = s.poll(id)
		}
		if err != nil || !turn.Decision.Allow {
			t.Fatalf("got %+v, %v", turn, err)
		}
		turn, err = s.poll(id)
		s.refuses(turn, err, fault.NotFound)
		if strings.Contains(s.log.String(), "given up") {
			t.Error("a login that went well is logged as given up")
		}
	})
}

func TestEachTextIsToldOnce(t *testing.T) {
	decide := func(ctx context.Context, _ enforce.Request, p enforce.Prompter) enforce.Decision {
		for i := range 3 {
			_ = p.Tell(ctx, fmt.Sprint("text ", i))
			time.Sleep(10 * time.Second) //nolint:forbidigo // on the bubble's clock
		}
		return enforce.Decision{Reason: enforce.Fraud}
	}
	inBubble(t, decide, func(s *site) {
		turn, err := s.open()
		s.tells(turn, err, "{state=running texts=text 0}")
		turn, err = s.poll(turn.ID)
		s.tells(turn, err, "{state=running texts=text 1}")
		turn, err = s.poll(turn.ID)
		s.tells(turn, err, "{state=running texts=text 2}")
		turn, err = s.poll(turn.ID)
		s.tells(turn, err, "{state=done decision={allow=false reason=fraud}}")
	})
}

func TestAPollWaitsForNewsAndNoLonger(t *testing.T) {
	decide := func(ctx context.Context, _ enforce.Request, p enforce.Prompter) enforce.Decision {
		time.Sleep(60 * time.Second) //nolint:forbidigo // on the bubble's clock
		_ = p.Tell(ctx, "late")
		<-ctx.Done()
		return enforce.Decision{}
	}
	inBubble(t, decide, func(s *site) {
		t := s.t
		began := time.Now()
		turn, err := s.open()
		s.tells(turn, err, "{state=running}")
		if took := time.Since(began); took != door.Hold {
			t.Errorf("the first turn took %v", took)
		}
		turn, err = s.poll(turn.ID)
		s.tells(turn, err, "{state=running}")
		turn, err = s.poll(turn.ID)
		s.tells(turn, err, "{state=running texts=late}")
		if took := time.Since(began); took != 60*time.Second {
			t.Errorf("the text took %v", took)
		}
	})
}

func TestAPollThatIsGivenUpTakesNothingAway(t *testing.T) {
	decide := func(ctx context.Context, _ enforce.Request, p enforce.Prompter) enforce.Decision {
		time.Sleep(40 * time.Second) //nolint:forbidigo // on the bubble's clock
		_ = p.Tell(ctx, "code 376")
		<-ctx.Done()
		return enforce.Decision{}
	}
	inBubble(t, decide, func(s *site) {
		t := s.t
		turn, err := s.open()
		s.tells(turn, err, "{state=running}")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Poll(ctx, s.host, []string{turn.ID}, record.Input[door.Nothing]{}); err == nil {
			t.Error("a poll without time got news")
		}
		turn, err = s.poll(turn.ID)
		s.tells(turn, err, "{state=running texts=code 376}")
	})
}

// waits asks a question that nobody answers in time.
func waits(ctx context.Context, _ enforce.Request, p enforce.Prompter) enforce.Decision {
	if _, err := p.Ask(ctx, "? "); err != nil {
		return enforce.Decision{Reason: enforce.NoAnswer}
	}
	return approved()
}

func TestALoginNobodyPollsIsEnded(t *testing.T) {
	var ended chan time.Time
	decide := func(ctx context.Context, r enforce.Request, p enforce.Prompter) enforce.Decision {
		d := waits(ctx, r, p)
		ended <- time.Now()
		return d
	}
	inBubble(t, decide, func(s *site) {
		t := s.t
		ended = make(chan time.Time, 1)
		turn, err := s.open()
		s.tells(turn, err, "{state=asking prompt=? }")
		left := time.Now()
		if took := (<-ended).Sub(left); took != door.Patience {
			t.Errorf("it was ended after %v", took)
		}
		turn, err = s.poll(turn.ID)
		s.refuses(turn, err, fault.NotFound)
		synctest.Wait()
		if !strings.Contains(s.log.String(), "given up") {
			t.Error("it is not logged")
		}
	})
}

func TestPollingKeepsAQuestionOpen(t *testing.T) {
	inBubble(t, waits, func(s *site) {
		turn, err := s.open()
		s.tells(turn, err, "{state=asking prompt=? }")
		for range 4 { // 100 s
			turn, err = s.poll(turn.ID)
			s.tells(turn, err, "{state=asking prompt=? }")
		}
		turn, err = s.answer(turn.ID, `{"answer":"1"}`)
		s.tells(turn, err, "{state=done decision={allow=true reason=approved}}")
	})
}

func TestADecisionNobodyFetchesIsForgotten(t *testing.T) {
	decide := func(ctx context.Context, _ enforce.Request, p enforce.Prompter) enforce.Decision {
		if _, err := p.Ask(ctx, "? "); err != nil {
			return enforce.Decision{}
		}
		time.Sleep(time.Minute) //nolint:forbidigo // on the bubble's clock
		return approved()
	}
	inBubble(t, decide, func(s *site) {
		t := s.t
		turn, err := s.open()
		s.tells(turn, err, "{state=asking prompt=? }")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		in, err := door.ReplySchema().ReadBody([]byte(`{"answer":"1"}`), record.Modify)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Answer(ctx, s.host, []string{turn.ID}, in); err == nil {
			t.Error("who went away got an answer")
		}
		time.Sleep(2 * time.Minute) //nolint:forbidigo // on the bubble's clock
		turn, err = s.poll(turn.ID)
		s.refuses(turn, err, fault.NotFound)
	})
}

func TestLoginsOfOthersGoOnForAWhileWithoutTheStore(t *testing.T) {
	allow := func(context.Context, enforce.Request, enforce.Prompter) enforce.Decision {
		return enforce.Decision{Allow: true, Reason: enforce.Approved}
	}
	inBubble(t, allow, func(s *site) {
		s.store.Set(storetest.Away)
		if turn, err := s.open(); err != nil || turn.ID == "" {
			t.Errorf("away: %+v, %v", turn, err)
		}
		s.store.Set(storetest.TooLong)
		if _, err := s.open(); !fault.Is(err, fault.Outdated) {
			t.Errorf("away for too long: %v", err)
		}
	})
}
