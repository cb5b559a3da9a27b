package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// testGenerated generates a client from the document the server serves and
// runs the tests of goclient with it.
func testGenerated(t *testing.T, s *server) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("goclient")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "swagger.yaml"), fetchDocument(t, s), 0o600); err != nil {
		t.Fatal(err)
	}
	out := run(t, dir, nil, "go", "tool", "swagger", "generate", "client", "--quiet", "--spec=swagger.yaml", "--target=.", "--name=duoplane")
	if out.code != 0 {
		t.Fatalf("swagger generate client: exit code %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	uuid := newSVM(t, s, "generated_svm")
	out = run(t, dir, []string{
		"DUOPLANE_URL=" + s.APIURL, "DUOPLANE_CA_FILE=" + s.CAFile,
		"DUOPLANE_USER=" + s.AdminUser, "DUOPLANE_PASSWORD=" + s.AdminPassword, "DUOPLANE_SVM_UUID=" + uuid,
	}, "go", "test", "-count=1", "-v", ".")
	if out.code != 0 {
		t.Errorf("go test with the generated client: exit code %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	t.Log(tail(out.stdout, 6))
}
