package duosim

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// act does what a fault of the service does. It reports false for those that
// spoil the real answer, which has to be made first.
func (s *Sim) act(ctx context.Context, w http.ResponseWriter, c *call, f *Fault) bool {
	if f.Delay > 0 && !s.pause(ctx, time.Duration(f.Delay)) {
		s.drop(c)
	}
	switch f.Do {
	case DoHTTP:
		s.send(w, c, faultAnswer(c, f, f.Status))
	case DoRateLimit:
		a := faultAnswer(c, &Fault{Code: errTooManyRequests.code, Message: errTooManyRequests.message}, http.StatusTooManyRequests)
		if f.RetryAfter != "" {
			a.headers = map[string]string{"Retry-After": f.RetryAfter}
		}
		s.send(w, c, a)
	case DoFailInOK:
		s.send(w, c, faultAnswer(c, &Fault{Code: cmp.Or(f.Code, 40002), Message: cmp.Or(f.Message, "Invalid request parameters"), Detail: f.Detail}, http.StatusOK))
	case DoDrop:
		s.drop(c)
	case DoHang:
		s.record(c, 0)
		s.pause(ctx, 0)
		panic(http.ErrAbortHandler)
	case DoEmpty:
		s.send(w, c, answer{status: http.StatusOK, contentType: "application/json"})
	case DoNoResponse:
		s.send(w, c, encodeDocument(c, http.StatusOK, document{{"stat", "OK"}}))
	case DoNoResult:
		s.send(w, c, encodeDocument(c, http.StatusOK, document{{"stat", "OK"}, {"response", document{}}}))
	case DoWaiting:
		s.send(w, c, s.encode(ctx, c, c.shape(stateWaiting("pushed", textWaiting)), nil))
	default: // delay, broken_json, wrong_length, unknown_result
		return false
	}
	return true
}

// drop closes the connection without an answer.
func (s *Sim) drop(c *call) {
	s.record(c, 0)
	panic(http.ErrAbortHandler)
}

// pause waits for a time, or for ever with 0. It reports false when the client
// went away or the simulator closed first.
func (s *Sim) pause(ctx context.Context, d time.Duration) bool {
	var done <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		done = timer.C
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}

// faultAnswer is the answer a fault describes: a body as it stands, else a FAIL
// envelope, else for a status below 400 nothing.
func faultAnswer(c *call, f *Fault, status int) answer {
	a := answer{status: status, contentType: "text/html"}
	switch {
	case f.Body != "":
		a.body = []byte(f.Body)
		c.entry.Reply = cut(f.Body)
	case f.Code != 0 || status >= 400:
		code := cmp.Or(f.Code, status*100+1)
		c.entry.Code = code
		fail := failure{code, cmp.Or(f.Message, http.StatusText(status)), f.Detail}
		a = encodeDocument(c, status, fail.document())
	}
	if f.Location != "" {
		a.headers = map[string]string{"Location": f.Location}
	}
	return a
}

// replyFaulty sends the real answer, late or spoilt.
func (s *Sim) replyFaulty(ctx context.Context, w http.ResponseWriter, c *call, f *Fault, response any, err error) {
	if doc, ok := response.(document); ok && f.Do == DoUnknownResult {
		doc = doc.replaced("result", "zzz")
		if c.v1 && c.step == "preauth" {
			doc = doc.replaced("status", textActive) // Duo Unix demands a text before it looks at the word
		}
		response = doc
	}
	a := s.encode(ctx, c, response, err)
	switch f.Do {
	case DoBrokenJSON:
		a.body = a.body[:len(a.body)/2]
	case DoWrongLength:
		// net/http closes the connection under a body shorter than announced.
		s.record(c, a.status)
		w.Header().Set("Content-Type", a.contentType)
		w.Header().Set("Content-Length", "100000")
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
		return
	default: // late, or spoilt already
	}
	s.send(w, c, a)
}

// replaced returns the document with one member's value replaced or added.
func (d document) replaced(name string, value any) document {
	out := make(document, 0, len(d)+1)
	for _, m := range d {
		if m.name != name {
			out = append(out, m)
		}
	}
	return out.with(name, value)
}
