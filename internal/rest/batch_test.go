package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
)

func records(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"name":"lamp%04d","secret_key":"canary"}`, i))
	}
	return `{"records":[` + strings.Join(list, ",") + `]}`
}

func TestRecordsOfOneCallAreMadeInParallel(t *testing.T) {
	s := open(t)
	var mu sync.Mutex
	together, most := 0, 0
	full := make(chan struct{})
	s.lamps.hooks.before = func(op string, _ []string) error {
		if op != "create" {
			return nil
		}
		mu.Lock()
		together++
		if most = max(most, together); most == 8 && together == 8 {
			close(full)
		}
		mu.Unlock()
		<-full // until eight are here at once
		mu.Lock()
		together--
		mu.Unlock()
		return nil
	}
	a := s.do(t, "POST", "/api/security/lamps?return_timeout=20", records(8))
	if a.StatusCode != http.StatusCreated || most != 8 {
		t.Errorf("%s, up to %d at once: %s", a.Status, most, a.text)
	}
}

func TestSerialRecordsAreMadeInOrder(t *testing.T) {
	s := open(t)
	var order []string // by one goroutine at a time, if the promise is kept
	s.lamps.hooks.before = func(op string, key []string) error {
		if op == "create" {
			order = append(order, key[1])
		}
		return nil
	}
	s.do(t, "POST", "/api/security/lamps?return_timeout=20&serial_records=true", records(100))
	if got := strings.Join(order, " "); got != s.lamps.names() || len(order) != 100 {
		t.Errorf("order %s", got)
	}
}

func TestAFailureInAParallelCallLeavesNothingBehind(t *testing.T) {
	s := open(t)
	s.lamps.failOn("create", "lamp0057", fault.New(fault.BadReason, "name", "An unlucky name."))
	a := s.do(t, "POST", "/api/security/lamps?return_timeout=20", records(100))
	if e := errorOf(t, strings.Split(a.text, "\n  \"job\"")[0][:strings.Index(a.text, "\n  \"job\"")-1]+"}"); e.Code != "262287" || !strings.HasSuffix(e.Message, "Reason: An unlucky name.") {
		t.Errorf("got %s: %s", a.Status, a.text)
	}
	if got := s.lamps.names(); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestWhatCannotBeRolledBackIsTold(t *testing.T) {
	s := open(t)
	s.lamps.put(t, sampleLamps()...)
	s.lamps.hooks.before = func(op string, key []string) error {
		switch {
		case op == "create" && key[1] == "lamp0002":
			return fault.New(fault.BadReason, "name", "An unlucky name.")
		case op == "delete" && key[1] == "lamp0001":
			return errors.New("planted cause")
		}
		return nil
	}
	a := s.do(t, "POST", "/api/security/lamps?return_timeout=20&serial_records=true", records(3))
	if !strings.Contains(a.text, "1 records could not be rolled back") {
		t.Errorf("got %s: %s", a.Status, a.text)
	}
	a = s.do(t, "GET", "/api/security/lamps?pretty=false&job_results_uuid=5d0cf2ae-3b70-11f0-9d44-000000000001", "", "Accept: application/json")
	for _, want := range []string{
		`"name":"lamp0001"`, `"num_records":1`,
		`"errors":[{"message":"POST of record \"name: lamp0002\" failed. Reason: An unlucky name."`,
		`"rollback_errors":[{"message":"Rollback of POST of record \"name: lamp0001\" failed. Reason: An internal error occurred.`,
	} {
		if !strings.Contains(a.text, want) {
			t.Errorf("the results lack %s: %s", want, a.text)
		}
	}
	if n := strings.Count(s.log.String(), "planted cause"); n != 1 {
		t.Errorf("the cause is logged %d times", n)
	}
}

func TestAPanicInAJobFailsItsRecord(t *testing.T) {
	s := open(t)
	s.lamps.hooks.before = func(op string, _ []string) error {
		if op == "create" {
			panic("planted")
		}
		return nil
	}
	a := s.do(t, "POST", "/api/security/lamps?return_timeout=20", records(1))
	if a.StatusCode != http.StatusBadRequest || strings.Contains(a.text, "planted") {
		t.Errorf("got %s: %s", a.Status, a.text)
	}
	if !strings.Contains(s.log.String(), "panic: planted") {
		t.Error("the panic is not logged")
	}
}

func TestAChangeByQueryStopsAtItsFirstFailure(t *testing.T) {
	for _, c := range []struct {
		name, query, want string
		changed           int
	}{
		{"stops", "", `{"num_records":1,"error":{"message":"An unlucky name.","code":"262245","target":"name"}}`, 1},
		{
			"goes on if told to", "&continue_on_failure=true",
			`{"num_records":2,"error":{"message":"Some of the records could not be changed.","code":"262292"},"errors":[{"message":"PATCH of record \"owner.uuid: ` + clusterUUID + `, owner.name: lab-a, name: desk\" failed. Reason: An unlucky name.","code":"262287"}]}`, 2,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			s.lamps.put(t, sampleLamps()...)
			s.lamps.failOn("modify", "desk", fault.New(fault.BadReason, "name", "An unlucky name."))
			a := s.do(t, "PATCH", "/api/security/lamps?name=*&pretty=false"+c.query, `{"comment":"new"}`)
			if a.StatusCode != http.StatusBadRequest || a.text != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", a.Status, a.text, c.want)
			}
			n := 0
			for _, l := range s.lamps.rows {
				if l.comment == "new" {
					n++
				}
			}
			if n != c.changed {
				t.Errorf("%d records changed, want %d", n, c.changed)
			}
		})
	}
}

func TestAChangeByQuerySkipsWhatIsGone(t *testing.T) {
	s := open(t)
	s.lamps.put(t, sampleLamps()...)
	s.lamps.failOn("delete", "desk", fault.New(fault.NotFound, "name", "entry doesn't exist"))
	a := s.do(t, "DELETE", "/api/security/lamps?name=*&pretty=false", "", "Accept: application/json")
	if a.text != `{"num_records":2}` {
		t.Errorf("got %s: %s", a.Status, a.text)
	}
}
