package rest

import (
	"net/http"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/svm"
)

// authenticate verifies the request's Basic credential and fills in the
// caller. Only the address of the connection counts: a header that claims
// another one would let a stranger choose whose failures are counted.
func (x *exchange) authenticate() (Principal, error) {
	v := visitorOf(x.ctx, x.r.RemoteAddr)
	header := x.r.Header.Get("Authorization")
	x.buf = x.api.marks.appendMark(x.buf[:0], header)
	principal := v.recognise(x.ctx, x.buf)
	if principal == nil {
		var err error
		if principal, err = x.verify(v); err != nil {
			return nil, err
		}
		v.principal = principal
		copy(v.mark[:], x.buf)
	}
	x.caller = principal.Who()
	x.caller.From, x.caller.Via, x.caller.Request = v.from, "rest", x.id
	return principal, nil
}

// verify has the credential looked at.
func (x *exchange) verify(v *visitor) (Principal, error) {
	user, password, ok := x.r.BasicAuth()
	if !ok || !utf8.ValidString(user) || strings.IndexByte(user, 0) >= 0 {
		return nil, fault.New(fault.Unauthenticated, "", msgUnauthenticated)
	}
	principal, err := x.api.cfg.Authenticate(x.ctx, Credentials{User: user, Password: secret.NewText(password), From: v.addr, Request: x.id})
	if fault.Is(err, fault.Unauthenticated) { // one text for every reason
		err = fault.Wrap(err, fault.Unauthenticated, "", msgUnauthenticated)
	}
	return principal, err
}

// clientAddr returns the address of "host:port" as a value and as text.
func clientAddr(remote string) (netip.Addr, string) {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}, ""
	}
	addr := ap.Addr()
	if addr.Is4In6() {
		addr = addr.Unmap()
		return addr, addr.String()
	}
	host := remote[:strings.LastIndexByte(remote, ':')]
	return addr, strings.Trim(host, "[]")
}

// narrow confines the caller to the SVM named in the request's headers.
func (x *exchange) narrow() error {
	name, byName := x.r.Header["X-Dot-Svm-Name"]
	id, byUUID := x.r.Header["X-Dot-Svm-Uuid"]
	if !byName && !byUUID {
		return nil
	}
	owner := svm.Owner{}
	for _, h := range []struct {
		header string
		values []string
		to     *string
	}{{"X-Dot-SVM-Name", name, &owner.Name}, {"X-Dot-SVM-UUID", id, &owner.UUID}} {
		switch {
		case len(h.values) == 0:
			continue
		case len(h.values) > 1:
			return fault.New(fault.TwiceField, h.header, `Header "%s" was specified twice.`, h.header)
		case h.values[0] == "", !utf8.ValidString(h.values[0]):
			return fault.New(fault.BadReason, h.header, `Header "%s" names no SVM.`, h.header)
		}
		*h.to = h.values[0]
	}
	if x.api.cfg.ScopeTo == nil {
		return fault.New(fault.BadRequest, "X-Dot-SVM-Name", "Calls cannot be limited to an SVM here.")
	}
	caller, err := x.api.cfg.ScopeTo(x.ctx, x.caller, owner)
	if err != nil {
		if c := fault.CodeOf(err); c == fault.NoSuchOwner || c == fault.OwnerMismatch {
			return &statusError{err, http.StatusBadRequest}
		}
		return err
	}
	x.caller = caller
	return nil
}
