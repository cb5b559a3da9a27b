package sshd

import (
	"bytes"
	"io"
	"sync"
)

const (
	// maxTyped is how much may be typed, or pasted, before anybody reads it;
	// what is more waits at the client.
	maxTyped = 64 << 10
	ctrlC    = 3
)

// A keyboard is the input of a terminal. It is read ahead, so that Ctrl-C is
// seen while a command runs and nobody reads. Read and Interrupts are for one
// goroutine at a time.
type keyboard struct {
	mu        sync.Mutex // guards what follows
	news      sync.Cond  // of it
	typed     []byte
	end       error  // why there is no more
	closed    bool   // nobody reads any more
	interrupt func() // nil: Ctrl-C is a key like others
}

func newKeyboard() *keyboard {
	k := new(keyboard)
	k.news.L = &k.mu
	return k
}

// listen reads from the terminal until it ends, or nobody reads any more.
func (k *keyboard) listen(r io.Reader) {
	chunk := make([]byte, 4096)
	for {
		n, err := r.Read(chunk)
		if !k.press(chunk[:n], err) {
			return
		}
	}
}

// press takes what was typed, waits for room and reports whether there may be
// more.
func (k *keyboard) press(keys []byte, err error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.typed = append(k.typed, keys...)
	if err != nil {
		k.end = err
	}
	k.attend()
	k.news.Broadcast()
	for len(k.typed) >= maxTyped && !k.closed {
		k.news.Wait()
	}
	return k.end == nil && !k.closed
}

// attend acts on Ctrl-C if somebody asked for it: what was typed before it is
// dropped, as terminals do. It is called with mu held.
func (k *keyboard) attend() {
	at := bytes.LastIndexByte(k.typed, ctrlC)
	if k.interrupt == nil || at < 0 {
		return
	}
	k.typed = k.typed[at+1:]
	k.interrupt()
	k.interrupt = nil
}

// Interrupts has f called, which must not block, when Ctrl-C is pressed before
// the function returned is called.
func (k *keyboard) Interrupts(f func()) (stop func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.interrupt = f
	k.attend()
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.interrupt = nil
	}
}

// Read returns what was typed up to the end of a line: the next line may be for
// somebody else, and Ctrl-C behind this one for the command in it.
func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.typed) == 0 && k.end == nil && !k.closed {
		k.news.Wait()
	}
	switch {
	case len(k.typed) > 0:
		line := k.typed
		if end := bytes.IndexAny(line, "\r\n"); end >= 0 {
			line = line[:end+1]
		}
		n := copy(p, line)
		k.typed = k.typed[n:]
		k.news.Broadcast() // there is room
		return n, nil
	case k.end != nil:
		return 0, k.end
	}
	return 0, io.EOF
}

// close lets listen end.
func (k *keyboard) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	k.news.Broadcast()
}
