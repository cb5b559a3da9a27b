package duosim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
)

// maxControlBody bounds the body of a control request.
const maxControlBody = 1 << 20

// Control returns the handler of the control API (under /api/) and of the page
// that stands in for the telephone. Whoever reaches it can approve any login:
// it belongs on a loopback listener.
func (s *Sim) Control() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(*http.Request) (any, error){
		"GET /api/integrations":               s.getIntegrations,
		"POST /api/integrations":              s.postIntegration,
		"PATCH /api/integrations/{ikey}":      s.patchIntegration,
		"GET /api/users":                      s.getUsers,
		"POST /api/users":                     s.postUser,
		"GET /api/users/{name}":               s.getUser,
		"PATCH /api/users/{name}":             s.patchUser,
		"DELETE /api/users/{name}":            s.deleteUser,
		"POST /api/users/{name}/bypass_codes": s.postBypassCodes,
		"GET /api/pushes":                     s.getPushes,
		"POST /api/pushes/{txid}":             s.postAnswer,
		"GET /api/settings":                   s.getSettings,
		"PATCH /api/settings":                 s.patchSettings,
		"GET /api/faults":                     s.getFaults,
		"POST /api/faults":                    s.postFault,
		"DELETE /api/faults":                  s.deleteFaults,
		"DELETE /api/faults/{id}":             s.deleteFault,
		"GET /api/journal":                    s.getJournal,
		"DELETE /api/journal":                 s.deleteJournal,
		"POST /api/reset":                     s.postReset,
	} {
		mux.HandleFunc(pattern, s.answerJSON(h))
	}
	mux.HandleFunc("/api/", s.answerJSON(func(*http.Request) (any, error) {
		return nil, fault.New(fault.NoSuchAPI, "", "the control API has no such path or method")
	}))
	s.pageRoutes(mux)
	mux.Handle(portalPath, s.portal())
	mux.Handle(portalPath+"/", s.portal())
	return s.guard(mux)
}

// answerJSON makes a handler of a function: its value in JSON, or its error.
func (s *Sim) answerJSON(h func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
		status := http.StatusOK
		value, err := h(r)
		if err != nil {
			status, value = s.errorDocument(r, err)
		}
		body, err := plainJSON(value)
		if err != nil {
			s.config.Logger.ErrorContext(r.Context(), "a control reply cannot be encoded", slog.String("path", r.URL.Path), slog.Any("error", err))
			status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal"}}`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(body, '\n'))
	}
}

// errorDocument gives an error its HTTP status and form.
func (s *Sim) errorDocument(r *http.Request, err error) (int, any) {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		s.config.Logger.ErrorContext(r.Context(), "a control request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
		e = fault.New(fault.Internal, "", "the simulator failed on this request")
		err = e
	}
	status := http.StatusBadRequest
	switch e.Code {
	case fault.NotFound, fault.NoSuchAPI:
		status = http.StatusNotFound
	case fault.Exists:
		status = http.StatusConflict
	case fault.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case fault.TooMany:
		status = http.StatusTooManyRequests
	case fault.Internal:
		status = http.StatusInternalServerError
	default: // a bad request
	}
	return status, map[string]any{"error": map[string]string{
		"code": string(e.Code), "target": e.Target, "message": strings.ReplaceAll(err.Error(), "\n", "; "),
	}}
}

// decodeJSON reads a body strictly.
func decodeJSON(r *http.Request, into any) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	return strictJSON(body, into)
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.New(fault.TooLarge, "", "the body may have %d bytes at most", maxControlBody)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "", "the body cannot be read")
	}
	return body, nil
}

// strictJSON decodes one object: no unknown member, nothing after it.
func strictJSON(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fault.New(fault.BadJSON, "", "the body cannot be read: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.BadJSON, "", "there is something after the body's object")
	}
	return nil
}

func (s *Sim) getIntegrations(*http.Request) (any, error) {
	out := []map[string]any{}
	for _, in := range s.Integrations() {
		out = append(out, in.shown())
	}
	return out, nil
}

// shown is an integration without its secret key.
func (in Integration) shown() map[string]any {
	return map[string]any{"name": in.Name, "integration_key": in.IKey, "kind": in.Kind, "off": in.Off}
}

// postIntegration is the one place where a secret key is told: to whoever just
// made it, or had it made up.
func (s *Sim) postIntegration(r *http.Request) (any, error) {
	var in Integration
	if err := decodeJSON(r, &in); err != nil {
		return nil, err
	}
	made, err := s.AddIntegration(in)
	if err != nil {
		return nil, err
	}
	out := made.shown()
	out["secret_key"] = made.SKey.Reveal()
	return out, nil
}

