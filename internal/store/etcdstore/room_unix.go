//go:build linux || darwin

package etcdstore

import "syscall"

// freeSpace returns the bytes that this user may still write to a folder's disk.
func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil //nolint:gosec // G115: no block has a negative size
}
