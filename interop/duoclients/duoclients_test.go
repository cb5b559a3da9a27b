package duoclients

import (
	"slices"
	"testing"
)

// TestDuoClients runs every client against one "duoplane sim". Rows run side by
// side: each has a user of its own.
func TestDuoClients(t *testing.T) {
	need(t,
		"/usr/sbin/login_duo", "/lib/*/security/pam_duo.so", "/usr/bin/pamtester", "/usr/lib/*/libpam_wrapper.so",
		"/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen", "/usr/bin/unshare",
		"/usr/lib/python3/dist-packages/duo_client", "node_modules/@duosecurity/duo_api")
	s := startSim(t)
	t.Run("login_duo without a terminal", func(t *testing.T) { testHeadless(t, s) })
	t.Run("login_duo and answers that are none", func(t *testing.T) { testOutages(t, s) })
	t.Run("login_duo at a terminal", func(t *testing.T) { testAtTerminal(t, s) })
	t.Run("login_duo under sshd", func(t *testing.T) { testForced(t, s) })
	t.Run("pam_duo under sshd", func(t *testing.T) { testKeyboardInteractive(t, s) })
	t.Run("pam_duo", func(t *testing.T) { testPAM(t, s) })
	for _, l := range slices.Concat(goLibraries(), pythonLibraries(), nodeLibraries()) {
		t.Run(l.name, func(t *testing.T) { testLibrary(t, s, l) })
	}
}
