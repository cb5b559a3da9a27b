// Package duoapi is a client for Duo's Auth API, version 2: it signs, sends,
// waits and reads, and says exactly what went wrong when something does. It
// knows HTTP and Duo and nothing of profiles, owners or policy.
//
//	c, err := duoapi.New(duoapi.Config{Host: host, IntegrationKey: ikey, SecretKey: skey})
//	defer c.Close()
//	pre, err := c.Preauth(ctx, duoapi.PreauthRequest{Username: "alice"})
//	if kind := duoapi.KindOf(err); kind == duoapi.KindSignature { ... }
//
// Every error is an *Error. Its Kind is a stable word to decide on; nothing
// in it holds the secret key, a passcode, a device token or the password of
// the proxy, even when the other side echoes them.
//
// # What is repeated and what is not
//
// Auth and Enroll are sent at most once for a call, by this package and by
// net/http below it: one choice of a person is one push. The other calls are
// repeated after HTTP 429, as far as the caller's deadline allows, and once
// after a complaint about the clock.
//
// # Clock
//
// Requests are signed with a date. Ping learns by how much Duo's clock is
// ahead and later requests are dated accordingly, so a host with a wrong
// clock is served.
package duoapi
