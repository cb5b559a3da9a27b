package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/svm"
)

// TestTakingBackLeavesTheChangesOfOthers has somebody change, or delete and make
// anew, what a bulk call has just written, before that call fails and is taken
// back.
func TestTakingBackLeavesTheChangesOfOthers(t *testing.T) {
	const list = `{"records":[{"owner.uuid":"` + clusterUUID + `","name":"desk","comment":"bulk"},` +
		`{"owner.uuid":"` + clusterUUID + `","name":"hall","comment":"bulk"},{"owner.uuid":"` + clusterUUID + `","name":"last","comment":"bulk"}]}`
	for name, c := range map[string]struct {
		method, fails string
		there         []string // before the call
		meanwhile     func(t *testing.T, s *site)
		want          string
	}{
		"a record modified": {
			"PATCH", "modify",
			[]string{"desk", "hall", "last"},
			func(t *testing.T, s *site) { t.Helper(); s.changeLamp(t, "desk", "somebody else's") },
			"desk: somebody else's; hall: before; last: before",
		},
		"a record made": {
			"POST", "create", nil,
			func(t *testing.T, s *site) { t.Helper(); s.changeLamp(t, "desk", "somebody else's") },
			"desk: somebody else's",
		},
		"a record made, deleted and made anew": {
			"POST", "create", nil,
			func(t *testing.T, s *site) {
				t.Helper()
				if err := s.lamps.Delete(t.Context(), svm.Caller{Scope: svm.Everything()}, []string{clusterUUID, "desk"}); err != nil {
					t.Error(err)
				}
				s.lamps.put(t, &lamp{name: "desk", comment: "another one"})
			},
			"desk: another one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			for _, name := range c.there {
				s.lamps.put(t, &lamp{name: name, comment: "before"})
			}
			s.lamps.hooks.before = func(op string, key []string) error {
				if op != c.fails || key[1] != "last" {
					return nil
				}
				s.lamps.hooks.before = nil
				c.meanwhile(t, s)
				return fault.New(fault.BadReason, "name", "An unlucky name.")
			}
			body := list
			if c.method == "POST" {
				body = strings.ReplaceAll(body, `"comment"`, `"secret_key":"canary","comment"`)
			}
			a := s.do(t, c.method, "/api/security/lamps?return_timeout=20&serial_records=true", body)
			if a.StatusCode != http.StatusBadRequest || !strings.Contains(a.text, "An unlucky name. 1 records could not be rolled back.") {
				t.Errorf("got %s: %s", a.Status, a.text)
			}
			var left []string
			for _, l := range s.lamps.rows {
				left = append(left, l.name+": "+l.comment)
			}
			if got := strings.Join(left, "; "); got != c.want {
				t.Errorf("left %q, want %q", got, c.want)
			}
			a = s.do(t, "GET", "/api/security/lamps?pretty=false&job_results_uuid=5d0cf2ae-3b70-11f0-9d44-000000000001", "")
			if want := `failed. Reason: The record was changed by someone else since; it stays as that change left it."`; !strings.Contains(a.text, want) {
				t.Errorf("the results lack %s: %s", want, a.text)
			}
		})
	}
}

// TestARecordIsListedOnceInAModification: of two changes of one record in one
// call neither could be told to be the later one.
func TestARecordIsListedOnceInAModification(t *testing.T) {
	s := open(t)
	s.lamps.put(t, &lamp{name: "desk", comment: "before"})
	a := s.do(t, "PATCH", "/api/security/lamps?return_timeout=20&pretty=false", `{"records":[`+
		`{"owner.uuid":"`+clusterUUID+`","name":"desk","comment":"one"},{"name":"desk","comment":"two","owner":{"uuid":"`+strings.ToUpper(clusterUUID)+`"}}]}`)
	want := `{"error":{"message":"The record \"owner.uuid: ` + clusterUUID + `, name: desk\" is given more than once in field \"records\".","code":"262222","target":"records[1]"}}`
	if a.StatusCode != http.StatusBadRequest || a.text != want {
		t.Errorf("got %s: %s\nwant %s", a.Status, a.text, want)
	}
	if got := s.lamps.rows[0].comment; got != "before" {
		t.Errorf("it was changed to %q", got)
	}
}

// changeLamp is what somebody else does.
func (s *site) changeLamp(t *testing.T, name, comment string) {
	t.Helper()
	i, ok := s.lamps.at([]string{clusterUUID, name})
	if !ok {
		t.Errorf("there is no %s", name)
		return
	}
	l := *s.lamps.rows[i]
	l.comment = comment
	s.lamps.replace(&l)
}
