package main

import (
	"context"
	"errors"
	"fmt"
)

// A conversation is one login between the server and the person.
type conversation struct {
	client *loginClient
	person *person // nil when there is nobody to speak to
}

// run goes on until the server has decided.
func (c *conversation) run(ctx context.Context, v visit) (loginDecision, error) {
	t, err := c.client.open(ctx, v)
	for err == nil {
		if c.person != nil {
			c.person.tell(t.Texts)
		}
		switch t.State {
		case "done":
			return t.Decision, nil
		case "running":
			t, err = c.client.poll(ctx, t.UUID)
		case "asking":
			t, err = c.ask(ctx, t)
		default:
			err = fmt.Errorf("%s is in a state nobody knows", c.client.cfg.endpoint.Host)
		}
	}
	return loginDecision{}, err
}

// ask has the person answer, and keeps the login open meanwhile.
func (c *conversation) ask(ctx context.Context, t *turn) (*turn, error) {
	if c.person == nil {
		return nil, errors.New("the server asks a question, and there is nobody to answer")
	}
	c.person.ask(t.Prompt)
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // ends with the line, or with the process: a terminal cannot be told to stop
		line, err := c.person.readLine()
		answers <- answer{line, err}
	}()
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	news := c.watch(waiting, t.UUID)
	select {
	case a := <-answers:
		stop()
		<-news
		if a.err != nil {
			return nil, a.err
		}
		c.person.answered()
		return c.client.answer(ctx, t.UUID, a.line)
	case late := <-news:
		c.person.answered()
		return late.turn, late.err
	}
}

// A lateTurn is what became of a login while a question was open.
type lateTurn struct {
	turn *turn
	err  error
}

// watch polls until the question is no longer open, which then is told.
func (c *conversation) watch(ctx context.Context, uuid string) <-chan lateTurn {
	news := make(chan lateTurn, 1)
	go func() {
		for {
			t, err := c.client.poll(ctx, uuid)
			if err != nil || t.State != "asking" {
				news <- lateTurn{t, err}
				return
			}
		}
	}()
	return news
}
