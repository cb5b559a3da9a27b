package record

import "github.com/duoplane/duoplane/internal/fault"

// Plain is a Check for texts that end in terminals: it refuses control
// characters, in a text and in each one of an array.
func Plain(v Value) error {
	if v.kind == listValue {
		for _, item := range v.Items() {
			if err := Plain(item); err != nil {
				return err
			}
		}
		return nil
	}
	for _, r := range v.text {
		if r < ' ' || r == 0x7f || (0x80 <= r && r < 0xa0) {
			return fault.New(fault.BadReason, "", "The value holds a control character; give plain text.")
		}
	}
	return nil
}
