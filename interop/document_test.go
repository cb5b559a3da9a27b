package interop

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// fetchDocument reads the OpenAPI document as an administrator does.
func fetchDocument(t *testing.T, s *server) []byte {
	t.Helper()
	r := s.admin(http.Header{"Accept": {"*/*"}}).send(t, http.MethodGet, "/docs/api/swagger.yaml", "")
	if r.status != http.StatusOK {
		t.Fatalf("GET /docs/api/swagger.yaml: %d\n%s", r.status, r.body)
	}
	return r.body
}

// testDocument has two linters of OpenAPI read the document.
func testDocument(t *testing.T, s *server, tools string) {
	t.Helper()
	dir := t.TempDir()
	document := filepath.Join(dir, "swagger.yaml")
	if err := os.WriteFile(document, fetchDocument(t, s), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("redocly finds no error", func(t *testing.T) {
		out := run(t, dir, []string{"REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true"},
			filepath.Join(tools, "redocly"), "lint", "--format=stylish", document)
		if out.code != 0 {
			t.Errorf("redocly lint: exit code %d\n%s%s", out.code, out.stdout, out.stderr)
		}
		t.Logf("%s%s", tail(out.stdout, 10), tail(out.stderr, 10))
	})
	t.Run("spectral finds no error", func(t *testing.T) {
		rules := filepath.Join(dir, ".spectral.yaml")
		if err := os.WriteFile(rules, []byte("extends: [\"spectral:oas\"]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out := run(t, dir, nil, filepath.Join(tools, "spectral"), "lint", "--ruleset", rules, "--fail-severity", "error", document)
		if out.code != 0 {
			t.Errorf("spectral lint: exit code %d\n%s%s", out.code, out.stdout, out.stderr)
		}
		t.Logf("%s%s", tail(out.stdout, 10), tail(out.stderr, 10))
	})
}
