package rest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"net"
	"net/netip"
	"sync"
)

// A visitor is what is remembered of one connection. It is for one request at
// a time: on a connection of HTTP/1.1 there are never two.
type visitor struct {
	addr netip.Addr
	from string // addr as text
	// mark stands for the credential that was verified last, and principal is
	// who presented it; nil when none was.
	mark      [sha256.Size]byte
	principal Principal
}

type visitorKey struct{}

// ConnContext lets an API remember a connection's address and who its requests
// are from, as long as the Principal stands. It is a ConnContext of http.Server
// for HTTP/1.1; a Server has it already.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, visitorKey{}, newVisitor(c.RemoteAddr().String()))
}

// visitorOf returns the connection's visitor, or a new one where the server
// keeps none.
func visitorOf(ctx context.Context, remote string) *visitor {
	if v, ok := ctx.Value(visitorKey{}).(*visitor); ok {
		return v
	}
	return newVisitor(remote)
}

func newVisitor(remote string) *visitor {
	v := new(visitor)
	v.addr, v.from = clientAddr(remote)
	return v
}

// recognise returns who the mark is of, nil when that is not known any more.
func (v *visitor) recognise(ctx context.Context, mark []byte) Principal {
	if v.principal == nil || subtle.ConstantTimeCompare(v.mark[:], mark) == 0 {
		return nil
	}
	if !v.principal.Stands(ctx) {
		v.principal = nil
		return nil
	}
	return v.principal
}

// marks makes marks of credentials, under a key that only this process knows,
// so that what is kept of a password in memory cannot be used to guess it.
type marks struct{ macs sync.Pool }

func newMarks() *marks {
	m, key := new(marks), make([]byte, sha256.Size)
	_, _ = rand.Read(key) // it never fails
	m.macs.New = func() any { return hmac.New(sha256.New, key) }
	return m
}

// appendMark appends the mark of a credential; what is beyond b's end may be
// written over.
func (m *marks) appendMark(b []byte, credential string) []byte {
	mac := m.macs.Get().(hash.Hash) //nolint:forcetypeassert // nothing else is in there
	defer m.macs.Put(mac)
	text := append(b, credential...)[len(b):]
	mac.Reset()
	mac.Write(text)
	clear(text)
	return mac.Sum(b)
}
