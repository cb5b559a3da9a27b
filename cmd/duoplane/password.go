package main

import (
	"fmt"
	"io"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/secret"
)

// passwordVariable holds the first account's password at the first start. It
// is no option, since others can read a command line.
const passwordVariable = "DUOPLANE_ADMIN_PASSWORD" //nolint:gosec // G101: the name of a variable

// An adminPassword is the password the first account gets.
type adminPassword struct {
	text   secret.Text
	madeUp bool
}

// choosePassword takes the password from the environment, else makes one up.
func choosePassword(lookup func(string) (string, bool)) adminPassword {
	if given, _ := lookup(passwordVariable); given != "" {
		return adminPassword{text: secret.NewText(given)}
	}
	return adminPassword{account.NewPassword(), true}
}

// print tells a password that was made up, once and never again.
func (p adminPassword) print(w io.Writer) error {
	if !p.madeUp {
		return nil
	}
	_, err := fmt.Fprintf(w, "The account %s was made with the password %s\nIt is shown this once. Change it after the first login.\n",
		account.AdminName, p.reveal())
	return err
}

// reveal is for whoever started the program and has no other way to learn the
// password.
func (p adminPassword) reveal() string {
	return p.text.Reveal() //nolint:forbidigo // see above
}
