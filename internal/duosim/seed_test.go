package duosim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/fault"
)

func TestTheSampleSeedShowsEveryKeyAndWorks(t *testing.T) {
	seed, err := duosim.ParseSeed([]byte(duosim.SampleSeed()))
	if err != nil {
		t.Fatal(err)
	}
	sim, err := duosim.New(duosim.Config{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	if got := sim.Settings(); got != duosim.DefaultSettings() {
		t.Errorf("the sample's settings are not the defaults: %+v", got)
	}
	if u, err := sim.User("ALICE"); err != nil || u.Devices[1].Passcode != "755224" || u.State != duosim.Active {
		t.Errorf("%+v %v", u, err)
	}
	if u, err := sim.User("dave"); err != nil || u.State != duosim.Unenrolled {
		t.Errorf("%+v %v", u, err)
	}
	if len(sim.Faults()) != 2 || len(sim.Integrations()) != 1 || !sim.Integrations()[0].SKey.IsZero() {
		t.Errorf("%+v %+v", sim.Faults(), sim.Integrations())
	}
	if shown := fmt.Sprintf("%+v", seed); strings.Contains(shown, "SampleSecretKey") || strings.Contains(shown, "JBSWY3DP") {
		t.Error("printing a seed shows its secrets")
	}
}

func TestSeedFilesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		"users:\n  - name: a\n    colour: red\n":     `line 3: unknown key "colour"`,
		"setings: {}\n":                              `line 1: unknown key "setings"`,
		"settings: {strict: maybe}\n":                "line 1: cannot unmarshal",
		"settings:\n  push_life: soon\n":             `line 2: "soon" is not a time span`,
		"settings:\n  push_life: [1]\n":              "line 2: want a time span",
		"users: []\nusers: []\n":                     "line 2",
		"users: []\n---\nusers: []\n":                "more than one document",
		"users: {\n":                                 "line ",
		"users: 7\n":                                 "line 1",
		strings.Repeat("#", 5<<20):                   "at most",
		"faults:\n  - {do: http, status: 503, x: 1}": `unknown key "x"`,
	} {
		if _, err := duosim.ParseSeed([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || fault.CodeOf(err) == fault.Internal {
			t.Errorf("%.60q: %v", text, err)
		}
	}
	seed, err := duosim.ParseSeed(nil)
	if err != nil || seed.Settings != duosim.DefaultSettings() {
		t.Errorf("an empty file: %+v %v", seed, err)
	}
}

func TestSeedsThatContradictThemselvesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"users: [{name: ''}]":                                                  `users[0] ""`,
		"users: [{name: a}, {name: A}]":                                        `users[1] "A": there is a user`,
		"users: [{name: ' a'}]":                                                "printable text",
		"users: [{name: a, state: frozen}]":                                    `state "frozen"`,
		"users: [{name: a, user_id: DUx}]":                                     "user_id must be DU",
		"users: [{name: a, verified_push: 2}]":                                 "verified_push",
		"users: [{name: a, failures: -1}]":                                     "failures",
		"users: [{name: a, bypass_codes: [{code: push1}]}]":                    "4 to 20 digits",
		"users: [{name: a, devices: [{type: fax}]}]":                           "phone or token",
		"users: [{name: a, devices: [{capabilities: [sms]}]}]":                 "needs a number",
		"users: [{name: a, devices: [{type: token, capabilities: [push]}]}]":   "a token has no capabilities",
		"users: [{name: a, devices: [{capabilities: [push], otp: {}}]}]":       "needs the capability mobile_otp",
		"users: [{name: a, devices: [{otp: {kind: votp}}]}]":                   "hotp or totp",
		"users: [{name: a, devices: [{otp: {digits: 5}}]}]":                    "6, 7 or 8",
		"users: [{name: a, devices: [{otp: {counter: 5}}]}]":                   "belongs to hotp",
		"users: [{name: a, devices: [{otp: {secret: '!CANARY!'}}]}]":           "base32",
		"integrations: [{integration_key: DIabc}]":                             "DI and 18",
		"integrations: [{secret_key: CANARY}]":                                 "40 letters",
		"integrations: [{kind: admin}]":                                        "auth or other",
		"settings: {lockout_after: -1, poll_hold: 0s, auto_approve_delay: 2h}": "lockout_after",
		"settings: {unknown_users: shoot}":                                     "enroll, allow or deny",
		"faults: [{do: approve, step: ping}]":                                  "faults[0]",
	} {
		seed, err := duosim.ParseSeed([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := duosim.New(duosim.Config{Seed: seed}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTheJournalIsBounded(t *testing.T) {
	b := start(t, duosim.Config{JournalSize: 5})
	for range 8 {
		b.get(t, "/auth/v2/ping", "x", strings.Repeat("y", 5000))
	}
	journal := b.sim.Journal()
	if len(journal) != 5 || journal[0].Number != 4 || journal[4].Number != 8 {
		t.Fatalf("%d entries from %d", len(journal), journal[0].Number)
	}
	if n := len(journal[0].Param("x")); n > 2100 || n < 2000 {
		t.Errorf("a long value is kept with %d bytes", n)
	}
	b.sim.ClearJournal()
	b.get(t, "/auth/v2/ping")
	if journal := b.sim.Journal(); len(journal) != 1 || journal[0].Number != 9 {
		t.Errorf("%+v", journal)
	}
}

func TestKeysHaveTheRealForm(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		ikey, skey, err := duosim.GenerateKeys(nil)
		if err != nil || len(ikey) != 20 || !strings.HasPrefix(ikey, "DI") || strings.ToUpper(ikey) != ikey || skey.Len() != 40 || seen[ikey] {
			t.Fatalf("%s %d %v", ikey, skey.Len(), err)
		}
		seen[ikey] = true
	}
}

func FuzzSeed(f *testing.F) {
	f.Add(duosim.SampleSeed())
	f.Add("users: [{name: a, devices: [{otp: {counter: 18446744073709551615}}]}]")
	f.Fuzz(func(_ *testing.T, text string) {
		seed, err := duosim.ParseSeed([]byte(text))
		if err != nil {
			return
		}
		sim, err := duosim.New(duosim.Config{Seed: seed, Now: func() time.Time { return time.Unix(1e9, 0) }})
		if err != nil {
			return
		}
		_ = sim.Users()
	})
}
