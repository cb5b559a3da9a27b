// Package openssh logs in to Duoplane with what people and programs log in with:
// OpenSSH's ssh, scp and sftp, sshpass, expect, paramiko, and a
// terminal in tmux.
//
// The SSH scenarios of cmd/duoplane/testdata/ssh, which go test runs with a
// client of its own, are run once more with OpenSSH's; those under testdata need
// an outside program. Both are played by TestSSH of cmd/duoplane.
package openssh
