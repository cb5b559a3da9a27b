package durable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALockIsHeldByOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	unlock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path); err == nil || !strings.Contains(err.Error(), "another process is changing "+path) {
		t.Errorf("second lock: %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file itself was made: %v", err)
	}
	unlock()
	if unlock, err = Lock(path); err != nil {
		t.Fatalf("after it was given free: %v", err)
	}
	unlock()
	if _, err := Lock(filepath.Join(path, "absent", "file")); err == nil {
		t.Error("a lock in a folder that is not there")
	}
}
