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
	banner  func(text string) error
	asks    chan question
	decided chan enforce.Decision
}

// A question waits for its answer until the connection ends.
type question struct {
	prompt string
	answer chan<- secret.Text
}

// converse begins a conversation. It ends with ctx at the latest, and then
// decided holds the decision.
func converse(ctx context.Context, cfg *Config, r enforce.Request, banner func(string) error) *conversation {
	c := &conversation{banner: banner, asks: make(chan question), decided: make(chan enforce.Decision, 1)}
	go func() { c.decided <- cfg.Decide(ctx, r, c) }()
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
	case d := <-c.decided:
		return question{}, d, false
	}
}

var errNoAnswers = errors.New("the client answered another number of questions")

// put puts the question to the person: its last line is the prompt, what
// stands before it the instruction. What is typed is shown, as Duo's own
// clients show it: a passcode is good once.
func (q question) put(challenge ssh.KeyboardInteractiveChallenge) error {
	instruction, prompt := "", q.prompt
	if i := strings.LastIndexByte(q.prompt, '\n'); i >= 0 {
		instruction, prompt = q.prompt[:i], q.prompt[i+1:]
	}
	answers, err := challenge("", wireText(instruction), []string{prompt}, []bool{true})
	if err != nil {
		return err
	}
	if len(answers) != 1 {
		return errNoAnswers
	}
	q.answer <- secret.NewText(answers[0])
	return nil
}

// wireText is a text with the line ends that SSH wants.
func wireText(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}
