package main

import (
	"net"
	"slices"
	"testing"
)

func TestAListenerIsReachedOnThisMachine(t *testing.T) {
	for _, tt := range []struct{ listens, want string }{
		{"127.0.0.1:8443", "127.0.0.1:8443"},
		{"0.0.0.0:8443", "127.0.0.1:8443"},
		{"[::]:8443", "localhost:8443"},
		{"[::1]:8443", "[::1]:8443"},
		{"192.0.2.7:443", "192.0.2.7:443"},
	} {
		addr, err := net.ResolveTCPAddr("tcp", tt.listens)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostPort(addr); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.listens, got, tt.want)
		}
	}
}

func TestOurCertificateNamesWhatClientsCall(t *testing.T) {
	for _, tt := range []struct {
		name, given string
		addr        net.TCPAddr
		want        []string
	}{
		{"the loopback", "127.0.0.1:0", net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, []string{"localhost", "127.0.0.1", "::1"}},
		{"a name that was given", "duo.example.org:443", net.TCPAddr{IP: net.IPv4(192, 0, 2, 7)}, []string{"duo.example.org", "192.0.2.7"}},
		{"an address with a zone", "[fe80::1%eth0]:443", net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, []string{"fe80::1"}},
		{"all addresses", ":443", net.TCPAddr{IP: net.IPv6unspecified}, []string{"localhost", "127.0.0.1", "::1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := certNames(tt.given, &tt.addr)
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("%s is not in %v", want, got)
				}
			}
			if _, err := ownCertificate(t.TempDir(), got); err != nil {
				t.Errorf("no certificate can have these names: %v", err)
			}
		})
	}
}
