package interop

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// testReplay sends what NetApp's clients send first, with the headers they
// send, and requires what their code reads from the answers. Sources: NetApp's
// public repositories trident, harvest, terraform-provider-netapp-ontap and
// ontap-mcp, OpenStack's manila, and the netapp_ontap library of PyPI.
func testReplay(t *testing.T, s *server) {
	t.Helper()
	t.Run("Trident opens a connection and keeps a profile", func(t *testing.T) { replayTrident(t, s) })
	t.Run("Harvest polls", func(t *testing.T) { replayHarvest(t, s) })
	t.Run("Terraform's provider creates, changes and deletes", func(t *testing.T) { replayTerraform(t, s) })
	t.Run("NetApp's Python library finds what it posted", func(t *testing.T) { replayPython(t, s) })
	t.Run("NetApp's MCP server looks around", func(t *testing.T) { replayMCP(t, s) })
	t.Run("Manila works inside one SVM", func(t *testing.T) { replayManila(t, s) })
}

// replayTrident: go-swagger's client sends both media types in two Accept
// lines and knows exactly one good status per operation.
func replayTrident(t *testing.T, s *server) {
	t.Helper()
	uuid := newSVM(t, s, "trident_svm")
	c := s.admin(http.Header{"Accept": {"application/hal+json", "application/json"}, "Content-Type": {"application/json"}})

	cluster := c.want(t, 200, http.MethodGet, "/api/cluster?fields=%2A%2A", "")
	for _, field := range []string{"name", "uuid", "version.full"} {
		if cluster.text(field) == "" {
			t.Errorf("cluster has no %s: %v", field, cluster)
		}
	}
	if cluster.number("version.generation") != "9" || cluster.number("version.major") == "" || cluster.number("version.minor") == "" {
		t.Errorf("version is %v, want 9 and two more integers", cluster["version"])
	}
	c.want(t, 200, http.MethodGet, "/api/cluster?fields=san_optimized%2Cdisaggregated&ignore_unknown_fields=true", "")

	found := c.want(t, 200, http.MethodGet, svms+"?fields=name%2Cuuid%2Cstate&max_records=20&name=trident_svm&return_records=true&return_timeout=15&state=running", "")
	if found.number("num_records") != "1" || found.text("records.0.uuid") != uuid {
		t.Errorf("SVM by name: %v, want exactly one record with uuid %s", found, uuid)
	}

	body := s.profileBody("trident_svm")
	delete(body, "owner.name")
	body["owner"] = map[string]any{"name": "trident_svm"}
	created := c.send(t, http.MethodPost, profiles+"?return_records=true", jsonOf(t, body))
	if created.status != http.StatusCreated || created.object(t).text("records.0.owner.uuid") != uuid {
		t.Fatalf("create: %d %s", created.status, created.body)
	}
	c.want(t, 200, http.MethodPatch, profiles+"/"+uuid, `{"comment":"Testing","auto_push":false}`)
	bulk := profiles + "?continue_on_failure=false&owner.uuid=" + uuid + "&return_records=true&return_timeout=15&serial_records=false"
	c.want(t, 200, http.MethodPatch, bulk, `{"max_prompts":2}`)
	got := c.want(t, 200, http.MethodGet, profiles+"/"+uuid+"?fields=%2A%2A", "")
	if got.text("comment") != "Testing" || got["auto_push"] != false || got.number("max_prompts") != "2" {
		t.Errorf("profile after two changes: %v", got)
	}
	c.want(t, 200, http.MethodDelete, bulk, "")
	gone := c.want(t, 404, http.MethodGet, profiles+"/"+uuid, "")
	if gone.text("error.code") != "4" {
		t.Errorf("deleted profile: %v, want code \"4\"", gone)
	}
}

