package door_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/door"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestATransactionIsForItsAccountAlone(t *testing.T) {
	inBubble(t, waits, func(s *site) {
		t := s.t
		turn, err := s.open()
		s.tells(turn, err, "{state=asking prompt=? }")
		id := []string{turn.ID}
		in, err := door.ReplySchema().ReadBody([]byte(`{"answer":"1"}`), record.Modify)
		if err != nil {
			t.Fatal(err)
		}
		for name, other := range map[string]svm.Caller{
			"another account":                    s.admin,
			"an SVM's account of the same name":  {Name: "host1", Owner: svm.Owner{UUID: "x"}, Scope: svm.Everything()},
			"nobody":                             {},
			"an account with a confusing name":   {Name: "1/host1", Owner: svm.Owner{UUID: strings.TrimSuffix(s.cluster.UUID, "1")}},
			"the account's name in another case": {Name: "Host1", Owner: s.cluster.Owner(), Scope: svm.Everything()},
		} {
			if turn, err := s.Poll(t.Context(), other, id, record.Input[door.Nothing]{}); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s polled: %+v, %v", name, turn, err)
			}
			if turn, err := s.Answer(t.Context(), other, id, in); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s answered: %+v, %v", name, turn, err)
			}
		}
		turn, err = s.answer(turn.ID, `{"answer":"1"}`)
		s.tells(turn, err, "{state=done decision={allow=true reason=approved}}")
	})
}

func TestLoginsUnderWayAreBounded(t *testing.T) {
	inBubble(t, waits, func(s *site) {
		first, err := s.open()
		s.tells(first, err, "{state=asking prompt=? }")
		second, err := s.open()
		s.tells(second, err, "{state=asking prompt=? }")
		turn, err := s.open()
		s.refuses(turn, err, fault.TooMany)
		turn, err = s.openAs(s.admin, `{"username":"alice"}`)
		s.tells(turn, err, "{state=asking prompt=? }")
		turn, err = s.openAs(s.admin, `{"username":"alice"}`)
		s.refuses(turn, err, fault.Busy)

		turn, err = s.answer(first.ID, `{}`)
		s.tells(turn, err, "{state=done decision={allow=true reason=approved}}")
		synctest.Wait()
		turn, err = s.open()
		s.tells(turn, err, "{state=asking prompt=? }")
	}, func(c *door.Config) { c.MaxOpen, c.MaxEach = 3, 2 })
}

func TestAnAnswerWithoutAQuestion(t *testing.T) {
	var more chan struct{}
	decide := func(ctx context.Context, _ enforce.Request, p enforce.Prompter) enforce.Decision {
		_ = p.Tell(ctx, "Pushed a login request to your phone...")
		<-more
		return approved()
	}
	inBubble(t, decide, func(s *site) {
		more = make(chan struct{})
		turn, err := s.open()
		s.tells(turn, err, "{state=running texts=Pushed a login request to your phone...}")
		none, err := s.answer(turn.ID, `{"answer":"1"}`)
		s.refuses(none, err, fault.Raced)
		close(more)
		synctest.Wait()
		turn, err = s.answer(turn.ID, `{"answer":"1"}`)
		s.tells(turn, err, "{state=done decision={allow=true reason=approved}}")
	})
}

func TestCloseEndsEverything(t *testing.T) {
	inBubble(t, waits, func(s *site) {
		turn, err := s.open()
		s.tells(turn, err, "{state=asking prompt=? }")
		var wg sync.WaitGroup
		wg.Go(func() {
			last, err := s.poll(turn.ID)
			s.tells(last, err, "{state=done decision={allow=false reason=no_answer}}")
		})
		synctest.Wait()
		s.Close()
		wg.Wait()
		turn, err = s.open()
		s.refuses(turn, err, fault.Unavailable)
	})
}

