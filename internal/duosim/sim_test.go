package duosim_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/duosim/duosimtest"
	"github.com/duoplane/duoplane/internal/secret"
)

const (
	testIKey = "DIXYZV6YM8IFYVWBINCA"
	testSKey = "yzALk2gCaqP1uPiN2cMEVXDyUpCQVLEFA1lEFtBH"
)

// A bench is a simulator behind TLS.
type bench struct {
	sim  *duosim.Sim
	addr string // host:port
	pool *x509.CertPool
	http *http.Client
}

// seed is what most tests begin with.
func seed() duosim.Seed {
	settings := duosim.DefaultSettings()
	return duosim.Seed{
		Settings:     settings,
		Integrations: []duosim.Integration{{IKey: testIKey, SKey: duosim.Secret{Text: secret.NewText(testSKey)}}},
		Users: []duosim.User{
			{
				Name:        "alice",
				Devices:     []duosim.Device{{ID: "DPFZRS9FB0D46QFTM891", Number: "+1 555 555 1234"}},
				BypassCodes: []duosim.BypassCode{{Code: "123456", Reusable: true}, {Code: "900000001"}},
			},
			{Name: "bypass", State: duosim.Bypass},
			{Name: "locked", State: duosim.LockedOut},
			{Name: "disabled", State: duosim.Disabled},
			{Name: "new", State: duosim.Unenrolled},
			{Name: "tablet", Devices: []duosim.Device{{Name: "iPad", Platform: "iOS"}}},
			{Name: "token", Devices: []duosim.Device{{Type: duosim.Token, Name: "HT-1"}}},
			{Name: "nopush", Devices: []duosim.Device{{Number: "5550001", Capabilities: []duosim.Capability{duosim.CanPhone, duosim.CanSMS}}}},
		},
	}
}

// start runs a simulator behind TLS until the test ends.
func start(t *testing.T, config duosim.Config) *bench {
	t.Helper()
	if config.Seed.Users == nil {
		settings := config.Seed.Settings
		config.Seed = seed()
		if settings != (duosim.Settings{}) {
			config.Seed.Settings = settings
		}
	}
	service := duosimtest.Start(t, config)
	b := &bench{sim: service.Sim, addr: service.Host, pool: service.Pool}
	b.http = &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.pool}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(b.http.CloseIdleConnections)
	return b
}

// last returns the journal's newest entry.
func (b *bench) last(t *testing.T) duosim.Entry {
	t.Helper()
	journal := b.sim.Journal()
	if len(journal) == 0 {
		t.Fatal("the journal is empty")
	}
	return journal[len(journal)-1]
}

// configure changes settings.
func (b *bench) configure(t *testing.T, change func(*duosim.Settings)) {
	t.Helper()
	err := b.sim.Configure(func(s *duosim.Settings) error {
		change(s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
