package duolink_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/localca"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// duoService is a simulator behind TLS, with links that trust it.
type duoService struct {
	sim     *duosim.Sim
	links   *duolink.Links
	keyset  *seal.Keyset
	profile duo.Profile
	mu      sync.Mutex
	now     time.Time // guarded by mu
	told    []string  // guarded by mu; how the requests to Duo ended
}

func newService(t *testing.T) *duoService {
	t.Helper()
	s := &duoService{now: time.Now()}
	var err error
	if s.sim, err = duosim.New(duosim.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.sim.Close)
	app, err := s.sim.AddIntegration(duosim.Integration{})
	if err != nil {
		t.Fatal(err)
	}
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(s.sim.API())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)

	if s.keyset, err = seal.InMemory(); err != nil {
		t.Fatal(err)
	}
	s.links = duolink.New(duolink.Config{Secrets: s.keyset, RootCAs: ca.Pool(), Now: s.clock, Observe: s.observe})
	t.Cleanup(s.links.Close)
	s.profile = duo.Profile{
		Owner: svm.Owner{UUID: "u", Name: "svm1"}, APIHost: server.Listener.Addr().String(),
		IntegrationKey: app.IKey, SecretKey: secret.Fresh(app.SKey.Text),
	}
	return s
}

func (s *duoService) observe(call duoapi.Call, kind duoapi.Kind, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, strings.TrimSpace(fmt.Sprint(call, " ", kind)))
}

func (s *duoService) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *duoService) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func TestStatusTellsFailuresApart(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, s *duoService)
		want   string // a part of the status
	}{
		{"all is well", func(*testing.T, *duoService) {}, "Ok"},
		{"nobody listens", func(_ *testing.T, s *duoService) { s.profile.APIHost = "127.0.0.1:1" }, duoapi.KindConnect.Reason()},
		{"a name nobody has", func(_ *testing.T, s *duoService) { s.profile.APIHost = "duo.invalid" }, duoapi.KindLookup.Reason()},
		{"an integration key nobody has", func(_ *testing.T, s *duoService) { s.profile.IntegrationKey = "DI000000000000000000" }, duoapi.KindKey.Reason()},
		{"a wrong secret key", func(_ *testing.T, s *duoService) { s.profile.SecretKey = secret.Fresh(secret.NewText("wrong")) }, duoapi.KindSignature.Reason()},
		{"a certificate for other names", func(_ *testing.T, s *duoService) {
			s.profile.APIHost = strings.Replace(s.profile.APIHost, "127.0.0.1", "localhost", 1)
		}, duoapi.KindTLSName.Reason()},
		{"a clock too far off", func(t *testing.T, s *duoService) {
			t.Helper()
			err := s.sim.Configure(func(to *duosim.Settings) error {
				to.ClockShift = duosim.Duration(400 * time.Second)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}, "off by about 7 minutes"},
		{"an error of the service", func(t *testing.T, s *duoService) {
			t.Helper()
			if _, err := s.sim.AddFault(duosim.Fault{Do: duosim.DoHTTP, Step: "check", Status: 500}); err != nil {
				t.Fatal(err)
			}
		}, duoapi.KindServer.Reason()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			tt.change(t, s)
			if got := s.links.Status(t.Context(), &s.profile); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
		})
	}
}

func TestTheObserverIsToldOfEveryProfilesRequests(t *testing.T) {
	s := newService(t)
	s.links.Status(t.Context(), &s.profile)
	s.profile.SecretKey = secret.Fresh(secret.NewText("wrong"))
	other, err := s.links.Open(&s.profile)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Check(t.Context()); err == nil {
		t.Fatal("a wrong key fits")
	}
	if diff := cmp.Diff([]string{"ping", "check", "check signature"}, s.told); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestStatusIsSharedAndKeptForAMinute(t *testing.T) {
	s := newService(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := s.links.Status(t.Context(), &s.profile); got != duolink.Ok {
				t.Errorf("got %q", got)
			}
		})
	}
	wg.Wait()
	if got := len(s.sim.Journal()); got != 2 {
		t.Errorf("20 who ask at once cost %d requests, want a ping and a check", got)
	}
	s.wait(59 * time.Second)
	s.links.Status(t.Context(), &s.profile)
	if got := len(s.sim.Journal()); got != 2 {
		t.Errorf("a status of 59 s ago was asked for again: %d requests", got)
	}
	s.wait(2 * time.Second)
	s.links.Status(t.Context(), &s.profile)
	if got := len(s.sim.Journal()); got != 4 {
		t.Errorf("a status of 61 s ago was not asked for again: %d requests", got)
	}
}

