package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
	"github.com/duoplane/duoplane/bench/seed"
)

const seedCommand = "seed"

// stock returns a data directory with n owners, kept for all measurements of
// the run, that no server uses at the moment.
func stock(ctx context.Context, env *harness.Env, n int) (string, error) {
	dir := filepath.Join(env.Common, fmt.Sprintf("owners-%d", n))
	filled := dir + ".filled"
	if _, err := os.Stat(filled); err == nil {
		return dir, nil
	}
	env.Say("      making %d owners", n)
	if err := os.RemoveAll(dir); err != nil { // of a measurement that was cut off
		return "", err
	}
	founder, err := duoplane.Serve(ctx, env.Binary, dir)
	if err != nil {
		return "", err
	}
	if err := founder.Stop(); err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	fill := exec.CommandContext(ctx, self, seedCommand, dir, strconv.Itoa(n)) //nolint:gosec // this program
	if out, err := fill.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make %d owners: %w\n%s", n, err, out)
	}
	return dir, os.WriteFile(filled, nil, 0o600)
}

// fillStock is the process that fills a data directory: a million owners are
// no burden to those who measure.
func fillStock(ctx context.Context, args []string, _ io.Reader, _ io.Writer) error {
	if len(args) != 2 {
		return errors.New("seed takes a data directory and a number")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return seed.Fill(ctx, args[0], n)
}

// ownersName is the side of so many owners.
func ownersName(n int) string {
	switch n {
	case 0:
		return "no owners"
	case 1_000_000:
		return "1,000,000 owners"
	}
	return fmt.Sprintf("%d,000 owners", n/1000)
}
