// Package sshd is the SSH edge: it takes a connection through its first factor
// (a password, a public key, or both), through the second as the owner's Duo
// profile says, and hands it to a shell.
//
// A login is one conversation with the engine that decides about the second
// factor, however many of SSH's authentication requests it spans. It begins in
// the request that proves the first factor: what Duo says, among it the notice
// of a push, reaches the person as banners, so that a client that can send a
// password or a key and nothing else gets in by a push. Only when the engine
// asks for an answer is the request answered with a partial success, and the
// conversation goes on in keyboard-interactive. A refusal says why and ends the
// connection, so that no client asks again by itself.
//
// The package knows no commands: whoever is let in gets a Session of the
// caller's making. Port and agent forwarding, X11, subsystems and environment
// variables are refused.
package sshd
