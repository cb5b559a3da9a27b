package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

// A dataDir is the folder duoplane serve keeps everything in. While it is open
// no second process can open it. docs/operations.md tells of each file who may
// read it and what its loss means.
//
//	lock              held while a process uses the folder; empty
//	control.sock      where duoplane serve takes the word of duoplane backup and keys
//	store/            the embedded etcd, unless an etcd cluster is used
//	keyset.json       seals the secrets in the store; mode 0600
//	tls/authority.pem key and certificate of our own authority; mode 0600
//	tls/ca.pem        the authority's certificate, for clients
//	tls/server.pem    key and certificate of the REST API; mode 0600
//	audit/            the audit log
type dataDir struct {
	path string
	lock *fileutil.LockedFile
	// made is the topmost folder this process had to create, "" for none.
	made string
}

func (d *dataDir) join(elem ...string) string {
	return filepath.Join(append([]string{d.path}, elem...)...)
}

// openDataDir creates the folder if need be and locks it.
func openDataDir(path string) (_ *dataDir, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, faultf("data-dir", "%v", err)
	}
	d := &dataDir{path: path, made: firstMissing(path)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.discard())
		}
	}()
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, faultf("data-dir", "cannot be created: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, faultf("data-dir", "%v", err)
	}
	if perm := info.Mode().Perm(); runtime.GOOS != "windows" && perm&0o022 != 0 {
		return nil, faultf("data-dir", "%s may be written by others (mode %04o); run chmod 700 %s", path, perm, path)
	}
	d.lock, err = fileutil.TryLockFile(d.join("lock"), os.O_WRONLY|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fileutil.ErrLocked):
		return nil, dataDirInUse{faultf("data-dir", "%s is in use by another duoplane; stop that one or choose another folder", path)}
	case err != nil:
		return nil, faultf("data-dir", "%s is not writable: %v", path, err)
	}
	return d, nil
}

// refuseWithoutStore refuses a folder that a server has used and whose store is
// gone: a server that began a new cluster there would look well, and let in
// nobody it should.
func (d *dataDir) refuseWithoutStore() error {
	if _, err := os.Stat(d.join("store", "etcd")); !errors.Is(err, os.ErrNotExist) {
		return nil // what is wrong with it, if anything, is told when it is opened
	}
	trace := ""
	if _, err := os.Stat(d.join("keyset.json")); err == nil {
		trace = "keyset.json"
	} else if info, err := os.Stat(d.join("audit", "audit.log")); err == nil && info.Size() > 0 {
		trace = "audit/audit.log"
	} else {
		return nil
	}
	return faultf("data-dir", "%s has %s, so a server has used it, and no store: if its records are in an etcd cluster, give --etcd-endpoints; "+
		"else put the folder store/ back, or run duoplane restore; to begin a new cluster, choose an empty folder", d.path, trace)
}

// A dataDirInUse is the refusal of a folder that another process has.
type dataDirInUse struct{ error }

func (e dataDirInUse) Unwrap() error { return e.error }

// close lets another process have the folder.
func (d *dataDir) close() error {
	if d.lock == nil {
		return nil
	}
	return d.lock.Close()
}

// discard is close for a start that wrote nothing: a folder made for it goes.
func (d *dataDir) discard() error {
	err := d.close()
	if d.made != "" {
		err = errors.Join(err, os.RemoveAll(d.made))
	}
	return err
}

// firstMissing returns the topmost folder on the way to path that does not
// exist yet, or "".
func firstMissing(path string) string {
	missing := ""
	for {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			return missing
		}
		missing, path = path, filepath.Dir(path)
	}
}

// newTempDir returns a folder that nobody else can read: the given one, which
// must be new or empty, or a fresh one of the system's. The caller removes it.
func newTempDir(given string) (string, error) {
	if given == "" {
		return os.MkdirTemp("", "duoplane-dev-")
	}
	path, err := filepath.Abs(given)
	if err != nil {
		return "", faultf("dir", "%v", err)
	}
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 {
		return "", faultf("dir", "%s is not empty, and it is removed at exit; remove it yourself or choose another folder", path)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", faultf("dir", "%v", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", faultf("dir", "%v", err)
	}
	if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // G302: a directory
		return "", fmt.Errorf("keep %s private: %w", path, err)
	}
	return path, nil
}
