package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// A child is a running duoplane that has told where it listens.
type child struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan error
}

// startChild starts a program with a ready file and reads that into told. env
// is added to this program's own.
func startChild(ctx context.Context, told any, ready string, env []string, program string, args ...string) (*child, error) {
	c := &child{ended: make(chan error, 1)}
	args = append(args, "--ready-file", ready)
	// Ended by stop, not by ctx.
	c.cmd = exec.CommandContext(context.WithoutCancel(ctx), program, args...) //nolint:gosec // the user's own binary
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { c.ended <- c.cmd.Wait() }()
	if err := c.await(ctx, ready, told); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// await reads the ready file as soon as it is there.
func (c *child) await(ctx context.Context, ready string, told any) error {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		text, err := os.ReadFile(ready) //nolint:gosec // a file this program named
		if err == nil {
			return json.Unmarshal(text, told)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		select {
		case err := <-c.ended:
			c.ended <- err
			return fmt.Errorf("%s ended before it was ready: %w", c.cmd.Args[1], err)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", c.cmd.Args[1], ctx.Err())
		case <-look.C:
		}
	}
}

func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-c.ended:
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", c.cmd.Args[1], err, c.out.Bytes())
		}
		return nil
	case <-time.After(30 * time.Second):
		_ = c.cmd.Process.Kill()
		return fmt.Errorf("%s did not stop", c.cmd.Args[1])
	}
}
