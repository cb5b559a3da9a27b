// Package process runs the servers that are measured, each as a process of its
// own that tells in a ready file where it listens.
package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	startTime = 2 * time.Minute // a million owners are read in it
	stopTime  = time.Minute
	look      = time.Millisecond // how often somebody looks whether it is ready
)

// A Command is what to start.
type Command struct {
	Program string
	Args    []string
	Env     []string // beside this program's own
	Stdin   []byte
	// Ready is the file, JSON, that the program writes once it can be used.
	Ready string
	// Probe asks a program that writes no such file; nil when it can be used.
	Probe func(ctx context.Context) error
}

// A Process is a running server.
type Process struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan error
	// Took is how long it was from the start to the ready file.
	Took time.Duration
}

// Start starts a program and waits until it is ready; what its ready file
// tells goes into told. It lives until Stop or Kill, whatever becomes of ctx.
func Start(ctx context.Context, c Command, told any) (*Process, error) {
	if c.Probe == nil {
		if err := os.Remove(c.Ready); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		c.Probe = func(context.Context) error { return readInto(c.Ready, told) }
	}
	p := &Process{ended: make(chan error, 1)}
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), c.Program, c.Args...) //nolint:gosec // the user's own binary, or this one
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stdin = bytes.NewReader(c.Stdin)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- p.cmd.Wait() }()
	err := p.await(ctx, c.Probe)
	p.Took = time.Since(began)
	if err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s: %w\n%s", p.name(), err, p.out.Bytes())
	}
	return p, nil
}

// readInto reads a ready file, which is there whole or not at all.
func readInto(file string, told any) error {
	text, err := os.ReadFile(file) //nolint:gosec // a file this program named
	if err != nil {
		return err
	}
	return json.Unmarshal(text, told)
}

// await asks until the program is ready.
func (p *Process) await(ctx context.Context, probe func(context.Context) error) error {
	again := time.NewTicker(look)
	defer again.Stop()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		notYet := probe(ctx)
		if notYet == nil {
			return nil
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w: %w", ctx.Err(), notYet)
		case <-again.C:
		}
	}
}

// Stop ends the process in order. A process that does not end well is an
// error with what it printed.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.ended:
		p.ended <- err
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", p.name(), err, p.out.Bytes())
		}
		return nil
	case <-time.After(stopTime):
		p.Kill()
		return fmt.Errorf("%s did not stop", p.name())
	}
}

// Kill ends the process as a loss of power would, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it fails only for one that has ended
	err := <-p.ended
	p.ended <- err
}

// ID returns the process's number.
func (p *Process) ID() int { return p.cmd.Process.Pid }

func (p *Process) name() string { return filepath.Base(p.cmd.Path) + " " + p.cmd.Args[1] }
