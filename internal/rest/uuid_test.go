package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestUUIDsAreTakenInAnyLetterCase asks for the same things by upper-case UUIDs
// wherever a request may hold one.
func TestUUIDsAreTakenInAnyLetterCase(t *testing.T) {
	const profiles = "/api/security/authentication/duo/profiles"
	s := open(t, serveReal(t, new(translation)))
	var list struct {
		Records []struct{ Owner struct{ UUID string } }
		Job     struct{ UUID string }
	}
	read := func(a answer) {
		t.Helper()
		if err := json.Unmarshal([]byte(a.text), &list); err != nil {
			t.Fatal(a.text, err)
		}
	}
	read(s.do(t, "GET", profiles, ""))
	id := strings.ToUpper(list.Records[0].Owner.UUID)
	read(s.do(t, "POST", "/api/security/authentication/duo/groups", `{"records":[{"name":"crew"}]}`))
	s.awaitJobs(t)
	job := strings.ToUpper(list.Job.UUID)
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", profiles + "/" + id, "", `"name": "lab-a"`},
		{"GET", profiles + "?owner.uuid=" + id, "", `"num_records": 1`},
		{"GET", profiles + "?owner.uuid=" + id[:8] + "*", "", `"num_records": 1`},
		{"GET", profiles + "?start.owner.uuid=" + id, "", `"num_records": 1`},
		{"PATCH", profiles + "/" + id, `{"owner":{"uuid":"` + id + `"},"comment":"x"}`, "{\n}"},
		{"PATCH", profiles + "?owner.uuid=" + id, `{"comment":"y"}`, `"num_records": 1`},
		{"GET", "/api/security/authentication/duo/groups/" + id + "/storage-admins", "", "breakglass"},
		{"GET", "/api/security/accounts/" + id + "/admin", "", `"name": "admin"`},
		{"POST", "/api/duoplane/profiles/" + id + "/test", "", `"name": "lab-a"`},
		{"GET", "/api/cluster/jobs/" + job, "", `"success"`},
		{"GET", "/api/security/authentication/duo/groups?job_results_uuid=" + job, "", `"crew"`},
	} {
		a := s.do(t, c.method, c.path, c.body)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.text, c.want) {
			t.Errorf("%s %s: %s\n%s\nwant %q", c.method, c.path, a.Status, a.text, c.want)
		}
	}
}
