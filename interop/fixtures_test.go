package interop

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

const (
	profiles = "/api/security/authentication/duo/profiles"
	groups   = "/api/security/authentication/duo/groups"
	accounts = "/api/security/accounts"
	svms     = "/api/svm/svms"
)

// password is good enough for every account the tests create.
const password = "Kranich-4711-zieht"

// duoHost is the simulator as a profile names it.
func (s *server) duoHost() string { return strings.TrimPrefix(s.SimURL, "https://") }

// profileBody is a profile the simulator knows, for the SVM called owner.
func (s *server) profileBody(owner string) map[string]any {
	return map[string]any{
		"owner.name": owner, "api_host": s.duoHost(),
		"integration_key": s.SimIntegrationKey, "secret_key": s.SimSecretKey,
	}
}

// newSVM creates an SVM of the test's own and removes it at its end.
func newSVM(t *testing.T, s *server, name string) (uuid string) {
	t.Helper()
	admin := s.admin(nil)
	o := admin.want(t, http.StatusCreated, http.MethodPost, svms+"?return_records=true", jsonOf(t, map[string]any{"name": name}))
	uuid = o.text("records.0.uuid")
	if uuid == "" {
		t.Fatalf("POST %s?return_records=true gave no uuid: %v", svms, o)
	}
	t.Cleanup(func() { // t.Context has ended by now
		gone := admin.sendWith(context.Background(), t, http.MethodDelete, svms+"/"+uuid, "")
		if gone.status != http.StatusOK {
			t.Errorf("deleting SVM %s: %d %s", name, gone.status, gone.body)
		}
	})
	return uuid
}

// newProfile creates the profile of an SVM.
func newProfile(t *testing.T, s *server, owner string) {
	t.Helper()
	s.admin(nil).want(t, http.StatusCreated, http.MethodPost, profiles, jsonOf(t, s.profileBody(owner)))
}

// newAccount creates an account that may use HTTP with the password above;
// owner "" is the cluster.
func newAccount(t *testing.T, s *server, owner, name, role string) {
	t.Helper()
	body := map[string]any{
		"name": name, "role": role, "password": password,
		"applications": []any{map[string]any{"application": "http", "authentication_methods": []string{"password"}}},
	}
	if owner != "" {
		body["owner.name"] = owner
	}
	s.admin(nil).want(t, http.StatusCreated, http.MethodPost, accounts, jsonOf(t, body))
}
