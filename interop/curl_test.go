package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// curl talks to one base URL, verifying it with one CA file.
type curl struct{ base, ca, user, password string }

// testCurl talks to the server as its documentation does: curl, the CA file
// and nothing else. Every conversation runs through the contract and again
// with the server itself.
func testCurl(t *testing.T, s *server, c *contract) {
	t.Helper()
	trust := c.trustFile(t)
	for _, tt := range []struct{ name, svm, base, ca string }{
		{"through prism", "curl_prism", c.url(), trust},
		{"with the server", "curl_direct", s.APIURL, s.CAFile},
	} {
		t.Run(tt.name, func(t *testing.T) {
			uuid := newSVM(t, s, tt.svm)
			newProfile(t, s, tt.svm)
			u := curl{base: tt.base, ca: tt.ca, user: s.AdminUser, password: s.AdminPassword}
			t.Run("HEAD and OPTIONS", func(t *testing.T) { curlMethods(t, u, uuid) })
			t.Run("roles", func(t *testing.T) { curlRoles(t, s, u, tt.svm, uuid) })
			t.Run("the calls of ONTAP's page on one profile", func(t *testing.T) { curlPage(t, u, uuid) })
		})
	}
	t.Run("who is not known gets 401", func(t *testing.T) { curlStranger(t, s) })
	t.Run("without the CA file curl refuses the server", func(t *testing.T) {
		out := run(t, "", nil, "curl", "-sS", s.APIURL+"/api/cluster")
		if out.code != 60 {
			t.Errorf("curl without --cacert: exit code %d, want 60 (certificate not verified)\n%s", out.code, out.stderr)
		}
	})
}

// curlPage sends GET, PATCH and DELETE as the page shows them: no header but
// curl's own, so the JSON of -d goes out as a form.
func curlPage(t *testing.T, u curl, uuid string) {
	t.Helper()
	profile := profiles + "/" + uuid
	get := u.send(t, "-X", "GET", u.base+profile)
	if get.status != 200 || get.header.Get("Content-Type") != "application/hal+json" {
		t.Fatalf("GET: %d %v\n%s", get.status, get.header, get.body)
	}
	want := []string{
		"owner", "integration_key", "fingerprint", "api_host", "status", "is_enabled",
		"auto_push", "push_info", "fail_mode", "max_prompts", "_links",
	}
	if diff := cmp.Diff(want, keys(t, get.body)); diff != "" {
		t.Errorf("fields are not in ONTAP's order (-want +got):\n%s", diff)
	}
	patch := u.send(t, "-X", "PATCH", u.base+profile, "-d", `{"comment":"Testing","auto_push":false}`)
	if patch.status != 200 || compact(t, patch.body) != "{}" {
		t.Errorf("PATCH: %d %s, want 200 {}", patch.status, patch.body)
	}
	changed := u.send(t, "-X", "GET", u.base+profile).object(t)
	if changed.text("comment") != "Testing" || changed["auto_push"] != false {
		t.Errorf("after PATCH: %v", changed)
	}
	remove := u.send(t, "-X", "DELETE", u.base+profile)
	if remove.status != 200 || compact(t, remove.body) != "{}" {
		t.Errorf("DELETE: %d %s, want 200 {}", remove.status, remove.body)
	}
	if gone := u.send(t, u.base+profile); gone.status != 404 || gone.object(t).text("error.code") != "4" {
		t.Errorf("GET after DELETE: %d %s", gone.status, gone.body)
	}
}

