package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// loginOptions are those of duoplane login. None of them is taken from the
// environment or a file of options: both may be the user's, and an endpoint of
// the user's choosing would say yes to everything.
type loginOptions struct {
	Config  string   `sealed:"" default:"/etc/duoplane/login.yaml" placeholder:"FILE" help:"File with endpoint, ca_file, token and, if need be, owner; readable by its owner alone. Default: ${default}."`
	User    string   `sealed:"" name:"user" short:"f" placeholder:"NAME" help:"Ask for this user instead of the one who logs in. For root alone."`
	Host    string   `sealed:"" name:"host" placeholder:"ADDRESS" help:"Address of the client where SSH_CONNECTION does not tell it; also -h. For root alone."`
	Command []string `arg:"" optional:"" passthrough:"partial" help:"Command to run in place of the login shell."`
}

// faults implements command. What is wrong shows when it is needed: whatever it
// is, the door stays closed.
func (*loginOptions) faults() []error { return nil }

// errRefused ends a login that was refused and has nothing more to say.
var errRefused = silent{errors.New("the login is refused")}

// A silent error is an exit code and no line.
type silent struct{ error }

// loginTime bounds a login, a little beyond what the server takes.
const loginTime = 90 * time.Second

// run takes the user through the second factor and becomes their shell.
func (o *loginOptions) run(ctx context.Context, env environ) error {
	if err := o.allowed(); err != nil {
		return err
	}
	cfg, err := readLoginConfig(o.Config)
	if err != nil {
		return err
	}
	// From here on the token is in memory alone, and this process may do
	// nothing that its user may not.
	if err := dropPrivileges(); err != nil {
		return err
	}
	me, err := o.whoAmI(ctx, env)
	if err != nil {
		return err
	}
	talk := conversation{client: newLoginClient(cfg)}
	if me.visit.Interactive {
		talk.person = &person{in: os.Stdin, out: env.stdout}
	}
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	decision, err := talk.run(ctx, me.visit)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return errors.New("the login was given up")
	case ctx.Err() != nil:
		return errors.New("the login took too long")
	case err != nil:
		return err
	case decision.Allow:
		return me.become()
	case talk.person == nil:
		return errRefused
	}
	return fmt.Errorf("the login is refused (%s)", printableLine(decision.Reason))
}

// allowed refuses options that are not the user's to give.
func (o *loginOptions) allowed() error {
	if os.Getuid() != 0 && (o.User != "" || o.Host != "" || privileged() && o.Config != defaultLoginConfig) {
		return errors.New("only root may name another user, address or configuration")
	}
	return nil
}

// A loginCaller is the user of this process and what they want.
type loginCaller struct {
	passwd
	visit   visit
	command string // "" for a login shell
}

// whoAmI finds out who logs in, from where and what for.
func (o *loginOptions) whoAmI(ctx context.Context, env environ) (*loginCaller, error) {
	user, err := lookupUser(ctx, os.Getuid())
	if err != nil {
		return nil, err
	}
	groups, err := groupNames()
	if err != nil {
		return nil, err
	}
	me := &loginCaller{passwd: user, visit: visit{User: user.name, Groups: groups, From: o.Host, Service: "login"}}
	if o.User != "" {
		me.visit.User = o.User
	}
	if connection, ok := env.lookup("SSH_CONNECTION"); ok {
		me.visit.Service = "sshd"
		if from, _, _ := strings.Cut(connection, " "); from != "" {
			me.visit.From = from
		}
	}
	original, remote := env.lookup("SSH_ORIGINAL_COMMAND")
	if me.command = strings.Join(o.Command, " "); me.command == "" {
		me.command = original
	}
	me.visit.Command = shortCommand(me.command)
	me.visit.Interactive = !remote && term.IsTerminal(int(os.Stdin.Fd()))
	if me.visit.Hostname, err = os.Hostname(); err != nil {
		return nil, fmt.Errorf("find the name of this host: %w", err)
	}
	return me, nil
}

// shortCommand is as much of a command as the server takes.
func shortCommand(command string) string {
	const limit = 4096
	if len(command) > limit {
		command = command[:limit]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(command, "?"), "\x00", "?")
}

// A person is who sits at the terminal.
type person struct {
	in    io.Reader
	out   io.Writer
	spoke bool // something was shown
}

// tell shows texts, each on lines of its own.
func (p *person) tell(texts []string) {
	for _, text := range texts {
		p.spoke = true
		_, _ = fmt.Fprintln(p.out, text) // a terminal that is gone shows when it is read
	}
}

// ask shows a prompt. What follows a text stands apart from it.
func (p *person) ask(prompt string) {
	if p.spoke {
		_, _ = fmt.Fprintln(p.out)
	}
	p.spoke = true
	_, _ = fmt.Fprint(p.out, prompt)
}

// answered ends the prompt's line as a terminal shows it.
func (p *person) answered() { _, _ = fmt.Fprintln(p.out) }

// readLine reads one line and nothing of the next, which is the shell's. What
// is too long for any answer is cut.
func (p *person) readLine() (string, error) {
	const limit = 255
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := p.in.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return strings.ToValidUTF8(strings.TrimSuffix(string(line), "\r"), "?"), nil
		case n == 1 && len(line) < limit:
			line = append(line, one[0])
		case err != nil:
			return "", fmt.Errorf("read the answer: %w", err)
		}
	}
}