// replayHarvest: the collector follows next links until there is none, and
// sends a telemetry read full of field names that no release knows.
func replayHarvest(t *testing.T, s *server) {
	t.Helper()
	for _, name := range []string{"harvest_a", "harvest_b", "harvest_c"} {
		newSVM(t, s, name)
		newProfile(t, s, name)
	}
	c := s.admin(http.Header{"Accept": {"application/json"}})
	cluster := c.want(t, 200, http.MethodGet, "/api/cluster?return_records=true&fields=*", "")
	if cluster.text("name") == "" || cluster.text("uuid") == "" || cluster.text("version.full") == "" || cluster["_links"] != nil {
		t.Errorf("cluster: %v, want name, uuid, version and no links", cluster)
	}

	counters := c.send(t, http.MethodGet, "/api/cluster/counter/tables?return_records=false", "")
	if o := counters.object(t); counters.status == 200 && o.number("num_records") == "" {
		t.Errorf("counter tables: %s, want num_records or an error", counters.body)
	} else if counters.status == http.StatusForbidden {
		t.Errorf("counter tables: 403, which Harvest takes for yes")
	}
	tags := "harvestTag,linux,3e25960a1b2c4d5e6f708192a3b4c5d6e7f80912,25.05.0,42"
	c.want(t, 200, http.MethodGet, "/api/cluster?ignore_unknown_fields=true&fields="+tags, "")

	all := c.want(t, 200, http.MethodGet, profiles+"?return_records=true&fields=*&max_records=500", "").records(t)
	paged := followNext(t, c, profiles+"?return_records=true&fields=*&max_records=2")
	if len(all) < 4 || len(paged) != len(all) {
		t.Errorf("%d profiles page by page, %d at once, want the same and at least 4", len(paged), len(all))
	}
	for i := range min(len(all), len(paged)) {
		if all[i].text("owner.uuid") != paged[i].text("owner.uuid") {
			t.Errorf("record %d: %v page by page, %v at once", i, paged[i]["owner"], all[i]["owner"])
		}
	}
}

// followNext reads a list to its end as Harvest does: it stops on an absent or
// empty next link and on one equal to the last.
func followNext(t *testing.T, c *session, path string) []object {
	t.Helper()
	var out []object
	for last := ""; path != "" && path != last; {
		o := c.want(t, 200, http.MethodGet, path, "")
		out = append(out, o.records(t)...)
		last, path = path, o.text("_links.next.href")
		if path != "" && !strings.HasPrefix(path, "/api/") {
			t.Fatalf("next link %q does not start with /api/", path)
		}
		if len(out) > 1000 {
			t.Fatal("the list has no end")
		}
	}
	return out
}

// replayTerraform: no Accept header, JSON bodies, return_timeout everywhere,
// the created record read from the POST's answer.
func replayTerraform(t *testing.T, s *server) {
	t.Helper()
	uuid := newSVM(t, s, "terraform_svm")
	c := s.admin(http.Header{"Content-Type": {"application/json"}})
	if o := c.want(t, 200, http.MethodGet, "/api/cluster", ""); o.number("version.generation") == "" {
		t.Errorf("cluster: %v", o)
	}
	created := c.want(t, 201, http.MethodPost, profiles+"?return_records=true&return_timeout=60", jsonOf(t, s.profileBody("terraform_svm")))
	if created.number("num_records") != "1" || created.text("records.0.owner.uuid") != uuid {
		t.Errorf("created: %v", created)
	}
	list := c.want(t, 200, http.MethodGet, profiles+"?owner.name=terraform_svm&fields=api_host,fail_mode", "")
	if list.number("num_records") != "1" || list.text("records.0.fail_mode") != "safe" {
		t.Errorf("read back: %v", list)
	}
	c.want(t, 200, http.MethodPatch, profiles+"/"+uuid+"?return_timeout=60", `{"fail_mode":"secure"}`)
	again := c.want(t, 409, http.MethodPost, profiles+"?return_records=true&return_timeout=60", jsonOf(t, s.profileBody("terraform_svm")))
	if again.text("error.code") != "1" {
		t.Errorf("second profile of one owner: %v, want code \"1\"", again)
	}
	c.want(t, 200, http.MethodDelete, profiles+"/"+uuid+"?return_timeout=60", "")
	none := c.want(t, 200, http.MethodGet, profiles+"?owner.name=terraform_svm", "")
	if len(none.records(t)) != 0 || none.number("num_records") != "0" {
		t.Errorf("after the deletion: %v, want an empty list", none)
	}
}

