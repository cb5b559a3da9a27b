package account_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/fault"
)

func TestRefusedPasswordsAreCountedWithoutNames(t *testing.T) {
	w := newWorld(t)
	guesser := netip.MustParseAddr("198.51.100.9")
	for range 4 { // the fourth is not looked at
		if _, err := w.login("admin", "a guess", guesser); err == nil {
			t.Fatal("a wrong password let somebody in")
		}
	}
	if _, err := w.login("nobody", "a guess", home); err == nil {
		t.Fatal("nobody got in")
	}
	if _, err := w.login("admin", adminPassword, home); err != nil {
		t.Fatal(err)
	}
	want := map[account.Failure]int64{
		{Application: account.HTTP, Code: fault.Unauthenticated}: 4,
		{Application: account.HTTP, Code: fault.TooMany}:         1,
	}
	if diff := cmp.Diff(want, w.accounts.Failures()); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