func TestWhatTheEngineIsTold(t *testing.T) {
	var got enforce.Request
	decide := func(_ context.Context, r enforce.Request, _ enforce.Prompter) enforce.Decision {
		got = r
		return enforce.Decision{Reason: enforce.DuoDenied}
	}
	inBubble(t, decide, func(s *site) {
		t := s.t
		in, err := s.svms.Schema().ReadBody([]byte(`{"name":"svm1"}`), record.Create)
		if err != nil {
			t.Fatal(err)
		}
		created, err := s.svms.Create(t.Context(), s.admin, in)
		if err != nil {
			t.Fatal(err)
		}
		made, err := s.accounts.Schema().ReadBody([]byte(
			`{"name":"alice","owner":"svm1","groups":["ours"],"applications":[{"application":"ssh","authentication_methods":["publickey"]}]}`), record.Create)
		if err == nil {
			_, err = s.accounts.Create(t.Context(), s.admin, made)
		}
		if err != nil {
			t.Fatal(err)
		}
		svm1 := svm.Owner{UUID: created.Record.UUID, Name: "svm1"}
		own := svm.Caller{Name: "host2", Owner: svm1, Scope: svm.Within(svm1.UUID), Request: "r-3"}
		for _, tt := range []struct {
			name, body string
			caller     svm.Caller
			want       enforce.Request
		}{
			{
				"all there is to tell", `{"owner":"svm1","username":"bob","groups":["wheel"],"ipaddr":"2001:db8::7","hostname":"h","service":"sshd","command":"a\nb","interactive":false}`, s.host,
				enforce.Request{Owner: svm1, User: "bob", Groups: []string{"wheel"}, From: "2001:db8::7", Hostname: "h", Service: "sshd", Command: "a\nb", AskedBy: "host1"},
			},
			{
				"a known user's own groups count", `{"owner.uuid":"` + svm1.UUID + `","username":"alice","groups":["others"]}`, s.host,
				enforce.Request{Owner: svm1, User: "alice", Groups: []string{"ours"}, KeyOnly: true, Interactive: true, AskedBy: "host1"},
			},
			{
				"an SVM's service asks for its SVM", `{"username":"bob"}`, own,
				enforce.Request{Owner: svm1, User: "bob", Interactive: true, AskedBy: "host2", ID: "r-3"},
			},
			{
				"the cluster's service asks for the cluster", `{"username":"alice"}`, s.host,
				enforce.Request{Owner: s.cluster.Owner(), User: "alice", Interactive: true, AskedBy: "host1"},
			},
		} {
			turn, err := s.openAs(tt.caller, tt.body)
			s.tells(turn, err, "{state=done decision={allow=false reason=denied}}")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
		for name, refused := range map[string]struct {
			body   string
			caller svm.Caller
			want   fault.Code
		}{
			"no user":              {`{}`, s.host, fault.MissingField},
			"an SVM out of scope":  {`{"username":"bob","owner":"lab-a"}`, own, fault.NoSuchOwner},
			"an SVM not there":     {`{"username":"bob","owner":"svm9"}`, s.host, fault.NoSuchOwner},
			"escapes in a name":    {`{"username":"\u001b[2J"}`, s.host, fault.BadReason},
			"escapes in a service": {`{"username":"bob","service":"\u009b2J"}`, s.host, fault.BadReason},
			"a field of no use":    {`{"username":"bob","fail_mode":"safe"}`, s.host, fault.UnknownField},
		} {
			if turn, err := s.openAs(refused.caller, refused.body); !fault.Is(err, refused.want) {
				t.Errorf("%s: got %+v, %v", name, turn, err)
			}
		}
	})
}

func TestManyLoginsAtOnce(t *testing.T) {
	decide := func(ctx context.Context, r enforce.Request, p enforce.Prompter) enforce.Decision {
		for range 3 {
			time.Sleep(time.Second) //nolint:forbidigo // on the bubble's clock
			_ = p.Tell(ctx, r.User)
		}
		return approved()
	}
	inBubble(t, decide, func(s *site) {
		t := s.t
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				user := fmt.Sprint("user", i)
				turn, err := s.openAs(s.host, `{"username":"`+user+`"}`)
				var texts []string
				for err == nil {
					if texts = append(texts, turn.Texts...); turn.State == door.Done {
						break
					}
					turn, err = s.poll(turn.ID)
				}
				if want := []string{user, user, user}; err != nil || !cmp.Equal(texts, want) {
					t.Errorf("%s was told %v, %v", user, texts, err)
				}
			})
		}
		wg.Wait()
	})
}
