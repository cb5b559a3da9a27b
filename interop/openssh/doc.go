// Package openssh logs in to Duoplane with what people and programs log in with:
// OpenSSH's ssh, scp and sftp, sshpass, expect, paramiko, a terminal in
// tmux, and Ansible's na_ontap_ssh_command, which wants root for a network of its own.
//
// The SSH scenarios of cmd/duoplane/testdata/ssh, which go test runs with a
// client of its own, are run once more with OpenSSH's; those under testdata need
// an outside program. Both are played by TestSSH of cmd/duoplane.
package openssh
