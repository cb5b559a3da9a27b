package duo

import (
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

// Bounds of what a profile or group takes. ONTAP documents none; these are
// generous beside every known key and name.
const (
	maxKey     = 128
	maxHost    = 262 // a host name of 253, a port, brackets
	maxProxy   = 512
	maxComment = 1024
	maxName    = 256
	maxUsers   = 1000
)

func checkKey(field, given string) error {
	if !printableASCII(given) {
		return badKey(field)
	}
	return nil
}

func badKey(field string) error {
	return fault.New(fault.BadReason, field,
		"The value of field %q holds a space or a character that is not printable ASCII; paste the key as Duo shows it.", field)
}

func checkSecretKey(v record.Value) error {
	if !v.Secret().PrintableASCII() {
		return badKey("secret_key")
	}
	return nil
}

func checkUsers(v record.Value) error {
	for _, name := range v.Strings() {
		if name == "" || len(name) > maxName {
			return fault.New(fault.BadReason, "excluded_users",
				"A user name in field \"excluded_users\" has 1 to %d bytes.", maxName)
		}
	}
	return record.Plain(v)
}
