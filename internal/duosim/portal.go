package duosim

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// portal serves the pages enrolment links lead to. Who has the link may use it,
// under whatever name the service is reached.
func (s *Sim) portal() http.Handler {
	t := parseTemplates()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+portalPath, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("barcode") {
			s.barcode(w, r)
			return
		}
		s.showPortal(w, r, t, portalPage{})
	})
	mux.HandleFunc("POST "+portalPath, func(w http.ResponseWriter, r *http.Request) {
		s.postPortal(w, r, t)
	})
	serveFiles(mux, portalPath+"/", "phone.css", "icon.svg")
	return pageHeaders(http.NewCrossOriginProtection().Handler(mux))
}

// A portalPage is one state of an enrolment's page.
type portalPage struct {
	Code, Name, Error string
	Done, Gone        bool
}

// enrolling fills a page with what the link's code stands for.
func (s *Sim) enrolling(code string, p portalPage) portalPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Code = code
	e := s.enrolments[code]
	if e == nil || !p.Done && (e.done || s.now().After(e.expires)) {
		p.Gone = true
		return p
	}
	p.Name = e.name
	return p
}

func (s *Sim) showPortal(w http.ResponseWriter, r *http.Request, t *template.Template, p portalPage) {
	p = s.enrolling(r.URL.Query().Get("code"), p)
	status := http.StatusOK
	switch {
	case p.Gone:
		status = http.StatusNotFound
	case p.Error != "":
		status = http.StatusBadRequest
	}
	s.render(w, r, t, "portal.html", status, p)
}

func (s *Sim) postPortal(w http.ResponseWriter, r *http.Request, t *template.Template) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	field := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	_, err := s.complete(r.URL.Query().Get("code"), Device{Name: field("name"), Platform: field("platform"), Number: field("number")})
	if err != nil {
		s.showPortal(w, r, t, portalPage{Error: err.Error()})
		return
	}
	s.showPortal(w, r, t, portalPage{Done: true})
}

// barcode is the picture that a real service lets a phone scan. Nothing here
// can scan it, so it says what to do instead.
func (s *Sim) barcode(w http.ResponseWriter, r *http.Request) {
	p := s.enrolling(r.URL.Query().Get("code"), portalPage{})
	if p.Gone {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 120"><rect width="320" height="120" rx="12" fill="#e8f5e9"/>`+
		`<g font-family="sans-serif" text-anchor="middle" fill="#1b5e20"><text x="160" y="50" font-size="16">Simulated: open the link instead</text>`+
		`<text x="160" y="80" font-size="14">%s</text></g></svg>`, template.HTMLEscapeString(p.Code))
}
