package duoapi

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	official "github.com/duosecurity/duo_api_golang"
	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/secret"
)

const (
	vectorIkey = "DITESTKEY0123456789A"
	vectorSkey = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
	vectorDate = "Sat, 21 Nov 2026 20:00:00 -0000"
	vectorHost = "api-Test0001.DuoSecurity.example"
)

var vectorParams = params{
	{"username", "jörg@example.com"},
	{"factor", "push"},
	{"device", "auto"},
	{"pushinfo", "from=a b&x=~*'()!+/"},
}

func TestSignaturesEqualThoseOfDuosOwnClients(t *testing.T) {
	host, problem := parseHost(vectorHost)
	if problem != "" {
		t.Fatal(problem)
	}
	body := `{"device":"auto","factor":"push","pushinfo":"from=a b&x=~*'()!+/","username":"j\u00f6rg@example.com"}`
	post := signable{date: vectorDate, method: "POST", host: host.name, path: "/auth/v2/auth"}
	form, json := post, post
	form.query, json.body = vectorParams.canonical(), []byte(body)
	check := signable{date: vectorDate, method: "GET", host: host.name, path: "/auth/v2/check"}
	for _, test := range []struct {
		name string
		sign signable
		how  Signing
		want string
	}{
		{"a form, version 2", form, SignForm, "cd19e03f1e0d8e800cf2e58614c99b8a1d7703bceec15c390449f256f33744cd4644fbcb4371a407ac3408404cb225407d51fab1868fac84cd332bbfd7eb46a9"},
		{"JSON, version 5", json, SignJSON, "57c458dccf35da72735e258c4e9cc9d6d2069270fec4793012a5941d0f8e28478081c0be61a7aebd963d7cded24240a48c7306eb941c6c3feb4a07e958c5b66f"},
		{"no parameters, version 2", check, SignForm, "304757402277dcd2deb82e7b568d24199491e3ab88ebb6dd15b5c39a2d25bbc753fc169e8e9d9fba5c696137b23befc5ef9677f718808256ddaeb336e812ea78"},
		{"no parameters, version 5", check, SignJSON, "7ccab3129923d3b6c8a10aca81caf9c8caf077240ae9d23cd5b42fc3a1433a53d6416e195c6fda708e9f9cdf7ae7e8a73a22afe0e30f7ec499d6cede15a8978a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.sign.sign(test.how, vectorIkey, secret.NewText(vectorSkey))
			want := "Basic " + base64.StdEncoding.EncodeToString([]byte(vectorIkey+":"+test.want))
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestCanonicalParametersOfTheVector(t *testing.T) {
	want := "device=auto&factor=push&pushinfo=from%3Da%20b%26x%3D~%2A%27%28%29%21%2B%2F&username=j%C3%B6rg%40example.com"
	if diff := cmp.Diff(want, vectorParams.canonical()); diff != "" {
		t.Error(diff)
	}
	if got, want := hash([]byte(`{"device":"auto","factor":"push","pushinfo":"from=a b&x=~*'()!+/","username":"j\u00f6rg@example.com"}`)),
		"a5786a99d21923bd1b9916e6ffc8da08c8ab22ee898a0efde4e01b9bc3770303ebd30c6512933f2aa9abf5320f1bd18590e83bebc764ec365a92f2a36ef7518c"; got != want {
		t.Errorf("hash of the body: got %s, want %s", got, want)
	}
}

func TestCanonicalParametersSortByNameThenValue(t *testing.T) {
	p := params{{"b", "2"}, {"a1", "x"}, {"b", "1"}, {"a", "z"}, {"é", ""}}
	if diff := cmp.Diff("%C3%A9=&a=z&a1=x&b=1&b=2", p.canonical()); diff != "" {
		t.Error(diff)
	}
}

// recorder is a RoundTripper that keeps one request and answers nothing much.
type recorder struct {
	header http.Header
	body   []byte
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.header = req.Header
	if req.Body != nil {
		r.body, _ = io.ReadAll(req.Body)
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{}}, nil
}

func discard(res *http.Response, _ []byte, err error) error {
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// The official Go library signs with its own date; we sign the same request
// with that date and have to come to the same header.
func TestSignaturesEqualThoseOfTheOfficialLibrary(t *testing.T) {
	values := url.Values{}
	object := official.JSONParams{}
	for _, p := range vectorParams {
		values.Set(p.name, p.value)
		object[p.name] = p.value
	}
	for _, test := range []struct {
		name, method string
		how          Signing
		call         func(*official.DuoApi) error
	}{
		{"a form", "POST", SignForm, func(d *official.DuoApi) error {
			return discard(d.SignedCall("POST", "/auth/v2/auth", values))
		}},
		{"a query", "GET", SignForm, func(d *official.DuoApi) error {
			return discard(d.SignedCall("GET", "/auth/v2/auth", values))
		}},
		{"JSON", "POST", SignJSON, func(d *official.DuoApi) error {
			return discard(d.JSONSignedCall("POST", "/auth/v2/auth", object))
		}},
		{"a query with version 5", "GET", SignJSON, func(d *official.DuoApi) error {
			return discard(d.JSONSignedCall("GET", "/auth/v2/auth", object))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var theirs recorder
			d := official.NewDuoApi(vectorIkey, vectorSkey, vectorHost, "")
			d.SetCustomHTTPClient(&http.Client{Transport: &theirs})
			if err := test.call(d); err != nil {
				t.Fatal(err)
			}
			host, _ := parseHost(vectorHost)
			ours := signable{date: theirs.header.Get("Date"), method: test.method, host: host.name, path: "/auth/v2/auth"}
			if test.method == "POST" && test.how == SignJSON {
				ours.body = theirs.body
			} else {
				ours.query = vectorParams.canonical()
			}
			got := ours.sign(test.how, vectorIkey, secret.NewText(vectorSkey))
			if want := theirs.header.Get("Authorization"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("username", "jörg", "pushinfo", "a=b c&d")
	f.Add("", "+%2B", "\x00", "\xff")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		if n1 == n2 {
			return // names occur once
		}
		text := params{{n1, v1}, {n2, v2}}.canonical()
		got, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(url.Values{n1: {v1}, n2: {v2}}, got); diff != "" {
			t.Error(diff)
		}
		swapped := params{{n2, v2}, {n1, v1}}.canonical()
		if text != swapped {
			t.Errorf("order matters: %q, %q", text, swapped)
		}
		for _, c := range []byte(text) {
			if !nameByte(c) && !strings.ContainsRune(".~%=&", rune(c)) {
				t.Errorf("byte %q in %q", c, text)
			}
		}
	})
}
