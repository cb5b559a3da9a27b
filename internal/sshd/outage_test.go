package sshd_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/sshd"
	"github.com/duoplane/duoplane/internal/store/storetest"
)

func TestLoginsGoOnWithoutTheStoreForAWhile(t *testing.T) {
	w := newWorld(t, nil)
	w.account("lab", "alice", "password", "none")
	w.account("lab", "kay", "publickey", "none")
	key := w.key()
	w.profile("lab", "")
	for _, tt := range []struct {
		name  string
		stage storetest.Stage
		want  string
	}{
		{"there", storetest.There, "allow:approved"},
		{"away", storetest.Away, "allow:approved"},
		{"away for too long", storetest.TooLong, "deny:policy_outdated"},
		{"there again", storetest.There, "allow:approved"},
	} {
		w.store.Set(tt.stage)
		for user, method := range map[string]ssh.AuthMethod{"alice": byPassword(), "kay": ssh.PublicKeys(key)} {
			a := w.login(w.address, user, nil, method)
			if got := w.reason(); got != tt.want || (a.err == nil) != strings.HasPrefix(tt.want, "allow") {
				t.Errorf("%s, %s: %s, %v", tt.name, user, got, a.err)
			}
			if told := strings.Count(a.banners.String(), "has not reached its configuration store for too long"); (told == 1) != (a.err != nil) {
				t.Errorf("%s, %s: told %d times:\n%s", tt.name, user, told, a.banners.String())
			}
		}
	}
}

func TestNobodyHasToBeToldOfRefusals(t *testing.T) {
	w := newWorld(t, func(c *sshd.Config) { c.Refused = nil })
	w.account("lab", "alice", "password", "none")
	w.store.Set(storetest.TooLong)
	if a := w.login(w.address, "alice", nil, byPassword()); a.err == nil || !strings.Contains(a.banners.String(), "tell its administrator") {
		t.Errorf("%v:\n%s", a.err, a.banners.String())
	}
}
