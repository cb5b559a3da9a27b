package duosim

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// An image is a response that is no document.
type image struct {
	contentType string
	data        []byte
}

// An answer is a whole reply, encoded, before it is sent.
type answer struct {
	status      int
	contentType string
	body        []byte
	headers     map[string]string
}

// reply sends a response or a failure in the call's dialect and writes the
// journal first, so that a client that has its answer finds it there.
func (s *Sim) reply(ctx context.Context, w http.ResponseWriter, c *call, response any, err error) {
	s.send(w, c, s.encode(ctx, c, response, err))
}

// encode makes the answer: {stat, response} or {stat, code, message}.
func (s *Sim) encode(ctx context.Context, c *call, response any, err error) answer {
	if img, ok := response.(image); ok && err == nil {
		c.entry.Reply = img.contentType
		return answer{status: http.StatusOK, contentType: img.contentType, body: img.data}
	}
	if err == nil {
		return encodeDocument(c, http.StatusOK, document{{"stat", "OK"}, {"response", response}})
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		s.config.Logger.ErrorContext(ctx, "the simulator failed on a request", slog.String("path", c.entry.Path), slog.Any("error", err))
		f = errInternal
	}
	c.entry.Code = f.code
	return encodeDocument(c, f.status(), f.document())
}

func encodeDocument(c *call, status int, doc document) answer {
	text, err := plainJSON(doc)
	if err != nil {
		panic(err) // a reply of ours without a form; survive answers for it
	}
	c.entry.Reply = cut(string(text))
	if !c.bson {
		return answer{status: status, contentType: "application/json", body: text}
	}
	data, err := doc.bson()
	if err != nil {
		panic(err)
	}
	return answer{status: status, contentType: "application/bson", body: data}
}

// send writes the journal and then the answer.
func (s *Sim) send(w http.ResponseWriter, c *call, a answer) {
	s.record(c, a.status)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // a test's recorder has none
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "no-store")
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	for name, value := range a.headers {
		h.Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may be gone
}

func (s *Sim) record(c *call, status int) {
	c.entry.Status = status
	now := s.now()
	c.entry.Milliseconds = float64(now.Sub(c.entry.Time).Microseconds()) / 1000
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal.add(c.entry)
	s.touch()
}
