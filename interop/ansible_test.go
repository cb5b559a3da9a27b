package interop

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// testAnsible runs the playbooks with NetApp's collection against the contract;
// against the server go errors.yml, whose requests break the contract on
// purpose, and cli.yml, whose paths are private and so not part of it.
func testAnsible(t *testing.T, s *server, c *contract) {
	t.Helper()
	trust := c.trustFile(t)
	uuid := newSVM(t, s, "ansible_home")
	for _, tt := range []struct{ name, playbook, base string }{
		{"profiles are created, read, modified and deleted", "profiles.yml", c.url()},
		{"groups are created, read, modified and deleted", "groups.yml", c.url()},
		{"a second run of na_ontap_svm changes nothing", "svm.yml", c.url()},
		{"a second run of na_ontap_user changes nothing", "accounts.yml", c.url()},
		{"a second run of na_ontap_publickey changes nothing", "publickeys.yml", c.url()},
		{"a second run of na_ontap_login_messages changes nothing", "messages.yml", c.url()},
		{"na_ontap_rest_info follows pages", "info.yml", c.url()},
	} {
		t.Run(tt.name, func(t *testing.T) { s.play(t, tt.playbook, tt.base, trust, uuid) })
	}
	t.Run("commands go through na_ontap_rest_cli", func(t *testing.T) { s.play(t, "cli.yml", s.APIURL, trust, uuid) })
	t.Run("an error is shown readably", func(t *testing.T) {
		newProfile(t, s, "ansible_home")
		s.play(t, "errors.yml", s.APIURL, trust, uuid)
	})
}

// play runs one playbook; its own assertions decide.
func (s *server) play(t *testing.T, playbook, base, trust, svmUUID string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	vars := filepath.Join(home, "vars.json")
	text := jsonOf(t, map[string]any{
		"ansible_python_interpreter": "/usr/bin/python3", // python3-requests of the distribution is there
		"ontap": map[string]any{
			"hostname": u.Hostname(), "http_port": port, "https": true, "validate_certs": true,
			"username": s.AdminUser, "password": s.AdminPassword,
		},
		"svm_name": "ansible_home", "svm_uuid": svmUUID, "account_password": password,
		"duo_host": s.duoHost(), "duo_integration_key": s.SimIntegrationKey, "duo_secret_key": s.SimSecretKey,
	})
	if err := os.WriteFile(vars, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := run(t, "playbooks", []string{
		"REQUESTS_CA_BUNDLE=" + trust, // the modules verify the certificate with it
		"ANSIBLE_HOME=" + home, "ANSIBLE_LOCAL_TEMP=" + filepath.Join(home, "tmp"), "ANSIBLE_REMOTE_TEMP=" + filepath.Join(home, "tmp"),
		"ANSIBLE_NOCOLOR=1", "ANSIBLE_LOCALHOST_WARNING=False", "ANSIBLE_RETRY_FILES_ENABLED=False",
	}, "ansible-playbook", "--inventory", "localhost,", "--connection", "local", "--extra-vars", "@"+vars, playbook)
	if out.code != 0 || !strings.Contains(out.stdout, "failed=0") {
		t.Errorf("ansible-playbook %s: exit code %d\n%s\n%s", playbook, out.code, out.stdout, out.stderr)
	}
	if strings.Contains(out.stdout, "Falling back to ZAPI") {
		t.Errorf("a module fell back to ZAPI:\n%s", out.stdout)
	}
	t.Log(strings.TrimSpace(tail(out.stdout, 2)))
}
