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

// choosePassword takes the password from the environment, else makes one up
// that accounts of these names may have too.
// One that no account may have is refused before anything is made.
func choosePassword(lookup func(string) (string, bool), names ...string) (adminPassword, error) {
	given, _ := lookup(passwordVariable)
	if given == "" {
		return adminPassword{account.NewPassword(append(names, account.AdminName)...), true}, nil
	}
	p := adminPassword{text: secret.NewText(given)}
	if err := account.CheckAdminPassword(p.text); err != nil {
		return adminPassword{}, fmt.Errorf("%s: %w", passwordVariable, err)
	}
	return p, nil
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
