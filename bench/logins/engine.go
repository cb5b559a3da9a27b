package logins

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// EngineCommand is the argument that makes the program the engine's process.
const EngineCommand = "login-engine"

// An errand is what the engine's process is told first: whom to ask.
type errand struct {
	Host, IKey, SKey, CAFile string
}

// An outcome is one login as the engine's process saw it.
type outcome struct {
	Wall, CPU time.Duration
	Problem   string // "" when Duo said yes
}

// ServeEngine is the engine's process: an errand on its input, then the kind
// of a login a line, each answered with its outcome.
func ServeEngine(ctx context.Context, _ []string, in io.Reader, out io.Writer) error {
	lines, answer := bufio.NewScanner(in), json.NewEncoder(out)
	var e errand
	if !lines.Scan() {
		return errors.New("no errand")
	}
	if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
		return err
	}
	engine, done, err := newEngine(&e)
	if err != nil {
		return err
	}
	defer done()
	for lines.Scan() {
		if err := answer.Encode(login(ctx, engine, kind(lines.Text()))); err != nil {
			return err
		}
	}
	return lines.Err()
}

// newEngine is an engine as the server has it, but for the store and the audit
// log: one profile, fail mode secure.
func newEngine(e *errand) (engine *enforce.Engine, done func(), err error) {
	pem, err := os.ReadFile(e.CAFile)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, nil, fmt.Errorf("%s holds no certificate", e.CAFile)
	}
	keys, err := seal.InMemory()
	if err != nil {
		return nil, nil, err
	}
	profile := &duo.Profile{
		Owner: svm.Owner{UUID: "bench", Name: "bench"}, APIHost: e.Host, IntegrationKey: e.IKey,
		Enabled: true, PushInfo: true, FailMode: duo.Secure, MaxPrompts: 1,
	}
	if profile.SecretKey, err = keys.Seal(duo.SecretKeyPlace(profile), secret.Fresh(secret.NewText(e.SKey))); err != nil {
		return nil, nil, err
	}
	links := duolink.New(duolink.Config{Secrets: keys, RootCAs: roots, UserAgent: "duoplane-bench"})
	return enforce.New(enforce.Config{
		Rule: func(context.Context, duo.Login) (duo.Ruling, error) {
			return duo.Ruling{Asked: true, Reason: duo.Everybody, Profile: profile}, nil
		},
		Connect: func(p *duo.Profile) (enforce.Client, error) { return links.Client(p) },
		Reached: links.Reached,
		Recent:  links.Recent,
		Record:  func(context.Context, enforce.Request, enforce.Decision) error { return nil },
	}), links.Close, nil
}

// A typist answers every prompt with the passcode that is good for ever.
type typist struct{}

func (typist) Tell(context.Context, string) error { return nil }

func (typist) Ask(context.Context, string) (secret.Text, error) {
	return secret.NewText(reusable), nil
}

// login is one login, timed. A push is one without a terminal, as login_duo's
// is.
func login(ctx context.Context, engine *enforce.Engine, k kind) outcome {
	r := enforce.Request{
		Owner: svm.Owner{UUID: "bench", Name: "bench"}, User: userName,
		From: clientAddr, Service: "ssh", Command: "true", Interactive: k == passcode,
	}
	began, spent := time.Now(), cpuTime()
	d := engine.Decide(ctx, r, typist{})
	o := outcome{Wall: time.Since(began), CPU: cpuTime() - spent}
	if !d.Allow || d.FailOpen || d.Reason != enforce.Approved {
		o.Problem = fmt.Sprintf("let in: %v, %s: %s", d.Allow, d.Reason, d.Message)
	}
	return o
}

// cpuTime is what this process has used of the processor.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the arguments are constants
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// An engineSide is the engine's process as the measurement uses it.
type engineSide struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func startEngine(ctx context.Context, e *errand) (*engineSide, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &engineSide{cmd: exec.CommandContext(ctx, self, EngineCommand)} //nolint:gosec // this program
	s.cmd.Stderr = os.Stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.lines = bufio.NewScanner(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, json.NewEncoder(s.in).Encode(e)
}

func (s *engineSide) stop() error { return errors.Join(s.in.Close(), s.cmd.Wait()) }

func (s *engineSide) login(_ context.Context, k kind) (wall, cpu time.Duration, err error) {
	if _, err := fmt.Fprintln(s.in, k); err != nil {
		return 0, 0, err
	}
	var o outcome
	if !s.lines.Scan() {
		return 0, 0, errors.Join(errors.New("the engine's process ended"), s.lines.Err())
	}
	if err := json.Unmarshal(s.lines.Bytes(), &o); err != nil {
		return 0, 0, err
	}
	if o.Problem != "" {
		return 0, 0, errors.New(o.Problem)
	}
	return o.Wall, o.CPU, nil
}
