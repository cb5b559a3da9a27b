package interop

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
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

// prismDocument returns the document with the dots in its path parameters'
// names replaced: Prism 5 finds no route for "{owner.uuid}". The name of a path
// parameter is not on the wire, so nothing else changes.
func prismDocument(t *testing.T, document []byte) []byte {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		t.Fatalf("the OpenAPI document is no YAML: %v", err)
	}
	undot(&root)
	out, err := yaml.Marshal(&root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// undot renames path parameters where they are declared and where a path uses
// them.
func undot(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		var name *yaml.Node
		inPath := false
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			switch {
			case strings.HasPrefix(key.Value, "/"):
				key.Value = undotPath(key.Value)
			case key.Value == "name" && value.Kind == yaml.ScalarNode:
				name = value
			case key.Value == "in" && value.Value == "path":
				inPath = true
			}
		}
		if inPath && name != nil {
			name.Value = strings.ReplaceAll(name.Value, ".", "_")
		}
	}
	for _, child := range n.Content {
		undot(child)
	}
}

func undotPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = strings.ReplaceAll(part, ".", "_")
		}
	}
	return strings.Join(parts, "/")
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
