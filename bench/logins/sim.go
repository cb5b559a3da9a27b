package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A sim is a running "duoplane sim" whose phones say yes at once.
type sim struct {
	*child
	told struct {
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
	seedFile := filepath.Join(dir, "seed.yaml")
	if err := os.WriteFile(seedFile, []byte(seed), 0o600); err != nil {
		return nil, err
	}
	s := new(sim)
	var err error
	s.child, err = startChild(ctx, &s.told, filepath.Join(dir, "sim.json"), nil,
		binary, "sim", "--auto-approve", "--seed", seedFile, "--sim-listen", "127.0.0.1:0", "--sim-control-listen", "127.0.0.1:0")
	return s, err
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
