package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
)

const profilesPath = "/api/security/authentication/duo/profiles"

// startDuoplane starts the simulator and "duoplane serve" on a fresh data
// directory, creates the cluster's profile and returns it.
func startDuoplane(ctx context.Context, children *children, dir, binary string) (endpoint, error) {
	if binary == "" {
		binary = filepath.Join(dir, "duoplane")
		build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/duoplane") //nolint:gosec // a path of our own
		if out, err := build.CombinedOutput(); err != nil {
			return endpoint{}, fmt.Errorf("build duoplane, in the top folder of the repository: %w\n%s", err, out)
		}
	}
	var sim, api ready
	err := children.start(ctx, binary, []string{
		"sim", "--sim-listen", "127.0.0.1:0", "--sim-control-listen", "127.0.0.1:0",
		"--ready-file", filepath.Join(dir, "sim.json"),
	}, nil, nil, &sim)
	if err != nil {
		return endpoint{}, err
	}
	password := rand.Text()
	err = children.start(ctx, binary, []string{
		"serve", "--api-listen", "127.0.0.1:0", "--ssh-listen", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"), "--duo-ca-file", sim.SimCAFile,
		"--ready-file", filepath.Join(dir, "serve.json"),
	}, []string{"DUOPLANE_ADMIN_PASSWORD=" + password}, nil, &api)
	if err != nil {
		return endpoint{}, err
	}
	profile, err := api.endpoint(profilesPath + "/" + api.ClusterUUID)
	if err != nil {
		return endpoint{}, err
	}
	profile.user, profile.password = api.AdminUser, password
	body, err := json.Marshal(map[string]any{
		"api_host":        strings.TrimPrefix(sim.SimURL, "https://"),
		"integration_key": sim.SimIntegrationKey, "secret_key": sim.SimSecretKey, "comment": "bench",
	})
	if err != nil {
		return endpoint{}, err
	}
	created := profile
	created.path = profilesPath
	_, err = created.once(ctx, http.MethodPost, string(body), http.StatusCreated)
	return profile, err
}

// sample reads the profile as the load will.
func (e endpoint) sample(ctx context.Context) (sample, error) {
	s, err := e.once(ctx, http.MethodGet, "", http.StatusOK)
	if err != nil {
		return sample{}, err
	}
	if !strings.Contains(string(s.Body), `"Ok"`) {
		return sample{}, fmt.Errorf("the profile's status is not Ok: %s", s.Body)
	}
	for _, name := range []string{"Date", "Content-Length"} { // net/http's own
		s.Header.Del(name)
	}
	return s, nil
}

// once sends one request with the ordinary client.
func (e endpoint) once(ctx context.Context, method, body string, status int) (s sample, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "https://"+e.addr+e.path, strings.NewReader(body))
	if err != nil {
		return sample{}, err
	}
	req.SetBasicAuth(e.user, e.password)
	req.Header.Set("Accept", "application/json")
	transport := &http.Transport{TLSClientConfig: e.tls, DisableKeepAlives: true, DisableCompression: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return sample{}, err
	}
	if resp.StatusCode != status {
		return sample{}, fmt.Errorf("%s %s: %s\n%s", method, e.path, resp.Status, text)
	}
	return sample{Header: resp.Header, Body: text}, nil
}
