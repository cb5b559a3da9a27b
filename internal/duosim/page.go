package duosim

import (
	"bytes"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/duoplane/duoplane/internal/fault"
)

//go:embed phone
var phoneFiles embed.FS

const (
	pageUsers   = 50 // as many as fit a person; the rest is found by searching
	pageJournal = 50
)

// A page is all that the phone page shows.
type page struct {
	Settings Settings
	Pushes   []pushCard
	Users    []UserView
	Total    int // users that the search fits
	Query    string
	Faults   []Fault
	Journal  []Entry
	Left     int // seconds until timed passcodes change
}

type pushCard struct {
	Push
	Left, Life int // seconds
}

// pageData collects it. query is part of a user's name, or empty.
func (s *Sim) pageData(query string) page {
	now := s.now()
	p := page{Settings: s.Settings(), Query: query, Faults: s.Faults(), Left: 30 - int(now.Unix()%30)}
	for _, push := range s.Pending() {
		card := pushCard{Push: push, Life: int(push.Expires.Sub(push.Created) / time.Second)}
		card.Left = max(int(push.Expires.Sub(now)/time.Second), 0)
		p.Pushes = append(p.Pushes, card)
	}
	p.Users, p.Total = s.searchUsers(query, pageUsers)
	journal := s.Journal()
	for i := len(journal) - 1; i >= 0 && len(p.Journal) < pageJournal; i-- {
		p.Journal = append(p.Journal, journal[i])
	}
	return p
}

// searchUsers returns the first users whose name holds the text, and how many
// there are.
func (s *Sim) searchUsers(text string, limit int) ([]UserView, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = foldName(text)
	var out []UserView
	total, now := 0, s.now()
	for _, u := range s.sortedUsers() {
		if !strings.Contains(foldName(u.name), text) && !strings.Contains(foldName(u.realName), text) {
			continue
		}
		if total++; total <= limit {
			out = append(out, u.view(now))
		}
	}
	return out, total
}

// pageRoutes adds the page, its files, its stream of changes and its forms.
func (s *Sim) pageRoutes(mux *http.ServeMux) {
	t := parseTemplates()
	mux.HandleFunc("GET /{$}", s.show(t, "page.html"))
	mux.HandleFunc("GET /live", s.show(t, "live"))
	mux.HandleFunc("GET /events", s.events)
	serveFiles(mux, "/phone/", "phone.css", "phone.js", "icon.svg")
	for pattern, act := range map[string]func(*http.Request, url.Values) error{
		"POST /pushes/{txid}": func(r *http.Request, f url.Values) error {
			return s.Answer(r.PathValue("txid"), Answer(f.Get("answer")), strings.TrimSpace(f.Get("code")))
		},
		"POST /users/{name}/state": func(r *http.Request, f url.Values) error {
			return s.SetUserState(r.PathValue("name"), State(f.Get("state")))
		},
		"POST /users/{name}/bypass_codes": func(r *http.Request, _ url.Values) error {
			_, err := s.AddBypassCodes(r.PathValue("name"), 1)
			return err
		},
		"POST /faults/{id}/remove": func(r *http.Request, _ url.Values) error { return s.RemoveFault(r.PathValue("id")) },
		"POST /auto_approve": func(_ *http.Request, f url.Values) error {
			return s.Configure(func(settings *Settings) error {
				settings.AutoApprove = f.Get("on") == "true"
				return nil
			})
		},
	} {
		mux.HandleFunc(pattern, s.form(t, act))
	}
}

// serveFiles serves some of the embedded files under a path.
func serveFiles(mux *http.ServeMux, path string, files ...string) {
	for _, file := range files {
		mux.HandleFunc("GET "+path+file, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, phoneFiles, "phone/"+file)
		})
	}
}

// form makes a handler of what a form does: back to the page, or the reason
// why not.
func (s *Sim) form(t *template.Template, act func(*http.Request, url.Values) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "The form cannot be read.", http.StatusBadRequest)
			return
		}
		err := act(r, r.PostForm)
		if err == nil {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		status, message := http.StatusBadRequest, fault.CodeOf(err)
		if message == fault.NotFound {
			status = http.StatusNotFound
		}
		s.render(w, r, t, "error.html", status, err.Error())
	}
}

// show makes a handler of a template over the page's data.
func (s *Sim) show(t *template.Template, name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.render(w, r, t, name, http.StatusOK, s.pageData(cut(r.URL.Query().Get("q"))))
	}
}

// render writes a template that came out whole, or an error.
func (s *Sim) render(w http.ResponseWriter, r *http.Request, t *template.Template, name string, status int, data any) {
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, name, data); err != nil {
		s.config.Logger.ErrorContext(r.Context(), "a page cannot be made", slog.String("page", name), slog.Any("error", err))
		http.Error(w, "The page cannot be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}

func parseTemplates() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"visible": visible,
		"initial": initial,
		"colour":  colour,
		"clock":   func(t time.Time) string { return t.Format("15:04:05") },
		"words":   func(s State) string { return strings.ReplaceAll(string(s), "_", " ") },
		"states":  func() []State { return []State{Active, Bypass, LockedOut, Disabled, Unenrolled} },
		"grouped": grouped,
		"millis":  func(t time.Time) int64 { return t.UnixMilli() },
		"outcome": outcome,
		"tone":    func(e Entry) string { return tone(outcome(e)) },
	}).ParseFS(phoneFiles, "phone/*.html"))
}

// visible replaces what a browser would obey instead of show: control signs and
// those that turn the direction of writing.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// initial is the letter in a user's badge.
func initial(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "?"
}

// colour gives each name one of six.
func colour(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(foldName(name)))
	return fmt.Sprintf("c%d", h.Sum32()%6)
}

// grouped writes a passcode in two halves, as apps do.
func grouped(code string) string {
	if len(code) < 6 {
		return code
	}
	half := len(code) / 2
	return code[:half] + " " + code[half:]
}
