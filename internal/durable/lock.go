package durable

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock keeps other processes, also on other machines where the file system
// serves locks, from taking the lock of the same path until unlock is called.
// It is for a file that is read, changed and replaced: the lock is on an empty
// file beside it, path with ".lock" behind, which stays. An error, at once, when
// somebody has it.
func Lock(path string) (unlock func(), err error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // G304: the operator names the place
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = fmt.Errorf("another process is changing %s; try again", path)
	case err != nil:
		err = fmt.Errorf("lock %s: %w", name, err)
	default:
		return func() { _ = f.Close() }, nil // which gives the lock free
	}
	return nil, errors.Join(err, f.Close())
}