func (s *Sim) patchIntegration(r *http.Request) (any, error) {
	var in struct {
		Off *bool `json:"off"`
	}
	if err := decodeJSON(r, &in); err != nil {
		return nil, err
	}
	if in.Off == nil {
		return nil, fault.New(fault.MissingField, "off", "off is all that can be changed")
	}
	return struct{}{}, s.SwitchIntegration(r.PathValue("ikey"), *in.Off)
}

func (s *Sim) getUsers(*http.Request) (any, error) { return s.Users(), nil }

func (s *Sim) getUser(r *http.Request) (any, error) { return s.User(r.PathValue("name")) }

func (s *Sim) postUser(r *http.Request) (any, error) {
	var in User
	if err := decodeJSON(r, &in); err != nil {
		return nil, err
	}
	if err := s.AddUser(in); err != nil {
		return nil, err
	}
	return s.User(in.Name)
}

func (s *Sim) patchUser(r *http.Request) (any, error) {
	var in struct {
		State State `json:"state"`
	}
	if err := decodeJSON(r, &in); err != nil {
		return nil, err
	}
	if err := s.SetUserState(r.PathValue("name"), in.State); err != nil {
		return nil, err
	}
	return s.User(r.PathValue("name"))
}

func (s *Sim) deleteUser(r *http.Request) (any, error) {
	return struct{}{}, s.RemoveUser(r.PathValue("name"))
}

func (s *Sim) postBypassCodes(r *http.Request) (any, error) {
	in := struct {
		Count int `json:"count"`
	}{Count: 1}
	if err := decodeJSON(r, &in); err != nil {
		return nil, err
	}
	return s.AddBypassCodes(r.PathValue("name"), in.Count)
}

// AddBypassCodes makes up single-use bypass codes for a user and returns them.
func (s *Sim) AddBypassCodes(name string, n int) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(name)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > 10 || len(u.bypass)+n > maxBypass {
		return nil, badValue("count", "count must be 1 to 10, and a user may have %d codes", maxBypass)
	}
	codes, err := u.addBypass(s.config.Random, n)
	s.touch()
	return codes, err
}

func (s *Sim) getPushes(*http.Request) (any, error) { return s.Pending(), nil }

func (s *Sim) postAnswer(r *http.Request) (any, error) {
	var in struct {
		Answer Answer `json:"answer"`
		Code   string `json:"code"`
	}
	if err := decodeJSON(r, &in); err != nil {
		return nil, err
	}
	return struct{}{}, s.Answer(r.PathValue("txid"), in.Answer, in.Code)
}

func (s *Sim) getSettings(*http.Request) (any, error) { return s.Settings(), nil }

// patchSettings changes the settings that are named.
func (s *Sim) patchSettings(r *http.Request) (any, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if err := s.Configure(func(settings *Settings) error { return strictJSON(body, settings) }); err != nil {
		return nil, err
	}
	return s.Settings(), nil
}

func (s *Sim) getFaults(*http.Request) (any, error) { return s.Faults(), nil }

func (s *Sim) postFault(r *http.Request) (any, error) {
	var in Fault
	if err := decodeJSON(r, &in); err != nil {
		return nil, err
	}
	id, err := s.AddFault(in)
	in.ID = id
	return in, err
}

func (s *Sim) deleteFault(r *http.Request) (any, error) {
	return struct{}{}, s.RemoveFault(r.PathValue("id"))
}

func (s *Sim) deleteFaults(*http.Request) (any, error) {
	s.ClearFaults()
	return struct{}{}, nil
}

// getJournal returns the entries after a number, of a user, of a step.
func (s *Sim) getJournal(r *http.Request) (any, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badValue("query", "the query cannot be read")
	}
	after := int64(0)
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, badValue("after", "after must be the number of an entry")
		}
	}
	return slices.DeleteFunc(s.Journal(), func(e Entry) bool {
		return e.Number <= after || q.Has("user") && !strings.EqualFold(e.User, q.Get("user")) || q.Has("step") && e.Step != q.Get("step")
	}), nil
}

func (s *Sim) deleteJournal(*http.Request) (any, error) {
	s.ClearJournal()
	return struct{}{}, nil
}

func (s *Sim) postReset(*http.Request) (any, error) { return struct{}{}, s.Reset() }
