package rest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestTheOpenAPIDocument reads the document as a client would and checks what
// linters check: every reference leads somewhere, every operation has an id of
// its own and documents its path's parameters.
func TestTheOpenAPIDocument(t *testing.T) {
	s := open(t)
	a := s.do(t, "GET", "/docs/api/swagger.yaml", "", "Authorization: ")
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/yaml" {
		t.Fatalf("got %s, %s", a.Status, a.Header.Get("Content-Type"))
	}
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(a.text), &doc); err != nil {
		t.Fatal(err)
	}
	for _, ref := range regexp.MustCompile(`\$ref: '?#/([a-z_/A-Z]+)`).FindAllStringSubmatch(a.text, -1) {
		section, name, _ := strings.Cut(ref[1], "/")
		if m, ok := doc[section].(map[string]any); !ok || m[name] == nil {
			t.Errorf("the reference %s leads nowhere", ref[1])
		}
	}
	ids := map[string]bool{}
	for path, methods := range doc["paths"].(map[string]any) {
		for method, op := range methods.(map[string]any) {
			operation := op.(map[string]any)
			id, _ := operation["operationId"].(string)
			if id == "" || ids[id] {
				t.Errorf("%s %s: operationId %q is missing or there twice", method, path, id)
			}
			ids[id] = true
			for _, key := range regexp.MustCompile(`{([^}]+)}`).FindAllStringSubmatch(path, -1) {
				if !strings.Contains(yamlOf(t, operation["parameters"]), "name: "+key[1]+"\n") {
					t.Errorf("%s %s does not declare %s", method, path, key[1])
				}
			}
		}
	}
	for _, id := range []string{"lamp_collection_get", "lamp_create", "lamp_modify_collection", "lamp_delete_collection", "lamp_get", "lamp_modify", "lamp_delete", "cluster_get", "job_collection_get", "job_get"} {
		if !ids[id] {
			t.Errorf("no operation %s", id)
		}
	}
	definitions := doc["definitions"].(map[string]any)
	if strings.Contains(yamlOf(t, definitions["lamp"]), "secret_key") {
		t.Error("a secret is among the fields returned")
	}
	if !strings.Contains(yamlOf(t, definitions["lamp_create"]), "secret_key") {
		t.Error("a secret is not among the fields given")
	}
	if strings.Contains(yamlOf(t, definitions["lamp_modify"]), "fingerprint") {
		t.Error("a read-only field is among the fields given")
	}
}

// TestTheRealDocument looks at what the toy has not: arrays of objects, plain
// names for objects, examples without secrets.
func TestTheRealDocument(t *testing.T) {
	s := open(t, serveReal(t, new(translation)))
	a := s.do(t, "GET", "/docs/api/swagger.yaml", "")
	for _, want := range []string{
		"operationId: duo_modify_collection", "operationId: account_duo_delete\n", "second_authentication_method:",
		"/security/authentication/duo/groups/{owner_uuid}/{name}:", "/security/authentication/publickeys/{owner_uuid}/{account_name}/{index}:", "its name alone may be given instead", "null takes the value away",
	} {
		if !strings.Contains(a.text, want) {
			t.Errorf("the document lacks %q", want)
		}
	}
	if strings.Contains(a.text, "canary") {
		t.Error("a stored secret is in the document")
	}
	if a := s.do(t, "GET", "/docs/api", ""); !strings.Contains(a.text, "second_authentication_method") {
		t.Error("the page lacks the members of objects in arrays")
	}
}

func yamlOf(t *testing.T, v any) string {
	t.Helper()
	b, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheReferencePageWorksOffline(t *testing.T) {
	s := open(t)
	a := s.do(t, "GET", "/docs/api/", "", "Authorization: ")
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("got %s, %s", a.Status, a.Header.Get("Content-Type"))
	}
	for _, want := range []string{"/api/security/lamps/{owner.uuid}/{name}", "lamp_modify_collection", "fingerprint", "1..3", "safe|secure"} {
		if !strings.Contains(a.text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, link := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(a.text, -1) {
		if strings.HasPrefix(link[1], "#") {
			continue
		}
		if b := s.do(t, "GET", link[1], "", "Authorization: "); b.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", link[1], b.Status)
		}
	}
	if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
}

func TestTheDocumentsCanOnlyBeRead(t *testing.T) {
	s := open(t)
	if a := s.do(t, "POST", "/docs/api/swagger.yaml", "{}"); a.StatusCode != http.StatusMethodNotAllowed || errorOf(t, a.text).Code != "3" {
		t.Errorf("POST: %s %s", a.Status, a.text)
	}
	if a := s.do(t, "GET", "/docs/api/nothing", ""); a.StatusCode != http.StatusNotFound || errorOf(t, a.text).Code != "3" {
		t.Errorf("GET of nothing: %s %s", a.Status, a.text)
	}
	if a := s.do(t, "HEAD", "/docs/api/swagger.yaml", ""); a.StatusCode != http.StatusOK || a.ContentLength < 1000 || a.text != "" {
		t.Errorf("HEAD: %s, %d bytes announced", a.Status, a.ContentLength)
	}
}
