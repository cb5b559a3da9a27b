package durable_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/durable"
)

func TestReplaceAndCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := durable.Create(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.Create(path, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating what is there: %v", err)
	}
	if got, err := durable.ReadPrivate(path); string(got) != "one" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if err := durable.Replace(path, []byte("three"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := durable.ReadPrivate(path); string(got) != "three" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the directory holds %v, %v", left, err)
	}
}

func TestAFailedWriteLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "d")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.Replace(path, []byte("x"), 0o600); err == nil {
		t.Error("a file replaced a directory")
	}
	if err := durable.Replace(filepath.Join(dir, "absent", "f"), []byte("x"), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("writing into an absent directory: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the directory holds %v, %v", left, err)
	}
}

func TestReadPrivateRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for mode, refused := range map[os.FileMode]bool{
		0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o620: true, 0o666: true,
	} {
		if err := durable.Replace(path, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
		_, err := durable.ReadPrivate(path)
		if (err != nil) != refused {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if got, err := durable.Read(path); string(got) != "x" || err != nil {
			t.Errorf("mode %04o: Read gave %q, %v", mode, got, err)
		}
		if refused && !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %04o: no advice in %q", mode, err)
		}
	}
	if err := durable.Replace(path, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := durable.ReadPrivate(path); err == nil {
		t.Error("a file above the limit was read")
	}
	if _, err := durable.ReadPrivate(filepath.Dir(path)); err == nil {
		t.Error("a directory was read")
	}
	if _, err := durable.ReadPrivate(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}

func TestAFileThatCannotBeFilledDoesNotAppear(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	broken := errors.New("broken")
	err := durable.CreateBy(path, 0o600, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of ")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	whole := func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }
	if err := durable.CreateBy(path, 0o600, whole); err != nil {
		t.Fatal(err)
	}
	if err := durable.CreateBy(path, 0o600, whole); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	if got, err := durable.Read(path); err != nil || string(got) != "whole" {
		t.Errorf("%q, %v", got, err)
	}
}
