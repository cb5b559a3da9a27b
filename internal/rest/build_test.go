package rest

import (
	"context"
	"net/netip"
	"strings"
	"testing"
)

func anybody(context.Context, Credentials) (Principal, error) { return nil, nil }

func TestAFaultyConfigurationIsRefused(t *testing.T) {
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "authentication") {
		t.Errorf("without authentication: %v", err)
	}
	twice := jobResource(testJobs())
	if _, err := New(Config{Authenticate: anybody, Resources: []Mounted{twice}}); err == nil || !strings.Contains(err.Error(), "/cluster/jobs") {
		t.Errorf("two resources at one path: %v", err)
	}
	if _, err := NewServer(ServerConfig{}); err == nil {
		t.Error("a server without TLS")
	}
}

func TestClientAddresses(t *testing.T) {
	for _, c := range []struct{ remote, addr, text string }{
		{"192.0.2.1:443", "192.0.2.1", "192.0.2.1"},
		{"[2001:db8::1]:443", "2001:db8::1", "2001:db8::1"},
		{"[fe80::1%eth0]:443", "fe80::1%eth0", "fe80::1%eth0"},
		{"[::ffff:192.0.2.1]:443", "192.0.2.1", "192.0.2.1"},
	} {
		addr, text := clientAddr(c.remote)
		if addr != netip.MustParseAddr(c.addr) || text != c.text {
			t.Errorf("%s: %v, %q", c.remote, addr, text)
		}
	}
	if addr, text := clientAddr("pipe"); addr.IsValid() || text != "" {
		t.Errorf("no address: %v, %q", addr, text)
	}
}
