package sshd

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/secret"
)

// A conversation is the second factor of one login. It runs in a goroutine of
// its own, since it goes on from one authentication request to the next. It is
// a Prompter: what it tells becomes a banner at once, what it asks waits for a
// keyboard-interactive request.
type conversation struct {
	banner   func(text string) error
	asks     chan question
	decided  chan struct{} // closed behind decision
	decision enforce.Decision
}

// A question waits for its answer until the connection ends. The answer does
// not block.
type question struct {
	prompt string
	answer chan<- secret.Text
}

// converse begins a conversation. It ends with ctx at the latest, and then
// there is a decision.
func converse(ctx context.Context, cfg *Config, r enforce.Request, banner func(string) error) *conversation {
	c := &conversation{banner: banner, asks: make(chan question), decided: make(chan struct{})}
	go func() {
		defer close(c.decided)
		c.decision = cfg.Decide(ctx, r, c)
	}()
	return c
}

// Tell implements enforce.Prompter.
func (c *conversation) Tell(ctx context.Context, text string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.banner(wireText(text) + "\r\n")
}

// Ask implements enforce.Prompter.
func (c *conversation) Ask(ctx context.Context, prompt string) (secret.Text, error) {
	answer := make(chan secret.Text, 1)
	select {
	case c.asks <- question{prompt, answer}:
	case <-ctx.Done():
		return secret.Text{}, ctx.Err()
	}
	select {
	case text := <-answer:
		return text, nil
	case <-ctx.Done():
		return secret.Text{}, ctx.Err()
	}
}

// next waits until there is a question or a decision.
func (c *conversation) next() (q question, d enforce.Decision, asked bool) {
	select {
	case q := <-c.asks:
		return q, enforce.Decision{}, true
	case <-c.decided:
		return question{}, c.decision, false
	}
}

// whenDecided calls f with the decision if it comes before the function returned
// is called. That one waits for f.
func (c *conversation) whenDecided(f func(enforce.Decision)) (stop func()) {
	stopped, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-c.decided:
			f(c.decision)
		case <-stopped:
		}
	}()
	return func() {
		close(stopped)
		<-over
	}
}

var errNoAnswers = errors.New("the client answered another number of questions")

// put puts the question to the person and returns what they say: its last line
// is the prompt, what stands before it the instruction. What is typed is shown,
// as Duo's own clients show it: a passcode is good once.
func (q question) put(challenge ssh.KeyboardInteractiveChallenge) (secret.Text, error) {
	instruction, prompt := "", q.prompt
	if i := strings.LastIndexByte(q.prompt, '\n'); i >= 0 {
		instruction, prompt = q.prompt[:i], q.prompt[i+1:]
	}
	answers, err := challenge("", wireText(instruction), []string{prompt}, []bool{true})
	if err != nil {
		return secret.Text{}, err
	}
	if len(answers) != 1 {
		return secret.Text{}, errNoAnswers
	}
	return secret.NewText(answers[0]), nil
}

// wireText is a text with the line ends that SSH wants.
func wireText(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}
