package duosim

import (
	"fmt"
	"strconv"
	"strings"
)

// A menu is what the text dialect and /rest/v1 show at the login.
type menu struct {
	text    string
	factors document // what is typed → the factor's name, and "default"
}

// outOfBand are the factors of a menu in their order, with what a device must
// be able to do for them.
func outOfBand() []struct {
	name, label string
	needs       Capability
} {
	return []struct {
		name, label string
		needs       Capability
	}{
		{"push", "Duo Push to ", CanPush},
		{"phone", "Phone call to ", CanPhone},
		{"sms", "SMS passcodes to ", CanSMS},
	}
}

// menu lists pushes, then calls, then messages, each over all devices. With
// verified true the pushes are verified ones. The default is the first push,
// else the first call, else the first message; a user with a token alone gets
// "passcode", by choice, because Duo Unix ends the login without a default.
func (u *user) menu(verified bool) menu {
	var lines strings.Builder
	var factors document
	n, fallback := 0, ""
	for _, kind := range outOfBand() {
		for i, d := range u.able(kind.needs) {
			n++
			name := kind.name + strconv.Itoa(i+1)
			if verified && kind.name == "push" {
				name = "verified_" + name
			}
			if fallback == "" {
				fallback = name
			}
			fmt.Fprintf(&lines, " %d. %s%s", n, kind.label, d.label())
			if next := d.nextSMS(); kind.name == "sms" && next != "" {
				fmt.Fprintf(&lines, " (next code starts with: %s)", next)
			}
			lines.WriteByte('\n')
			factors = factors.with(strconv.Itoa(n), name)
		}
	}
	head := "Duo two-factor login for " + u.name + "\n\n"
	if n == 0 {
		return menu{head + "Enter a passcode: ", document{{"default", "passcode"}}}
	}
	return menu{
		text:    head + "Enter a passcode or select one of the following options:\n\n" + lines.String() + fmt.Sprintf("\nPasscode or option (1-%d): ", n),
		factors: append(document{{"default", fallback}}, factors...),
	}
}

// able returns the devices that can do something, in their order.
func (u *user) able(c Capability) []*device {
	var out []*device
	for _, d := range u.devices {
		if d.able(c) {
			out = append(out, d)
		}
	}
	return out
}

// A pick is what the caller chose to log in with.
type pick struct {
	factor   string // push, phone, sms, passcode, or none
	device   *device
	passcode string
	verified bool // push: the caller means the verified one
}

// typed understands what a person typed at a menu, or the factor's name the
// client took from it: push, phone2, verified_push1; all else is a passcode. A
// factor that the user does not have gives the factor none.
func (u *user) typed(text string) pick {
	text = strings.TrimSpace(text)
	word := strings.ToLower(text)
	rest, verified := strings.CutPrefix(word, "verified_")
	for _, kind := range outOfBand() {
		number, ok := strings.CutPrefix(rest, kind.name)
		if !ok || strings.Trim(number, digits) != "" || verified && kind.name != "push" {
			continue
		}
		n, err := strconv.Atoi(number)
		if number == "" {
			n, err = 1, nil
		}
		devices := u.able(kind.needs)
		if err != nil || n < 1 || n > len(devices) {
			return pick{factor: "none"}
		}
		return pick{factor: kind.name, device: devices[n-1], verified: verified}
	}
	return pick{factor: "passcode", passcode: text}
}
