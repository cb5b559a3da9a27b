package interop

import (
	"path/filepath"
	"testing"
)

// TestOutsideClients runs every outside client against one "duoplane dev".
func TestOutsideClients(t *testing.T) {
	tools, err := filepath.Abs("node_modules/.bin")
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t)
	t.Run("OpenAPI document", func(t *testing.T) { testDocument(t, s, tools) })
	t.Run("generated Go client", func(t *testing.T) { testGenerated(t, s) })
	t.Run("first calls", func(t *testing.T) { testReplay(t, s) })
	t.Run("Prometheus", func(t *testing.T) { testPrometheus(t, s) })
	t.Run("with the contract", func(t *testing.T) {
		c := startContract(t, s, tools)
		t.Run("curl", func(t *testing.T) { testCurl(t, s, c) })
		t.Run("Ansible", func(t *testing.T) { testAnsible(t, s, c) })
	})
}