func curlMethods(t *testing.T, u curl, uuid string) {
	t.Helper()
	head := u.send(t, "--head", u.base+profiles+"/"+uuid)
	if head.status != 200 || head.header.Get("Content-Type") != "application/hal+json" {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	for path, want := range map[string][]string{
		profiles:              {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"},
		profiles + "/" + uuid: {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"},
	} {
		options := u.send(t, "-X", "OPTIONS", u.base+path)
		var allow []string
		for method := range strings.SplitSeq(options.header.Get("Allow"), ",") {
			allow = append(allow, strings.TrimSpace(method))
		}
		slices.Sort(allow)
		if diff := cmp.Diff(want, allow); options.status != 200 || diff != "" || compact(t, options.body) != "{}" {
			t.Errorf("OPTIONS %s: %d %s (-want +got):\n%s", path, options.status, options.body, diff)
		}
	}
	if put := u.send(t, "-X", "OPTIONS", u.base+"/api/cluster"); strings.Contains(put.header.Get("Allow"), "PATCH") {
		t.Errorf("OPTIONS /api/cluster allows %q", put.header.Get("Allow"))
	}
}

// curlRoles: a reader may read and not write; an SVM's account sees its SVM.
func curlRoles(t *testing.T, s *server, u curl, svm, uuid string) {
	t.Helper()
	reader := svm + "_reader"
	newAccount(t, s, "", reader, "readonly")
	newAccount(t, s, svm, "admin", "vsadmin")
	newAccount(t, s, svm, "reader", "vsadmin-readonly")
	vsadmin, vsreader := svm+`\admin`, svm+`\reader` // an SVM's account says whose it is
	profile := u.base + profiles + "/" + uuid
	for _, tt := range []struct {
		name, user string
		args       []string
		status     int
		code       string // of the error
	}{
		{"a reader reads", reader, []string{profile}, 200, ""},
		{"a reader does not write", reader, []string{"-X", "PATCH", profile, "-d", `{"comment":"x"}`}, 403, "6"},
		{"a reader does not delete", reader, []string{"-X", "DELETE", profile}, 403, "6"},
		{"an SVM's administrator reads its profile", vsadmin, []string{profile}, 200, ""},
		{"an SVM's administrator writes its profile", vsadmin, []string{"-X", "PATCH", profile, "-d", `{"max_prompts":2}`}, 200, ""},
		{"an SVM's administrator finds no other", vsadmin, []string{u.base + profiles + "/" + s.SVMUUID}, 404, "4"},
		{"nor the cluster's", vsadmin, []string{u.base + profiles + "/" + s.ClusterUUID}, 404, "4"},
		{"nor changes another", vsadmin, []string{"-X", "PATCH", u.base + profiles + "/" + s.SVMUUID, "-d", `{"comment":"x"}`}, 404, "4"},
		{"an SVM's reader does not write", vsreader, []string{"-X", "PATCH", profile, "-d", `{"comment":"x"}`}, 403, "6"},
	} {
		as := u
		as.user, as.password = tt.user, password
		r := as.send(t, tt.args...)
		if got := r.object(t).text("error.code"); r.status != tt.status || got != tt.code {
			t.Errorf("%s: %d code %q, want %d code %q\n%s", tt.name, r.status, got, tt.status, tt.code, r.body)
		}
	}
	u.user, u.password = vsadmin, password
	list := u.send(t, u.base+profiles).object(t)
	if list.number("num_records") != "1" || list.text("records.0.owner.uuid") != uuid {
		t.Errorf("an SVM's administrator lists %v, want its own profile alone", list)
	}
}

func curlStranger(t *testing.T, s *server) {
	t.Helper()
	for _, tt := range []struct{ name, user, password string }{
		{"no credentials", "", ""},
		{"a wrong password", s.AdminUser, "not the password"},
		{"a user nobody knows", "nobody", password},
	} {
		u := curl{base: s.APIURL, ca: s.CAFile, user: tt.user, password: tt.password}
		r := u.send(t, u.base+"/api/cluster")
		o := r.object(t)
		if r.status != 401 || o.text("error.code") != "6691623" || o.text("error.message") != "User is not authorized." {
			t.Errorf("%s: %d %s", tt.name, r.status, r.body)
		}
		if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: WWW-Authenticate is %q", tt.name, r.header.Get("WWW-Authenticate"))
		}
	}
}

// send runs curl once.
func (u curl) send(t *testing.T, args ...string) reply {
	t.Helper()
	dir := t.TempDir()
	headers, body := filepath.Join(dir, "headers"), filepath.Join(dir, "body")
	all := []string{"--silent", "--show-error", "--cacert", u.ca, "--dump-header", headers, "--output", body}
	if u.user != "" {
		all = append(all, "--user", u.user+":"+u.password)
	}
	if out := run(t, dir, nil, "curl", append(all, args...)...); out.code != 0 {
		t.Fatalf("curl %v: exit code %d\n%s", args, out.code, out.stderr)
	}
	text, err := os.ReadFile(headers)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{}
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(text)))
	first, err := lines.ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	if r.status, err = strconv.Atoi(strings.Fields(first)[1]); err != nil {
		t.Fatalf("status line %q: %v", first, err)
	}
	given, err := lines.ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	r.header = http.Header(given)
	if r.body, err = os.ReadFile(body); err != nil && !os.IsNotExist(err) { // curl writes no empty file
		t.Fatal(err)
	}
	if slices.Contains(args, "--head") {
		r.body = nil // curl put the header there
		return r
	}
	r.checkForm(t, strings.Join(args, " "))
	return r
}

// keys returns the names of a JSON object in their order.
func keys(t *testing.T, body []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key.(string))
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func compact(t *testing.T, body []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, body); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return out.String()
}
