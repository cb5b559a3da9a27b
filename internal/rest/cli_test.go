package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestThePassthroughIsInNoDocument(t *testing.T) {
	s := open(t, serveReal(t, new(translation)))
	for _, path := range []string{"/docs/api", "/docs/api/swagger.yaml"} {
		a := s.do(t, "GET", path, "")
		if a.StatusCode != http.StatusOK || strings.Contains(a.text, "private") {
			t.Errorf("%s: %s, private is mentioned", path, a.Status)
		}
	}
}

// TestPassthroughPages follows the links of a list and of a deletion, which
// must lead through all records whatever names the parameters have.
func TestPassthroughPages(t *testing.T) {
	const groups = "/api/private/cli/security/login/duo/group"
	s := open(t, serveReal(t, new(translation)))
	want := []string{"CORP\\oper/ators", "storage-admins"}
	for i := range 5 {
		name := fmt.Sprintf("crew-%d", i)
		want = append(want, name)
		body := fmt.Sprintf(`{"vserver":"svm_eng","group-name":%q}`, name)
		if a := s.do(t, "POST", groups, body); a.StatusCode != http.StatusCreated {
			t.Fatal(a.Status, a.text)
		}
	}
	type page struct {
		Records []struct {
			Name string `json:"group_name"`
		}
		Num   int                                  `json:"num_records"`
		Links struct{ Next struct{ Href string } } `json:"_links"`
	}
	follow := func(method, href string) (names []string, num int) {
		for calls := 0; href != ""; calls++ {
			a := s.do(t, method, href, "")
			var p page
			if err := json.Unmarshal([]byte(a.text), &p); err != nil || a.StatusCode != http.StatusOK || calls > 9 {
				t.Fatal(calls, a.Status, a.text, err)
			}
			for _, r := range p.Records {
				names = append(names, r.Name)
			}
			num += p.Num
			href = p.Links.Next.Href
		}
		return names, num
	}
	slices.Sort(want)
	names, num := follow("GET", groups+"?max_records=2&order_by=group-name&fields=comment&privilege_level=admin")
	if !slices.Equal(names, want) || num != len(want) {
		t.Errorf("got %q (%d), want %q", names, num, want)
	}
	if _, num := follow("DELETE", groups+"?max_records=2&group_name=crew-*"); num != 5 {
		t.Errorf("%d deleted, want 5", num)
	}
}
