package duosim

import (
	"io"
	"net/http"
	"time"
)

const (
	// maxStreams bounds the pages that are live at one time.
	maxStreams = 64
	// eventPause keeps a busy service from keeping the page busy too.
	eventPause = 150 * time.Millisecond
	// eventBeat is how often a stream shows that it is alive.
	eventBeat = 15 * time.Second
)

// events streams a word whenever the page has something new to show: a change
// of anything, or of the timed passcodes. What changed the page fetches itself.
func (s *Sim) events(w http.ResponseWriter, r *http.Request) {
	if s.streams.Add(1) > maxStreams {
		s.streams.Add(-1)
		http.Error(w, "Too many pages are open.", http.StatusServiceUnavailable)
		return
	}
	defer s.streams.Add(-1)
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(writeTimeout)) // a test's recorder has none
		_, err := io.WriteString(w, text)
		return err == nil && out.Flush() == nil
	}
	if !send("retry: 1000\n\nevent: change\ndata: open\n\n") {
		return
	}
	for {
		s.mu.Lock()
		changed, wait := s.changed, s.nextChange()
		s.mu.Unlock()
		timer := time.NewTimer(min(wait, eventBeat))
		text := "event: change\ndata: change\n\n"
		select {
		case <-changed:
		case <-timer.C:
			if wait > eventBeat {
				text = ": still here\n\n"
			}
		case <-r.Context().Done():
			timer.Stop()
			return
		case <-s.closed:
			timer.Stop()
			return
		}
		timer.Stop()
		if !send(text) || !s.rest(r) {
			return
		}
	}
}

// rest waits a moment between two events.
func (s *Sim) rest(r *http.Request) bool {
	return s.pause(r.Context(), eventPause)
}

// nextChange is when the page changes by itself: a passcode's time is up, or
// the next entry of a script is due. The caller holds the mutex.
func (s *Sim) nextChange() time.Duration {
	now := s.now()
	wait := now.Truncate(otpPeriod).Add(otpPeriod).Sub(now)
	for _, tx := range s.live {
		if at, ok := tx.next(); ok {
			wait = min(wait, max(at.Sub(now), eventPause))
		}
	}
	return wait
}
