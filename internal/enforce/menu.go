package enforce

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/secret"
)

// A choice is one way to give the second factor.
type choice struct {
	factor   duoapi.Factor
	device   duoapi.Device
	passcode secret.Text
}

// A menu is what a user may choose from: pushes, then phone calls, then SMS,
// each over all devices, as Duo's own menu lists them. Passcodes need no line.
type menu []choice

func menuOf(devices []duoapi.Device) menu {
	var m menu
	for _, by := range []struct {
		factor duoapi.Factor
		can    duoapi.Capability
	}{
		{duoapi.FactorPush, duoapi.CanPush}, {duoapi.FactorPhone, duoapi.CanPhone}, {duoapi.FactorSMS, duoapi.CanSMS},
	} {
		for _, d := range devices {
			if d.Can(by.can) {
				m = append(m, choice{factor: by.factor, device: d})
			}
		}
	}
	return m
}

// automatic returns the factor that is taken without asking: the first push,
// else the first phone call.
func (m menu) automatic() (choice, bool) {
	if len(m) == 0 || m[0].factor == duoapi.FactorSMS {
		return choice{}, false
	}
	return m[0], true
}

// text is the menu as Duo words it.
func (m menu) text(user string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Duo two-factor login for %s\n\n", printable(user))
	if len(m) == 0 {
		b.WriteString("Enter a passcode: ")
		return b.String()
	}
	b.WriteString("Enter a passcode or select one of the following options:\n\n")
	for i, c := range m {
		fmt.Fprintf(&b, " %d. %s\n", i+1, c.label())
	}
	fmt.Fprintf(&b, "\nPasscode or option (1-%d): ", len(m))
	return b.String()
}

func (c choice) label() string {
	name := c.device.Number
	for _, other := range []string{c.device.DisplayName, c.device.Name, "your device"} {
		if name == "" {
			name = other
		}
	}
	name = printable(name)
	switch c.factor {
	case duoapi.FactorPush:
		return "Duo Push to " + name
	case duoapi.FactorPhone:
		return "Phone call to " + name
	default:
		label := "SMS passcodes to " + name
		if c.device.SMSNextCode != "" {
			label += " (next code starts with: " + printable(c.device.SMSNextCode) + ")"
		}
		return label
	}
}

// pick reads what a user typed: an option's number, a factor's name with an
// optional number ("push", "phone2"), else a passcode. An empty line is
// nothing.
func (m menu) pick(answer secret.Text) (choice, bool) {
	typed := strings.TrimSpace(answer.Reveal()) //nolint:forbidigo // only its text tells an option from a passcode
	if typed == "" {
		return choice{}, false
	}
	// "000001" is a passcode, not the first option.
	if n, err := strconv.Atoi(typed); err == nil && n >= 1 && n <= len(m) && strconv.Itoa(n) == typed {
		return m[n-1], true
	}
	if c, ok := m.named(strings.ToLower(typed)); ok {
		return c, true
	}
	return choice{factor: duoapi.FactorPasscode, passcode: secret.NewText(typed)}, true
}

// named finds "push", "push1", "sms2" and so on.
func (m menu) named(word string) (choice, bool) {
	nth := 1
	name := strings.TrimRight(word, "0123456789")
	if digits := word[len(name):]; digits != "" {
		nth, _ = strconv.Atoi(digits) // all digits; one too large names nothing
	}
	for _, c := range m {
		if string(c.factor) != name {
			continue
		}
		if nth--; nth == 0 {
			return c, true
		}
	}
	return choice{}, false
}
