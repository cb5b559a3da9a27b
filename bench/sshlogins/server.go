package sshlogins

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
)

// The simulator knows one person; more of the seed may follow.
const seed = `
users:
  - name: alice
    devices: [{number: +1 555 010 1234}]
`

const keysPath = "/api/private/cli/security/login/publickey"

func startSim(ctx context.Context, env *harness.Env, more string) (*duoplane.Sim, error) {
	sim, err := duoplane.StartSim(ctx, env.Binary, env.Dir, seed+more)
	if err == nil {
		env.Defer(sim.Stop)
	}
	return sim, err
}

// serve starts a server whose profile asks the simulator about members of a
// group, and makes the person's account in it and one that is in none.
func serve(ctx context.Context, env *harness.Env, sim *duoplane.Sim, who *person) (*duoplane.Server, error) {
	s, err := duoplane.Serve(ctx, env.Binary, filepath.Join(env.Dir, "server"), "--duo-ca-file", sim.CAFile,
		"--ssh-connections-per-second=-1", "--ssh-sessions=2000")
	if err != nil {
		return nil, err
	}
	env.Defer(s.Stop)
	const group = "asked"
	type post struct{ path, body string }
	posts := []post{
		{duoplane.ProfilesPath, fmt.Sprintf(`{"api_host":%q,"integration_key":%q,"secret_key":%q,"fail_mode":"secure","auto_push":true}`, sim.Addr(), sim.IKey, sim.SKey)},
		{"/api/security/authentication/duo/groups", fmt.Sprintf(`{"name":%q}`, group)},
	}
	for name, groups := range map[string]string{who.name: `["` + group + `"]`, unasked: `[]`} {
		posts = append(posts,
			post{duoplane.AccountsPath, fmt.Sprintf(
				`{"name":%q,"role":"readonly","password":%q,"groups":%s,"applications":[{"application":"ssh","authentication_methods":["password","publickey"]}]}`,
				name, duoplane.Password, groups)},
			post{keysPath, fmt.Sprintf(`{"username":%q,"index":0,"publickey":%q}`, name, who.authorized())})
	}
	for _, p := range posts {
		if _, _, err := s.Do(ctx, http.MethodPost, p.path, p.body, http.StatusCreated); err != nil {
			return nil, err
		}
	}
	return s, nil
}
