package sshdtest

import "bytes"

// A Victim is an account of which the password is known, and whose telephone is
// in good hands.
type Victim struct {
	User, Password string
	// Refuse waits until a push waits for the victim, and denies it.
	Refuse func()
}

// An Attack is a way past a second factor for somebody who knows the password.
// None opens anything; see Opened.
type Attack struct {
	Name string
	// Menu says that the attack is on a profile that asks before it pushes.
	// Else it pushes at once, and has one prompt; nobody answers but Refuse.
	Menu bool
	// Run sends what the attack is about. What the server has to say is left to
	// be read.
	Run func(c *Client, v Victim)
}

// Opened reports whether packets of these kinds tell of a login: success, or
// anything that a channel brings.
func Opened(kinds []byte) bool { return bytes.ContainsAny(kinds, "\x34\x5b\x5e\x63") }

// Attacks returns them all.
func Attacks() []Attack {
	interactive := append(Text(""), Text("")...)
	password := func(c *Client, v Victim) { c.Ask(v.User, "password", Password(v.Password)) }
	return []Attack{
		{"a channel before any method", true, func(c *Client, _ Victim) { c.OpenSession() }},
		{"no method", true, func(c *Client, v Victim) {
			c.Ask(v.User, "none", nil)
			c.OpenSession()
		}},
		{"the menu first", true, func(c *Client, v Victim) {
			c.Ask(v.User, "keyboard-interactive", interactive)
			c.Send(61, append([]byte{0, 0, 0, 1}, Text("1")...))
			c.OpenSession()
		}},
		{"a channel instead of an answer to the menu", true, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(51)
			c.OpenSession()
		}},
		{"a channel in the middle of the menu", true, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(51)
			c.Ask(v.User, "keyboard-interactive", interactive)
			c.Wait(60)
			c.OpenSession()
		}},
		{"no answers to the menu", true, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(51)
			c.Ask(v.User, "keyboard-interactive", interactive)
			c.Wait(60)
			c.Send(61, []byte{0, 0, 0, 0})
			c.OpenSession()
		}},
		{"an answer to a question that was not put", true, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(51)
			c.Send(61, append([]byte{0, 0, 0, 1}, Text("1")...))
			c.OpenSession()
		}},
		{"everything at once", true, func(c *Client, v Victim) {
			password(c, v)
			password(c, v)
			c.Ask(v.User, "keyboard-interactive", interactive)
			c.OpenSession()
		}},
		{"the server's own word for success", true, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(51)
			c.Send(52, nil)
			c.OpenSession()
		}},
		{"another user after the password", true, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(51)
			c.Ask("root", "none", nil)
			c.OpenSession()
		}},
		{"a channel while a push waits that is denied", false, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(53)
			c.OpenSession()
			v.Refuse()
		}},
		{"a second password while a push waits that is denied", false, func(c *Client, v Victim) {
			password(c, v)
			c.Wait(53)
			password(c, v)
			v.Refuse()
			c.OpenSession()
		}},
	}
}
