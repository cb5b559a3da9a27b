package duoapi

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

const (
	// idlePool is how many connections wait for further logins. Over HTTP/1
	// each long poll occupies one.
	idlePool = 16
	// idleTime stays below the 60 s after which load balancers commonly close
	// an idle connection: an Auth sent into a closing one fails, for it is
	// never sent twice.
	idleTime = 50 * time.Second
	// pingAfter and pingWithin find a dead HTTP/2 connection during a long
	// poll, before it swallows the next login too.
	pingAfter  = 15 * time.Second
	pingWithin = 5 * time.Second
	// maxHeader bounds the header of a reply.
	maxHeader = 64 << 10
	// readBuffer and writeBuffer hold a usual message of Duo's. Over HTTP/1.1
	// each login that waits for its push has a connection with a pair of them.
	readBuffer  = 2 << 10
	writeBuffer = 1 << 10
)

// newTransport returns the connection pool. It is used without an http.Client
// so that redirects are never followed.
func (c *Client) newTransport() *http.Transport {
	dial := c.cfg.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeouts.Connect)
			defer cancel()
			conn, err := dial(ctx, network, address)
			if trace := httptrace.ContextClientTrace(ctx); err == nil && trace != nil {
				// A Config.Dial need not tell; a net.Dialer tells twice, which does no harm.
				trace.ConnectDone(network, conn.RemoteAddr().String(), nil)
			}
			return conn, err
		},
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            c.cfg.RootCAs,
			ClientSessionCache: tls.NewLRUClientSessionCache(2),
		},
		TLSHandshakeTimeout:    c.cfg.Timeouts.Handshake,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingWithin},
		DisableCompression:     true,
		MaxIdleConns:           idlePool,
		MaxIdleConnsPerHost:    idlePool,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         readBuffer,
		WriteBufferSize:        writeBuffer,
	}
	if p := c.proxy; p != nil {
		t.Proxy = http.ProxyURL(p.url())
		t.GetProxyConnectHeader = func(context.Context, *url.URL, string) (http.Header, error) {
			return p.header(c.cfg.UserAgent), nil
		}
		t.OnProxyConnectResponse = checkTunnel
	}
	return t
}
