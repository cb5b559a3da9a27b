package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// FileName is the name of the log in the data directory. Files of the past
// stand beside it with a growing number behind the name.
const FileName = "audit.log"

const fileMode = 0o600

// A file is one log file. It stays open until the last of its begun lines has
// ended, even when it is no longer the current one.
type file struct {
	f       *os.File
	end     int64 // where the next line goes
	torn    bool  // a failed write may have left bytes behind end
	dirty   bool  // something was written since the last sync
	pending int   // begun lines
	retired bool  // no longer the current file
}

// openFile opens the current file and makes it end with a whole line.
func openFile(root *os.Root) (*file, error) {
	f, err := root.OpenFile(FileName, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	lf := &file{f: f, dirty: true}
	if err := lf.settle(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return lf, nil
}

// settle restricts an existing file's mode and ends a line that a crash cut.
func (lf *file) settle() error {
	info, err := lf.f.Stat()
	if err != nil {
		return fmt.Errorf("look at the audit log: %w", err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("the audit log is not a regular file")
	}
	if info.Mode().Perm()&^fileMode != 0 {
		if err := lf.f.Chmod(fileMode); err != nil {
			return fmt.Errorf("restrict the audit log: %w", err)
		}
	}
	lf.end = info.Size()
	if lf.end == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := lf.f.ReadAt(last, lf.end-1); err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	if last[0] == '\n' {
		return nil
	}
	_, err = lf.append([]byte("\n"))
	return err
}

// append writes b at the end and returns where it began. After an error the
// file is as before, or torn and mended by the next append.
func (lf *file) append(b []byte) (at int64, err error) {
	if lf.torn {
		if err := lf.f.Truncate(lf.end); err != nil {
			return 0, fmt.Errorf("mend the audit log: %w", err)
		}
		lf.torn = false
	}
	lf.dirty = true
	if _, err := lf.f.WriteAt(b, lf.end); err != nil {
		lf.torn = lf.f.Truncate(lf.end) != nil
		return 0, fmt.Errorf("write the audit log: %w", err)
	}
	at = lf.end
	lf.end += int64(len(b))
	return at, nil
}

// current reports whether the file still is the one under its name: somebody
// may have moved it away, and lines written to it would be lost to everyone.
func (lf *file) current(root *os.Root) bool {
	named, err := root.Stat(FileName)
	if err != nil {
		return false
	}
	own, err := lf.f.Stat()
	return err == nil && os.SameFile(named, own)
}

// setAside renames the current file to the next number and removes the oldest
// of the past files beyond keep.
func setAside(root *os.Root, keep int) error {
	past, err := pastFiles(root)
	if err != nil {
		return err
	}
	next := nextNumber(past)
	if err := root.Rename(FileName, pastName(next)); err != nil {
		return fmt.Errorf("set the audit log aside: %w", err)
	}
	past = append(past, next)
	for _, n := range past[:max(0, len(past)-keep)] {
		if err := root.Remove(pastName(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an old audit log: %w", err)
		}
	}
	return nil
}

func pastName(n int) string { return fmt.Sprintf("%s.%06d", FileName, n) }

// nextNumber is the number that the current file will have.
func nextNumber(past []int) int {
	if len(past) == 0 {
		return 1
	}
	return past[len(past)-1] + 1
}

// pastFiles returns the numbers of the past files, oldest first.
func pastFiles(root *os.Root) ([]int, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list the audit logs: %w", err)
	}
	var past []int
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), FileName+".")
		if n, err := strconv.Atoi(digits); ok && err == nil && n > 0 && pastName(n) == e.Name() {
			past = append(past, n)
		}
	}
	slices.Sort(past)
	return past, nil
}
