package duosim_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/duosim"
)

// visit loads a page of the API handler, or posts a form to it.
func (b *bench) visit(t *testing.T, link string, form url.Values) (int, string) {
	t.Helper()
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = b.http.Get(link)
	} else {
		resp, err = b.http.PostForm(link, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestALinkFromPreauthEnrolls(t *testing.T) {
	now := time.Now()
	b := start(t, duosim.Config{Now: func() time.Time { return now }})
	for _, user := range []string{"new", "stranger"} {
		link := b.post(t, "/auth/v2/preauth", "username", user).text("enroll_portal_url")
		if !strings.HasPrefix(link, "https://"+b.addr+"/portal?code=") {
			t.Fatalf("link %q", link)
		}
		if status, body := b.visit(t, link, nil); status != 200 || !strings.Contains(body, "A phone for <bdi>"+user) {
			t.Errorf("HTTP %d %s", status, body)
		}
		if status, body := b.visit(t, link, url.Values{"name": {strings.Repeat("x", 300)}}); status != 400 || !strings.Contains(body, "printable text") {
			t.Errorf("HTTP %d %s", status, body)
		}
		if status, body := b.visit(t, link, url.Values{"name": {" Mine "}, "platform": {"iOS"}, "number": {"+1 555 777 8888"}}); status != 200 || !strings.Contains(body, "Done") {
			t.Errorf("HTTP %d %s", status, body)
		}
		if status, _ := b.visit(t, link, url.Values{"name": {"again"}}); status != 404 {
			t.Errorf("the same link again: HTTP %d", status)
		}
		r := b.post(t, "/auth/v2/preauth", "username", user)
		if r.text("result") != "auth" || !strings.Contains(r.Body, "Mine (XXX-XXX-8888)") {
			t.Errorf("%s", r.Body)
		}
	}
	link := b.post(t, "/auth/v2/preauth", "username", "late").text("enroll_portal_url")
	now = now.Add(5*time.Minute + time.Second)
	for _, form := range []url.Values{nil, {"name": {"x"}}} {
		if status, body := b.visit(t, link, form); status != 404 || !strings.Contains(body, "not good any more") {
			t.Errorf("a link of six minutes: HTTP %d %s", status, body)
		}
	}
	if status, _ := b.visit(t, "https://"+b.addr+"/portal?code=guess", nil); status != 404 {
		t.Errorf("a guessed link: HTTP %d", status)
	}
}

func TestEnrollAndItsStatus(t *testing.T) {
	now := time.Now()
	b := start(t, duosim.Config{Now: func() time.Time { return now }, PortalURL: "http://127.0.0.1:8445/"})
	r := b.post(t, "/auth/v2/enroll", "username", "newcomer", "valid_secs", "60", "bypass_codes", "2")
	if r.text("username") != "newcomer" || !strings.HasPrefix(r.text("activation_url"), "http://127.0.0.1:8445/portal?code=") || len(r.fields()["bypass_codes"].([]any)) != 2 {
		t.Fatalf("%s", r.Body)
	}
	if got := int64(r.fields()["expiration"].(float64)) - now.Unix(); got != 60 {
		t.Errorf("expires in %d s", got)
	}
	status := func(r reply) string {
		got := b.post(t, "/auth/v2/enroll_status", "user_id", r.text("user_id"), "activation_code", r.text("activation_code"))
		return string(got.Response)
	}
	if got := status(r); got != `"waiting"` {
		t.Error(got)
	}
	link := "https://" + b.addr + "/portal?code=" + r.text("activation_code")
	if code, body := b.visit(t, link+"&barcode=1", nil); code != 200 || !strings.HasPrefix(body, "<svg") {
		t.Errorf("HTTP %d %s", code, body)
	}
	if code, _ := b.visit(t, link, url.Values{}); code != 200 {
		t.Errorf("HTTP %d", code)
	}
	if got := status(r); got != `"success"` {
		t.Error(got)
	}
	made := b.post(t, "/auth/v2/enroll", "valid_secs", "60")
	if made.text("username") == "" || made.text("user_id") == r.text("user_id") {
		t.Errorf("%s", made.Body)
	}
	if got := string(b.post(t, "/auth/v2/enroll_status", "user_id", r.text("user_id"), "activation_code", made.text("activation_code")).Response); got != `"invalid"` {
		t.Errorf("another user's code: %s", got)
	}
	now = now.Add(61 * time.Second)
	if got := status(made); got != `"invalid"` {
		t.Error(got)
	}
}