func TestAChangedProfileIsProbedAnew(t *testing.T) {
	s := newService(t)
	if got := s.links.Status(t.Context(), &s.profile); got != duolink.Ok {
		t.Fatal(got)
	}
	changed := s.profile
	changed.IntegrationKey = "DI000000000000000000"
	if got := s.links.Status(t.Context(), &changed); got == duolink.Ok {
		t.Error("the status of the keys before is still shown")
	}
}

func TestAClientIsForOneStateOfItsProfile(t *testing.T) {
	s := newService(t)
	client := func(p duo.Profile) *duoapi.Client {
		t.Helper()
		c, err := s.links.Client(&p)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	sealed := func(place secret.Place, plain string) secret.Sealed {
		t.Helper()
		out, err := s.keyset.Seal(place, secret.Fresh(secret.NewText(plain)))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	p := s.profile
	p.HTTPProxy = "user:" + duo.ProxyMask + "@10.4.0.9:3128"
	p.SecretKey, p.ProxyPassword = sealed(duo.SecretKeyPlace(&p), "a key"), sealed(duo.ProxyPasswordPlace(&p), "a word")
	for name, change := range map[string]func(*duo.Profile){
		"host":            func(p *duo.Profile) { p.APIHost = "api.example.org" },
		"integration key": func(p *duo.Profile) { p.IntegrationKey = "DI000000000000000000" },
		"secret key":      func(p *duo.Profile) { p.SecretKey = sealed(duo.SecretKeyPlace(p), "another key") },
		"fingerprint":     func(p *duo.Profile) { p.Fingerprint = "00" },
		"proxy":           func(p *duo.Profile) { p.HTTPProxy = "user:" + duo.ProxyMask + "@10.4.0.10:3128" },
		"proxy password":  func(p *duo.Profile) { p.ProxyPassword = sealed(duo.ProxyPasswordPlace(p), "another word") },
	} {
		t.Run(name, func(t *testing.T) {
			before, changed := client(p), p
			if client(p) != before {
				t.Fatal("the same profile has two clients")
			}
			if change(&changed); client(changed) == before {
				t.Error("the changed profile has the client of the one before")
			}
		})
	}
}

func TestNothingIsBegunAfterTheEnd(t *testing.T) {
	s := newService(t)
	s.links.Close()
	if got := s.links.Status(t.Context(), &s.profile); !strings.HasPrefix(got, "Not known yet") {
		t.Errorf("got %q", got)
	}
	if n := len(s.sim.Journal()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestWhoCannotWaitIsToldSo(t *testing.T) {
	s := newService(t)
	if _, err := s.sim.AddFault(duosim.Fault{Do: duosim.DoHang, Step: "ping"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := s.links.Status(ctx, &s.profile); !strings.HasPrefix(got, "Not known yet") {
		t.Errorf("got %q", got)
	}
}

func TestALoginThatFailedOpenShowsUntilDuoAnswers(t *testing.T) {
	s := newService(t)
	s.links.Reached(&s.profile, &duoapi.Error{Kind: duoapi.KindConnect}, true)
	if s.links.Recent(&s.profile) {
		t.Error("an outage counts as a recent answer")
	}
	if got := s.links.Status(t.Context(), &s.profile); !strings.Contains(got, "let in without Duo") {
		t.Errorf("got %q", got)
	}
	s.links.Reached(&s.profile, nil, false)
	if got := s.links.Status(t.Context(), &s.profile); got != duolink.Ok || !s.links.Recent(&s.profile) {
		t.Errorf("after an answer: %q", got)
	}
}

func TestSecretsThatDoNotOpenAreAnError(t *testing.T) {
	s := newService(t)
	s.profile.SecretKey = secret.FromCipher([]byte("not sealed by this keyset"))
	if _, err := s.links.Client(&s.profile); !errors.Is(err, seal.ErrMalformed) {
		t.Errorf("got %v", err)
	}
	if got := s.links.Status(t.Context(), &s.profile); !strings.Contains(got, "cannot be used") {
		t.Errorf("got %q", got)
	}
}

func TestTheLeastRecentlyUsedClientGoesFirst(t *testing.T) {
	s := newService(t)
	client := func(owner int) *duoapi.Client {
		p := s.profile
		p.Owner.UUID = fmt.Sprint(owner)
		c, err := s.links.Client(&p)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const kept = 4096
	first, second := client(0), client(1)
	for owner := 2; owner < kept; owner++ {
		client(owner)
	}
	if client(0) != first {
		t.Error("a client in use was made anew")
	}
	client(kept)
	if client(0) != first {
		t.Error("the most recently used client is gone")
	}
	if client(1) == second {
		t.Error("the least recently used client is still there")
	}
}
