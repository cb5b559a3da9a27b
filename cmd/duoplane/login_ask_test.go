package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// An askingDoor asks until it is answered, and decides by the answer; polls
// meanwhile are held until something is new.
type askingDoor struct {
	mu    sync.Mutex
	polls int           // guarded by mu
	news  chan struct{} // closed when the question is withdrawn
}

const asking = `{"uuid":"u","state":"asking","prompt":"Passcode: "}`

func (d *askingDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet:
		d.mu.Lock()
		d.polls++
		d.mu.Unlock()
		select {
		case <-d.news:
			_, _ = io.WriteString(w, `{"uuid":"u","state":"done","decision":{"allow":false,"reason":"deadline"}}`)
		case <-time.After(20 * time.Millisecond):
			_, _ = io.WriteString(w, asking)
		case <-r.Context().Done():
		}
	case strings.HasSuffix(r.URL.Path, "/u"):
		body, _ := io.ReadAll(r.Body) // as sent by our own client
		if strings.Contains(string(body), `"123456"`) {
			_, _ = io.WriteString(w, `{"uuid":"u","state":"done","texts":["Success."],"decision":{"allow":true,"reason":"approved"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"uuid":"u","state":"asking","texts":["Incorrect passcode."],"prompt":"Passcode: "}`)
	default:
		_, _ = io.WriteString(w, asking)
	}
}

func (d *askingDoor) at(t *testing.T) *loginClient {
	t.Helper()
	return clientOf(t, d)
}

func TestAQuestionIsAskedAgain(t *testing.T) {
	var screen bytes.Buffer
	talk := conversation{client: (&askingDoor{news: make(chan struct{})}).at(t), person: &person{in: strings.NewReader("000000\n123456\n"), out: &screen}}
	got, err := talk.run(t.Context(), visit{User: "alice", Interactive: true})
	if err != nil || !got.Allow {
		t.Errorf("got %+v, %v", got, err)
	}
	if want := "Passcode: \nIncorrect passcode.\n\nPasscode: \nSuccess.\n"; screen.String() != want {
		t.Errorf("the screen shows %q, want %q", screen.String(), want)
	}
}

func TestALoginIsKeptOpenWhileThePersonThinks(t *testing.T) {
	d := &askingDoor{news: make(chan struct{})}
	typing, typed := io.Pipe()
	talk := conversation{client: d.at(t), person: &person{in: typing, out: io.Discard}}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer typed.Close() //nolint:errcheck // a pipe
		for tick := time.NewTicker(time.Millisecond); ; {
			d.mu.Lock()
			polls := d.polls
			d.mu.Unlock()
			if polls >= 3 {
				tick.Stop()
				_, _ = io.WriteString(typed, "123456\n")
				return
			}
			<-tick.C
		}
	})
	if got, err := talk.run(t.Context(), visit{User: "alice", Interactive: true}); err != nil || !got.Allow {
		t.Errorf("got %+v, %v", got, err)
	}
	wg.Wait()
}

func TestAQuestionThatIsWithdrawnEndsTheLogin(t *testing.T) {
	d := &askingDoor{news: make(chan struct{})}
	close(d.news)
	typing, typed := io.Pipe()
	defer typed.Close() //nolint:errcheck // a pipe
	talk := conversation{client: d.at(t), person: &person{in: typing, out: io.Discard}}
	if got, err := talk.run(t.Context(), visit{User: "alice", Interactive: true}); err != nil || got.Allow || got.Reason != "deadline" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestATerminalThatIsClosedEndsTheLogin(t *testing.T) {
	d := &askingDoor{news: make(chan struct{})}
	talk := conversation{client: d.at(t), person: &person{in: strings.NewReader("no line"), out: io.Discard}}
	if got, err := talk.run(t.Context(), visit{User: "alice", Interactive: true}); !errors.Is(err, io.EOF) || got.Allow {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhoGivesUpIsNotLetIn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	typing, typed := io.Pipe()
	defer typed.Close() //nolint:errcheck // a pipe
	talk := conversation{client: (&askingDoor{news: make(chan struct{})}).at(t), person: &person{in: typing, out: writerFunc(cancel)}}
	got, err := talk.run(ctx, visit{User: "alice", Interactive: true})
	if err == nil || got.Allow || errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A writerFunc is called with the first thing written.
type writerFunc func()

func (f writerFunc) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}
