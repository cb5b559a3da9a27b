package duoapi

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// A watch follows one call through its steps, so that an error can say where
// it happened and a Probe how long each step took.
type watch struct {
	proxy string // its address, "" without one

	// mu guards everything below: net/http calls the hooks from several
	// goroutines, and a dial may go on after the call that began it has ended.
	mu       sync.Mutex
	step     Step
	since    time.Time
	took     map[Step]time.Duration
	answered bool   // the first byte of the reply has come
	address  string // of the TCP connection
	tls      tls.ConnectionState
}

func newWatch(p *proxy) *watch {
	w := &watch{step: StepConnect, since: time.Now(), took: make(map[Step]time.Duration)}
	if p != nil {
		w.proxy = p.address
	}
	return w
}

func (w *watch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { w.dialing(StepLookup) },
		ConnectStart: func(_, _ string) { w.dialing(StepConnect) },
		ConnectDone: func(_, address string, err error) {
			if err == nil {
				w.connected(address)
			}
		},
		TLSHandshakeStart:    func() { w.dialing(StepTLS) },
		TLSHandshakeDone:     func(s tls.ConnectionState, _ error) { w.handshaken(s) },
		GotConn:              func(httptrace.GotConnInfo) { w.enter(StepReply) },
		GotFirstResponseByte: w.firstByte,
	}
}

// enter ends the running step and begins another. Repeats of a step add up.
func (w *watch) enter(s Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.enterLocked(s)
}

func (w *watch) enterLocked(s Step) {
	now := time.Now()
	w.took[w.step] += now.Sub(w.since)
	w.step, w.since = s, now
}

// dialing is enter for the steps of a dial. Once the call has a connection,
// perhaps another than the one it had begun to dial, they no longer count.
func (w *watch) dialing(s Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.step != StepReply {
		w.enterLocked(s)
	}
}

func (w *watch) connected(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.step != StepLookup && w.step != StepConnect {
		return
	}
	w.address = address
	if w.proxy != "" {
		w.enterLocked(StepProxy)
	}
}

func (w *watch) handshaken(s tls.ConnectionState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tls = s
}

func (w *watch) firstByte() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
}

// end closes the running step and returns it.
func (w *watch) end() (s Step, answered bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.enterLocked(w.step)
	return w.step, w.answered
}
