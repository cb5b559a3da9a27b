package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A sim is a running "duoplane sim" whose phones say yes at once.
type sim struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan error
	told  struct {
		URL     string `json:"sim_url"`
		CAFile  string `json:"sim_ca_file"`
		Control string `json:"sim_control_url"`
		IKey    string `json:"sim_integration_key"`
		SKey    string `json:"sim_secret_key"`
	}
}

// The one user, and a passcode that is good for ever.
const (
	userName = "alice"
	reusable = "123456"
	seed     = `
users:
  - name: ` + userName + `
    devices: [{number: +1 555 010 1234}]
    bypass_codes: [{code: "` + reusable + `", reusable: true}]
`
)

func startSim(ctx context.Context, dir, binary string) (*sim, error) {
	seedFile, ready := filepath.Join(dir, "seed.yaml"), filepath.Join(dir, "ready.json")
	if err := os.WriteFile(seedFile, []byte(seed), 0o600); err != nil {
		return nil, err
	}
	s := &sim{ended: make(chan error, 1)}
	// Ended by stop, not by ctx.
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), binary, "sim", "--auto-approve", "--seed", seedFile, //nolint:gosec // the user's own binary
		"--sim-listen", "127.0.0.1:0", "--sim-control-listen", "127.0.0.1:0", "--ready-file", ready)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.cmd.Wait() }()
	if err := s.await(ctx, ready); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// await reads the ready file as soon as it is there.
func (s *sim) await(ctx context.Context, ready string) error {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		text, err := os.ReadFile(ready) //nolint:gosec // a file this program named
		if err == nil {
			return json.Unmarshal(text, &s.told)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("the simulator ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the simulator is not ready: %w", ctx.Err())
		case <-look.C:
		}
	}
}

func (s *sim) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-s.ended:
		if err != nil {
			return fmt.Errorf("simulator: %w\n%s", err, s.out.Bytes())
		}
		return nil
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		return errors.New("the simulator did not stop")
	}
}

func (s *sim) addr() string { return strings.TrimPrefix(s.told.URL, "https://") }

// requests returns how many requests the journal has after a number, and the
// number of the last.
func (s *sim) requests(ctx context.Context, after int64) (n int, last int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.told.Control+"/api/journal?after="+strconv.FormatInt(after, 10), http.NoBody)
	if err != nil {
		return 0, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, 0, err
	}
	var entries []struct{ Number int64 }
	if err := json.Unmarshal(text, &entries); err != nil {
		return 0, 0, fmt.Errorf("journal: %w: %s", err, text)
	}
	last = after
	if len(entries) > 0 {
		last = entries[len(entries)-1].Number
	}
	return len(entries), last, nil
}
