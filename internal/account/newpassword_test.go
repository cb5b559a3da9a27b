package account_test

import (
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/account"
)

func TestAMadeUpPasswordFitsTheAccountsItIsFor(t *testing.T) {
	// One letter each: nearly every random text has one of them.
	names := []string{"a", "b", "c", "d", "e"}
	for range 20 {
		p := strings.ToLower(account.NewPassword(names...).Reveal())
		if i := strings.IndexAny(p, "abcde"); i >= 0 {
			t.Fatalf("%q holds the name %q", p, p[i:i+1])
		}
	}
}
