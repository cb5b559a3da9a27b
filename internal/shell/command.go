package shell

import (
	"context"
	"fmt"
	"strings"

	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Command is a verb of its own.
type Command struct {
	// Name is the whole command ("security login duo test"), Doc its line of
	// help.
	Name, Doc string
	// The role must allow the method on the path, which is below /api and has
	// no key in it ("/security/accounts"). Without a path everyone may run it.
	Method, Path string
	Params       []Param
	// Run does the work. A *fault.Error is shown to the user.
	Run func(ctx context.Context, c *Call) error
}

func (c Command) mount(t *tree) error {
	cmd := &command{words: strings.Fields(c.Name), doc: c.Doc, method: c.Method, path: c.Path, run: c.Run}
	for _, p := range c.Params {
		cmd.params = append(cmd.params, &p)
	}
	return t.add(cmd)
}

// A Call is one run of a command.
type Call struct {
	// Caller is who asks.
	Caller svm.Caller

	session *Session
	args    args
}

// Given reports whether a parameter was given.
func (c *Call) Given(name string) bool { return c.args.find(name) != nil }

// Text returns the value of a parameter, "" when it was not given or cleared.
func (c *Call) Text(name string) string {
	g := c.args.find(name)
	if g == nil || g.value.is("-") {
		return ""
	}
	return g.value.text()
}

// Line prints one line. Control characters in it are made harmless.
func (c *Call) Line(format string, a ...any) { c.session.out.line(fmt.Sprintf(format, a...)) }

// Pairs prints labels and values, the labels aligned at their colons.
func (c *Call) Pairs(pairs ...[2]string) { printPairs(c.session.out, pairs) }

// Stopped reports whether the user has had enough of a long output.
func (c *Call) Stopped() bool { return c.session.out.stopped() }

// Confirm shows a warning and asks whether to go on. Without a terminal, and
// after "set -confirmations off", nobody is asked and the answer is yes.
func (c *Call) Confirm(warning string) (bool, error) { return c.session.confirm(warning) }

// Ask asks for a secret without echo.
func (c *Call) Ask(question string) (secret.Text, error) { return c.session.askSecret(question) }

// NewSecret asks for a secret twice and returns it when both are equal.
func (c *Call) NewSecret(first, again string) (secret.Text, error) {
	one, err := c.session.askSecret(first)
	if err != nil {
		return secret.Text{}, err
	}
	two, err := c.session.askSecret(again)
	switch {
	case err != nil:
		return secret.Text{}, err
	case !one.Equal(two):
		return secret.Text{}, usagef("the two entries do not match")
	}
	return one, nil
}
