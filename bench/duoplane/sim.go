// Package duoplane starts the product's own processes for the measurements:
// the simulator of Duo's service, and servers.
package duoplane

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

	"github.com/duoplane/duoplane/bench/process"
)

// A Sim is a running "duoplane sim" whose telephones say yes at once.
type Sim struct {
	*process.Process
	URL     string `json:"sim_url"`
	CAFile  string `json:"sim_ca_file"`
	Control string `json:"sim_control_url"`
	IKey    string `json:"sim_integration_key"`
	SKey    string `json:"sim_secret_key"`
}

// StartSim starts a simulator that knows a seed, "" for its sample users. It
// keeps its files in dir.
func StartSim(ctx context.Context, binary, dir, seed string) (*Sim, error) {
	s := new(Sim)
	c := process.Command{
		Program: binary, Ready: filepath.Join(dir, "sim.json"),
		Args: []string{"sim", "--auto-approve", "--sim-listen", "127.0.0.1:0", "--sim-control-listen", "127.0.0.1:0"},
	}
	if seed != "" {
		file := filepath.Join(dir, "seed.yaml")
		if err := os.WriteFile(file, []byte(seed), 0o600); err != nil {
			return nil, err
		}
		c.Args = append(c.Args, "--seed", file)
	}
	c.Args = append(c.Args, "--ready-file", c.Ready)
	var err error
	s.Process, err = process.Start(ctx, c, s)
	return s, err
}

// Addr returns the service's host and port.
func (s *Sim) Addr() string { return strings.TrimPrefix(s.URL, "https://") }

// PushPath is where Duo is asked for a push, or to try a passcode.
const PushPath = "/auth/v2/auth"

// Requests returns how many requests of Duo's API came after a number of the
// journal, of one path or with "" of all, and the number of the last.
func (s *Sim) Requests(ctx context.Context, after int64, path string) (n int, last int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Control+"/api/journal?after="+strconv.FormatInt(after, 10), http.NoBody)
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
	var entries []struct {
		Number int64
		Path   string
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		return 0, 0, fmt.Errorf("journal: %w: %s", err, text)
	}
	last = after
	if len(entries) > 0 {
		last = entries[len(entries)-1].Number
	}
	for _, e := range entries {
		if path == "" || e.Path == path {
			n++
		}
	}
	return n, last, nil
}