// replayPython: the library learns a new object's key from the right end of
// the Location's path, form-encodes keys in paths and sends "{}" with DELETE.
func replayPython(t *testing.T, s *server) {
	t.Helper()
	uuid := newSVM(t, s, "python_svm")
	c := s.admin(http.Header{"Accept": {"*/*"}, "Content-Type": {"application/json"}, "User-Agent": {"netapp-ontap/9.17.1"}})

	created := c.send(t, http.MethodPost, profiles+"?return_records=false", jsonOf(t, s.profileBody("python_svm")))
	if created.status != http.StatusCreated {
		t.Fatalf("create: %d %s", created.status, created.body)
	}
	if key := lastSegments(t, created.header.Get("Location"), 1); key[0] != uuid {
		t.Errorf("Location %q does not end with the key %s", created.header.Get("Location"), uuid)
	}
	if o := c.want(t, 200, http.MethodGet, profiles+"/"+uuid+"?fields=%2A", ""); o.text("owner.name") != "python_svm" {
		t.Errorf("instance: %v", o)
	}

	group := jsonOf(t, map[string]any{"name": `CORP\storage admins`, "owner": map[string]any{"uuid": uuid}, "excluded_users": []string{"breakglass"}})
	made := c.send(t, http.MethodPost, groups+"?return_records=false", group)
	if made.status != http.StatusCreated {
		t.Fatalf("create group: %d %s", made.status, made.body)
	}
	if key := lastSegments(t, made.header.Get("Location"), 2); key[0] != uuid || key[1] != `CORP\storage admins` {
		t.Errorf("Location %q does not end with the key", made.header.Get("Location"))
	}
	path := groups + "/" + uuid + "/" + url.QueryEscape(`CORP\storage admins`) // a space becomes +
	if o := c.want(t, 200, http.MethodGet, path+"?fields=%2A", ""); o.text("excluded_users.0") != "breakglass" {
		t.Errorf("group: %v", o)
	}
	c.want(t, 200, http.MethodPatch, path, `{"excluded_users": ["breakglass", "svc-backup"]}`)
	count := c.want(t, 200, http.MethodGet, groups+"?owner.uuid="+uuid+"&return_records=false", "")
	if count.number("num_records") != "1" || count["records"] != nil {
		t.Errorf("count: %v, want num_records 1 and no records", count)
	}
	c.want(t, 200, http.MethodDelete, path, "{}")
	c.want(t, 200, http.MethodDelete, profiles+"/"+uuid, "{}")
	c.want(t, 404, http.MethodGet, path, "")
}

// lastSegments returns the last n path segments of a URL, unquoted.
func lastSegments(t *testing.T, location string, n int) []string {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(u.EscapedPath(), "/")
	if len(parts) < n {
		t.Fatalf("Location %q has no %d segments", location, n)
	}
	out := slices.Clone(parts[len(parts)-n:])
	for i, part := range out {
		if out[i], err = url.PathUnescape(part); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// replayMCP: made-up field names, big pages, the OpenAPI document.
func replayMCP(t *testing.T, s *server) {
	t.Helper()
	c := s.admin(http.Header{"Accept": {"application/json"}})
	if o := c.want(t, 200, http.MethodGet, "/api/cluster?fields=*", ""); o.text("version.full") == "" {
		t.Errorf("cluster: %v", o)
	}
	c.want(t, 200, http.MethodGet, "/api/cluster?ignore_unknown_fields=true&fields=mcpTag,list_duo_profiles,1.2.3", "")
	c.want(t, 200, http.MethodGet, profiles+"?max_records=500&fields=api_host%2Cstatus", "")
	if document := string(fetchDocument(t, s)); !strings.Contains(document, "/security/authentication/duo/profiles") {
		t.Error("the OpenAPI document does not name the Duo profiles")
	}
}

// replayManila: SVM scope by header, query values joined without escaping, and
// decisions taken on the codes 1, 4 and 6.
func replayManila(t *testing.T, s *server) {
	t.Helper()
	uuid := newSVM(t, s, "manila_svm")
	other := newSVM(t, s, "manila_other")
	newProfile(t, s, "manila_other")
	newAccount(t, s, "", "manila_reader", "readonly")
	c := s.admin(http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "X-Dot-SVM-Name": {"manila_svm"}})

	body := s.profileBody("")
	delete(body, "owner.name")
	c.want(t, 201, http.MethodPost, profiles, jsonOf(t, body)) // the scope names the owner
	mine := c.want(t, 200, http.MethodGet, profiles+"?fields=owner.name,comment&api_host=*", "")
	if mine.number("num_records") != "1" || mine.text("records.0.owner.uuid") != uuid {
		t.Errorf("inside the SVM: %v, want its own profile alone", mine)
	}
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		code                     string
		as                       *session
	}{
		{"a second profile", http.MethodPost, profiles, jsonOf(t, body), 409, "1", c},
		{"another SVM's profile", http.MethodGet, profiles + "/" + other, "", 404, "4", c},
		{"a reader who writes", http.MethodPatch, profiles + "/" + uuid, `{"comment":"x"}`, 403, "6", c.as("manila_reader", password)},
	} {
		if o := tt.as.want(t, tt.status, tt.method, tt.path, tt.body); o.text("error.code") != tt.code {
			t.Errorf("%s: %v, want code %q", tt.name, o, tt.code)
		}
	}
	plain := s.admin(http.Header{"Accept": {"application/json"}})
	found := plain.want(t, 200, http.MethodGet, svms+"?name=manila_svm|manila_other&fields=name,state", "")
	if found.number("num_records") != "2" {
		t.Errorf("two names in one query: %v", found)
	}
}
