package logins

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
)

// A gateSide is "duoplane login" as ForceCommand would start it, asking a
// "duoplane serve" whose profile has Duo at the other end of the line.
type gateSide struct{ binary, conf string }

func startGate(ctx context.Context, env *harness.Env, port string, sim *duoplane.Sim) (*gateSide, error) {
	server, err := duoplane.Serve(ctx, env.Binary, filepath.Join(env.Dir, "gate"), "--duo-ca-file", sim.CAFile)
	if err != nil {
		return nil, err
	}
	env.Defer(server.Stop)
	for path, body := range map[string]string{
		duoplane.ProfilesPath: fmt.Sprintf(
			`{"api_host":"localhost:%s","integration_key":%q,"secret_key":%q,"fail_mode":"secure"}`, port, sim.IKey, sim.SKey),
		duoplane.AccountsPath: fmt.Sprintf(
			`{"name":"gate","role":"login","password":%q,"applications":[{"application":"http","authentication_methods":["password"]}]}`, duoplane.Password),
	} {
		if _, _, err := server.Do(ctx, http.MethodPost, path, body, http.StatusCreated); err != nil {
			return nil, err
		}
	}
	g := &gateSide{binary: env.Binary, conf: filepath.Join(env.Dir, "login.yaml")}
	text := fmt.Sprintf("endpoint: %s\nca_file: %s\ntoken: 'gate:%s'\n", server.APIURL, server.CAFile, duoplane.Password)
	return g, os.WriteFile(g.conf, []byte(text), 0o600)
}

// login is one login without a terminal, from the start of the process to the
// end of the user's shell.
func (g *gateSide) login(ctx context.Context, _ kind) (wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, g.binary, "login", "--config", g.conf, "--user", userName, "--host", clientAddr, "true") //nolint:gosec // the user's own binary
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/root"}
	var log bytes.Buffer
	cmd.Stderr = &log
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("duoplane login: %w\n%s", err, log.String())
	}
	wall = time.Since(began)
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
