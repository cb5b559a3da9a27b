package main

import (
	"errors"
	"net"
	"syscall"
)

// peerOf returns the user on the other side of a connection, from the kernel.
func peerOf(conn *net.UnixConn) (uid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	var cred *syscall.Ucred
	cerr := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if cerr != nil || err != nil {
		return -1, errors.Join(cerr, err)
	}
	return int(cred.Uid), nil
}
