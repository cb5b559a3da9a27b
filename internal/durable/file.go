// Package durable keeps files of our own: it writes them so that they survive a
// loss of power whole, and reads them within bounds, those with secrets only
// where nobody but their owner may.
package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxFile bounds what is read.
const maxFile = 1 << 20

// Replace puts data at path, whether or not a file is there: a reader, or a
// machine that loses power, finds the old content or the new, never a part.
func Replace(path string, data []byte, mode os.FileMode) error {
	return write(path, content(data), mode, os.Rename)
}

// Create is Replace for a file that must not be there yet: fs.ErrExist when
// it is, and the file that is there stays as it was.
func Create(path string, data []byte, mode os.FileMode) error {
	return CreateBy(path, mode, content(data))
}

// CreateBy is Create for what is too large for memory: fill writes it. When
// fill fails, no file appears, and its error is returned.
func CreateBy(path string, mode os.FileMode, fill func(io.Writer) error) error {
	return write(path, fill, mode, func(tmp, path string) error {
		if err := os.Link(tmp, path); err != nil { // unlike a rename, never overwrites
			return err
		}
		return os.Remove(tmp)
	})
}

func content(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

func write(path string, fill func(io.Writer) error, mode os.FileMode, place func(tmp, path string) error) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
			_ = tmp.Close()           // its error would say less than err
			_ = os.Remove(tmp.Name()) // as above
		}
	}()
	if err = fill(tmp); err != nil {
		return err
	}
	if err = tmp.Chmod(mode); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = place(tmp.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // G304: the operator names the place
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read reads a regular file of at most a mebibyte.
func Read(path string) ([]byte, error) {
	return read(path, func(os.FileInfo) error { return nil })
}

// ReadPrivate is Read for a file that only its owner may read or write; any
// other mode is refused, since what it holds must then be taken for known.
func ReadPrivate(path string) ([]byte, error) {
	return read(path, func(info os.FileInfo) error {
		if perm := info.Mode().Perm(); perm&0o077 != 0 {
			return fmt.Errorf("%s may be used by others than its owner (mode %04o): run chmod 600 %s", path, perm, path)
		}
		return nil
	})
}

// read has check judge the opened file, not the path, which could name another
// file a moment later.
func read(path string, check func(os.FileInfo) error) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the operator names the file
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if err := check(info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return data, nil
}
