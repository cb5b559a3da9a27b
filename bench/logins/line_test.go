package logins

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/localca"
)

// echo is a server that answers every byte with itself.
func echo(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

func open(t *testing.T, to string, delay time.Duration) *line {
	t.Helper()
	l, err := openLine(t.Context(), to, delay)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestALineAddsItsDelayToEveryRoundTripAndToOpening(t *testing.T) {
	const delay = 60 * time.Millisecond
	l := open(t, echo(t), delay)
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "127.0.0.1:"+l.port())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for i, least := range []time.Duration{2 * delay, delay, delay} { // the first pays for the connection
		began := time.Now()
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Fatalf("%q, %v", got, err)
		}
		if took := time.Since(began); took < least {
			t.Errorf("round trip %d took %v, want %v at least", i, took, least)
		}
	}
	if got := l.traffic(); got.waited < 4*delay || got.handshakes != 0 {
		t.Errorf("%+v, want four delays of waiting and no TLS handshake", got)
	}
}

func TestALineCountsTLSHandshakes(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	l := open(t, s.Listener.Addr().String(), 0)
	for range 2 {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // it is the line that is tested
		c, err := d.DialContext(t.Context(), "tcp", "127.0.0.1:"+l.port())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := l.traffic().handshakes; got != 2 {
		t.Errorf("%d handshakes, want 2", got)
	}
}

func TestTheEngineLogsInBothWaysAndSaysWhenItCannot(t *testing.T) {
	ca, err := localca.New(localca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := duosim.ParseSeed([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	service, err := duosim.New(duosim.Config{Seed: parsed, AutoApprove: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	app, err := service.AddIntegration(duosim.Integration{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(service.API())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}

	for key, want := range map[string]string{app.SKey.Reveal(): "", strings.Repeat("x", 40): "let in: false, signature"} {
		var in, out bytes.Buffer
		if err := json.NewEncoder(&in).Encode(errand{server.Listener.Addr().String(), app.IKey, key, caFile}); err != nil {
			t.Fatal(err)
		}
		in.WriteString("push\npasscode\n")
		if err := ServeEngine(t.Context(), nil, &in, &out); err != nil {
			t.Fatal(err)
		}
		answers := json.NewDecoder(&out)
		for _, k := range []kind{push, passcode} {
			var o outcome
			if err := answers.Decode(&o); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(o.Problem, want) || (want == "") != (o.Problem == "") || o.Wall <= 0 {
				t.Errorf("%s: %+v, want the problem %q", k, o, want)
			}
		}
	}
}
