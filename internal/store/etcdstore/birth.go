package etcdstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/duoplane/duoplane/internal/durable"
)

// birthName is the file that is there while an embedded etcd starts for the
// first time. When it is killed before its log has the one member, the next
// start would wait for ever for a leader; nobody has written anything yet, so
// that one begins from nothing instead.
const birthName = "first-start"

// makeFolder makes etcd's folder and reports whether etcd starts in it for the
// first time.
func makeFolder(dir string) (first bool, err error) {
	folder, sign := filepath.Join(dir, subDir), filepath.Join(dir, birthName)
	_, err = os.Lstat(sign)
	switch {
	case err == nil:
		if err := os.RemoveAll(folder); err != nil {
			return false, fmt.Errorf("remove what an interrupted first start left: %w", err)
		}
		first = true
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	default:
		if _, err := os.Lstat(folder); errors.Is(err, fs.ErrNotExist) {
			if err := durable.Create(sign, nil, 0o600); err != nil {
				return false, err
			}
			first = true
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, err
	}
	return first, os.Chmod(folder, 0o700) //nolint:gosec // G302: a directory
}

// born notes that etcd has started, before anything is written through it.
func born(dir string) error {
	if err := os.Remove(filepath.Join(dir, birthName)); err != nil {
		return err
	}
	return durable.SyncDir(dir)
}
