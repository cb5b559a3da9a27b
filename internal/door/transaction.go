package door

import (
	"context"
	"sync"
	"time"

	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/secret"
)

// A State is where a transaction stands.
type State string

// The states.
const (
	Running State = "running" // Duo is at work, or the person with the telephone
	Asking  State = "asking"  // the person at the terminal is asked
	Done    State = "done"    // it is decided
)

// A transaction is one login under way, and the prompter through which the
// engine speaks to the person. All that its turns tell is guarded by mu.
type transaction struct {
	id, account string
	cancel      context.CancelFunc // of the decision
	idle        *time.Timer        // ends the transaction; stopped while somebody polls

	mu       sync.Mutex
	pollers  int
	retired  bool // it is found no more, so it need not be ended
	state    State
	texts    []string // not told yet
	prompt   string
	answers  chan secret.Text // of the question being asked
	decision enforce.Decision
	news     bool          // something is not told yet
	changed  chan struct{} // closed and replaced with every piece of news
}

// Tell implements enforce.Prompter.
func (t *transaction) Tell(ctx context.Context, text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.texts = append(t.texts, text)
	t.announce()
	return ctx.Err()
}

// Ask implements enforce.Prompter.
func (t *transaction) Ask(ctx context.Context, prompt string) (secret.Text, error) {
	answers := make(chan secret.Text, 1)
	t.mu.Lock()
	t.state, t.prompt, t.answers = Asking, prompt, answers
	t.announce()
	t.mu.Unlock()
	select {
	case a := <-answers:
		return a, nil
	case <-ctx.Done():
		return secret.Text{}, ctx.Err()
	}
}

// answer hands over an answer; false when none is waited for. Once it is
// decided every answer is late and no mistake.
func (t *transaction) answer(a secret.Text) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.state {
	case Asking:
		t.answers <- a // has room for the one there is
		t.state, t.prompt, t.answers = Running, "", nil
		return true
	case Done:
		return true
	default:
		return false
	}
}

func (t *transaction) end(d enforce.Decision) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state, t.prompt, t.answers, t.decision = Done, "", nil, d
	t.announce()
}

// announce wakes who waits. The caller holds mu.
func (t *transaction) announce() {
	t.news = true
	close(t.changed)
	t.changed = make(chan struct{})
}

// next waits for news, at most Hold. It is ctx's error when who asked is gone.
func (t *transaction) next(ctx context.Context) (*Turn, error) {
	hold := time.NewTimer(Hold)
	defer hold.Stop()
	for {
		t.mu.Lock()
		if t.news {
			defer t.mu.Unlock()
			return t.turn(), nil
		}
		changed := t.changed
		t.mu.Unlock()
		select {
		case <-changed:
		case <-hold.C:
			t.mu.Lock()
			defer t.mu.Unlock()
			return t.turn(), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// turn tells how it stands, and what was not told yet. The caller holds mu.
func (t *transaction) turn() *Turn {
	turn := &Turn{ID: t.id, State: t.state, Texts: t.texts, Prompt: t.prompt, Decision: t.decision}
	t.texts, t.news = nil, false
	return turn
}

// enter and leave bracket a poll.
func (t *transaction) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pollers++
	t.idle.Stop()
}

func (t *transaction) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pollers--; t.pollers == 0 && !t.retired {
		t.idle.Reset(Patience)
	}
}

func (t *transaction) retire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retired = true
	t.idle.Stop()
}
