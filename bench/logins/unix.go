package logins

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/duoplane/duoplane/bench/duoplane"
)

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

const (
	loginDuo   = "/usr/sbin/login_duo"
	clientAddr = "203.0.113.5"
)

// A unixSide is Debian's login_duo.
type unixSide struct{ conf string }

// newUnixSide writes login_duo's configuration: fail mode secure, passcodes
// from the environment.
func newUnixSide(dir, port string, s *duoplane.Sim) (*unixSide, error) {
	u := &unixSide{conf: filepath.Join(dir, "login_duo."+port)}
	text := fmt.Sprintf("[duo]\nfailmode = secure\nhost = localhost:%s\nikey = %s\nskey = %s\ncafile = %s\npushinfo = yes\naccept_env_factor = yes\n",
		port, s.IKey, s.SKey, s.CAFile)
	return u, os.WriteFile(u.conf, []byte(text), 0o600)
}

// login is one login without a terminal, from the start of the process to its
// end.
func (u *unixSide) login(ctx context.Context, k kind) (wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, loginDuo, "-d", "-c", u.conf, "-f", userName, "-h", clientAddr, "true") //nolint:gosec // Debian's
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/root"}
	if k == passcode {
		cmd.Env = append(cmd.Env, "DUO_PASSCODE="+reusable)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("login_duo, as root, from Debian's login-duo: %w\n%s", err, log.String())
	}
	wall = time.Since(began)
	if !strings.Contains(log.String(), "Successful Duo login for '"+userName+"'") {
		return 0, 0, fmt.Errorf("login_duo did not ask Duo: %s", log.String())
	}
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
