// Package duoclients shows that Duo's simulator is good enough for Duo clients
// written by others: Debian's login_duo and pam_duo, Duo's libraries for
// Python, Go and Node.js, all unmodified, log in and are refused against
// "duoplane sim" as they would be against Duo.
//
// A test that only looks at "was the user let in" proves nothing: with their
// default fail mode these clients let everybody in when the service answers
// nonsense. So every login that is to succeed runs with failmode=secure, and
// each row says three things: whether the door opened, the client's own log
// line, and the requests the simulator's journal holds, in order.
//
// The tests need root and Debian. Programs that want system files of their own
// (sshd, PAM) get them in a private mount namespace; nothing outside changes.
package duoclients
