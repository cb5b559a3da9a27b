package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
)

// sshMain is as much of OpenSSH's ssh as the scenarios use, so that the same
// scenarios run with that one too.
func sshMain() {
	c, err := parseSSH(os.Args[1:])
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "ssh:", err)
		os.Exit(sshFailed)
	}
	os.Exit(c.run())
}

// sshFailed is what ssh exits with when there was no session.
const sshFailed = 255

// An sshCall is one call of ssh.
type sshCall struct {
	user, host, port string
	command          []string
	keys             []string
	from             string
	tty              bool
	quiet            bool
	methods          []string // in order; empty: as OpenSSH
	prompts          int
	conn             *endedConn
}

// An endedConn knows when the server has hung up. x/crypto's client goes on to
// the next method then; OpenSSH does not.
type endedConn struct {
	net.Conn

	ended atomic.Bool
}

func (c *endedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.ended.Store(true)
	}
	return n, err
}

func parseSSH(args []string) (*sshCall, error) {
	c := &sshCall{prompts: 3}
	fs := flag.NewFlagSet("ssh", flag.ContinueOnError)
	fs.StringVar(&c.port, "p", "22", "port")
	fs.StringVar(&c.user, "l", "", "user")
	fs.StringVar(&c.from, "b", "", "address to come from")
	fs.BoolVar(&c.tty, "tt", false, "a terminal, whatever stdin is")
	fs.BoolVar(&c.quiet, "q", false, "say nothing")
	fs.Func("i", "file of a key", func(file string) error { c.keys = append(c.keys, file); return nil })
	fs.Func("o", "option", c.option)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() == 0 {
		return nil, errors.New("no destination")
	}
	c.host, c.command = fs.Arg(0), fs.Args()[1:]
	if i := strings.LastIndexByte(c.host, '@'); i >= 0 {
		c.user, c.host = c.host[:i], c.host[i+1:]
	}
	return c, nil
}

func (c *sshCall) option(given string) error {
	name, value, _ := strings.Cut(given, "=")
	switch name {
	case "PreferredAuthentications":
		c.methods = strings.Split(value, ",")
	case "NumberOfPasswordPrompts":
		_, err := fmt.Sscan(value, &c.prompts)
		return err
	default:
		return fmt.Errorf("option %s is not known here", name)
	}
	return nil
}

// run logs in and runs what was asked for; the result is the exit status.
func (c *sshCall) run() int {
	auth, err := c.auth()
	if err != nil {
		return c.fail(err)
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.from)}}
	dialled, err := dialer.DialContext(context.Background(), "tcp", net.JoinHostPort(c.host, c.port))
	if err != nil {
		return c.fail(err)
	}
	c.conn = &endedConn{Conn: dialled}
	client, channels, requests, err := ssh.NewClientConn(c.conn, c.host, &ssh.ClientConfig{
		User: c.user, Auth: auth, BannerCallback: func(text string) error { c.say(text); return nil },
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		return c.fail(err)
	}
	conn := ssh.NewClient(client, channels, requests)
	defer conn.Close() //nolint:errcheck // all is done
	s, err := conn.NewSession()
	if err != nil {
		return c.fail(err)
	}
	err = c.session(s)
	if exit, ok := errors.AsType[*ssh.ExitError](err); ok {
		return exit.ExitStatus()
	}
	if err != nil {
		return c.fail(err)
	}
	return 0
}

func (c *sshCall) session(s *ssh.Session) error {
	s.Stdout, s.Stderr = os.Stdout, os.Stderr
	if c.tty {
		if err := s.RequestPty(os.Getenv("TERM"), 0, 0, ssh.TerminalModes{}); err != nil {
			return err
		}
	}
	in, err := s.StdinPipe()
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(in, os.Stdin) // the session may be over first
		_ = in.Close()
	}()
	if len(c.command) == 0 {
		if err := s.Shell(); err != nil {
			return err
		}
		return s.Wait()
	}
	return s.Run(strings.Join(c.command, " "))
}

// say shows what is no output.
func (c *sshCall) say(text string) {
	if !c.quiet {
		_, _ = io.WriteString(os.Stderr, text)
	}
}

func (c *sshCall) fail(err error) int {
	c.say(fmt.Sprintf("%s@%s: %v\r\n", c.user, c.host, err))
	return sshFailed
}

// auth returns the methods in the order asked for. A key comes first, as with
// OpenSSH.
func (c *sshCall) auth() ([]ssh.AuthMethod, error) {
	methods := map[string]ssh.AuthMethod{
		"password": ssh.RetryableAuthMethod(ssh.PasswordCallback(func() (string, error) {
			return c.ask(fmt.Sprintf("%s@%s's password: ", c.user, c.host))
		}), c.prompts),
		"keyboard-interactive": ssh.RetryableAuthMethod(ssh.KeyboardInteractive(c.interactive), c.prompts),
	}
	if len(c.keys) > 0 {
		signers := make([]ssh.Signer, len(c.keys))
		for i, file := range c.keys {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			if signers[i], err = ssh.ParsePrivateKey(text); err != nil {
				return nil, err
			}
		}
		methods["publickey"] = ssh.PublicKeys(signers...)
	}
	order := c.methods
	if len(order) == 0 {
		order = []string{"publickey", "keyboard-interactive", "password"}
	}
	order = slices.DeleteFunc(slices.Clone(order), func(name string) bool { return methods[name] == nil })
	auth := make([]ssh.AuthMethod, len(order))
	for i, name := range order {
		auth[i] = methods[name]
	}
	return auth, nil
}

func (c *sshCall) interactive(_, instruction string, questions []string, _ []bool) ([]string, error) {
	if instruction != "" {
		c.say(instruction + "\r\n")
	}
	answers := make([]string, len(questions))
	for i, q := range questions {
		var err error
		if answers[i], err = c.ask(fmt.Sprintf("(%s@%s) %s", c.user, c.host, q)); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// ask gets an answer where OpenSSH gets it when SSH_ASKPASS_REQUIRE is force:
// from askpass.
func (c *sshCall) ask(prompt string) (string, error) {
	if c.conn.ended.Load() {
		return "", net.ErrClosed
	}
	return nextAnswer(prompt)
}

// askpassMain is the program of SSH_ASKPASS: it knows the answers of a
// scenario.
func askpassMain() {
	answer, err := nextAnswer(strings.Join(os.Args[1:], " "))
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "askpass:", err)
		os.Exit(1)
	}
	_, _ = fmt.Println(answer) //nolint:forbidigo // it is what the program is for
}

// Environment variables of askpass: the file of answers, one a line, and that
// of prompts, which grows.
const (
	answersVariable = "ANSWERS"
	askedVariable   = "ASKED"
)

// nextAnswer takes the first answer away from the file and notes the prompt.
func nextAnswer(prompt string) (string, error) {
	asked, err := os.OpenFile(os.Getenv(askedVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintln(asked, prompt)
	if err := cmp.Or(err, asked.Close()); err != nil {
		return "", err
	}
	file := os.Getenv(answersVariable)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	answer, rest, ok := strings.Cut(string(text), "\n")
	if !ok {
		return "", fmt.Errorf("no answer to %q", prompt)
	}
	return answer, os.WriteFile(file, []byte(rest), 0o600)
}
