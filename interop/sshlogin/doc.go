// Package sshlogin shows duoplane login where it belongs: as ForceCommand of an
// OpenSSH sshd, installed as the documents say, with a user of its own who alone
// may read the token. OpenSSH's own client, scp and rsync log in against it, and
// "duoplane dev" decides.
//
// Each row says whether the door opened, what the person saw, and what the
// server's table of logins says; where the server was not reached, or did not
// believe the token, that there is nothing in it.
//
// The tests need root and Debian. sshd gets system files of its own in a private
// mount namespace; nothing outside changes.
package sshlogin
