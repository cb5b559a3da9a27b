package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"syscall"
)

// listen opens the address of an option, or says what to do instead.
func listen(ctx context.Context, option, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, faultf(option, "%s is taken by another program; stop that one or choose another address (port 0 takes a free one)", addr)
	case errors.Is(err, os.ErrPermission):
		return nil, faultf(option, "%s may not be opened by this user; choose a port above 1023", addr)
	}
	return nil, faultf(option, "cannot listen: %v", err)
}

// hostPort returns the address under which a client on this machine reaches a
// listener: a listener on all addresses is reached over the loopback.
func hostPort(addr net.Addr) string {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil || !ap.Addr().IsUnspecified() {
		return addr.String()
	}
	host := "127.0.0.1"
	if ap.Addr().Is6() && !ap.Addr().Is4In6() {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(addr.String())
	return net.JoinHostPort(host, port)
}

// hostShape is what a certificate takes as a host name.
var hostShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$`)

// certNames returns the names a certificate of our own carries for a listener:
// this machine's, and whatever the listener was asked for by. One on all
// addresses is reached by any of the machine's.
func certNames(given string, addr net.Addr) []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	add := func(name string) {
		ip, err := netip.ParseAddr(name)
		if err == nil {
			name = ip.Unmap().WithZone("").String()
		}
		if (ip.IsValid() && !ip.IsUnspecified() || hostShape.MatchString(name)) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if host, _, err := net.SplitHostPort(given); err == nil {
		add(host)
	}
	if ap, err := netip.ParseAddrPort(addr.String()); err == nil {
		add(ap.Addr().String())
		if ap.Addr().IsUnspecified() {
			for _, own := range ownAddresses() {
				add(own)
			}
		}
	}
	if host, err := os.Hostname(); err == nil {
		add(host)
	}
	return names
}

// ownAddresses returns the machine's addresses, as far as they are known.
func ownAddresses() []string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var out []string
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLinkLocalUnicast() {
			out = append(out, prefix.Addr().String())
		}
	}
	return out
}
