package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestADataDirectoryServesOneProcessAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "data")
	first, err := openDataDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDataDir(path); err == nil || !strings.Contains(err.Error(), "in use by another duoplane") {
		t.Errorf("a second process: got %v", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	second, err := openDataDir(path)
	if err != nil {
		t.Fatalf("after the first one's end: %v", err)
	}
	if err := second.close(); err != nil {
		t.Fatal(err)
	}
}

func TestAFailedStartLeavesNoFolderBehind(t *testing.T) {
	base := t.TempDir()
	d, err := openDataDir(filepath.Join(base, "new", "data"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(base, "new")); !os.IsNotExist(err) {
		t.Errorf("the folder made for the data is still there: %v", err)
	}
}

func TestAFolderThatWasThereIsNotRemoved(t *testing.T) {
	path := t.TempDir()
	d, err := openDataDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestAFolderThatCannotServeIsRefused(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(base, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"a file", file, "--data-dir: cannot be created"},
		{"below a file", filepath.Join(file, "data"), "--data-dir: cannot be created"},
		{"a folder that others may write", open, "run chmod 700 " + open},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := openDataDir(tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestDevRemovesNoFolderOfSomebodyElse(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newTempDir(full); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("got %v", err)
	}
	made, err := newTempDir(filepath.Join(full, "dev"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(made); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info, err)
	}
}
