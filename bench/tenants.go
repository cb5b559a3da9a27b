package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
)

// startSim starts a simulator that the measurement's end stops.
func startSim(ctx context.Context, env *harness.Env) (*duoplane.Sim, error) {
	sim, err := duoplane.StartSim(ctx, env.Binary, env.Dir, "")
	if err != nil {
		return nil, err
	}
	env.Defer(sim.Stop)
	return sim, nil
}

// serve starts a server that the measurement's end stops.
func serve(ctx context.Context, env *harness.Env, name string, args ...string) (*duoplane.Server, error) {
	server, err := duoplane.Serve(ctx, env.Binary, env.Dir+"/"+name, args...)
	if err != nil {
		return nil, err
	}
	env.Defer(server.Stop)
	return server, nil
}

// createProfile gives an owner a profile that the simulator answers.
func createProfile(ctx context.Context, server *duoplane.Server, sim *duoplane.Sim, owner string) error {
	body, err := json.Marshal(map[string]any{
		"owner.uuid": owner, "api_host": sim.Addr(), "integration_key": sim.IKey, "secret_key": sim.SKey, "comment": "bench",
	})
	if err != nil {
		return err
	}
	_, _, err = server.Do(ctx, http.MethodPost, duoplane.ProfilesPath, string(body), http.StatusCreated)
	return err
}

// createTenants makes SVMs with a profile each and returns the profiles' paths.
func createTenants(ctx context.Context, server *duoplane.Server, sim *duoplane.Sim, n int) (paths []string, err error) {
	for i := range n {
		if _, _, err := server.Do(ctx, http.MethodPost, duoplane.SVMsPath, fmt.Sprintf(`{"name":"tenant%d"}`, i), http.StatusCreated); err != nil {
			return nil, err
		}
	}
	_, text, err := server.Do(ctx, http.MethodGet, duoplane.SVMsPath, "", http.StatusOK)
	if err != nil {
		return nil, err
	}
	var list struct{ Records []struct{ UUID string } }
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	for _, r := range list.Records {
		if err := createProfile(ctx, server, sim, r.UUID); err != nil {
			return nil, err
		}
		paths = append(paths, duoplane.ProfilesPath+"/"+r.UUID)
	}
	if len(paths) != n {
		return nil, fmt.Errorf("%d SVMs where %d were made", len(paths), n)
	}
	return paths, nil
}
