package duosim

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/secret"
)

// The vectors were computed with Duo's Python client (v1, v2, v4, v5) and its
// Node client (v2, v5), for one request in every form.
const (
	vectorKey  = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
	vectorHost = "api-Test0001.DuoSecurity.example"
	vectorDate = "Sat, 21 Nov 2026 20:00:00 -0000"
	vectorJSON = `{"device":"auto","factor":"push","pushinfo":"from=a b&x=~*'()!+/","username":"j\u00f6rg@example.com"}`
)

func vectorParams() params {
	return params{
		{"username", "jörg@example.com"},
		{"factor", "push"},
		{"device", "auto"},
		{"pushinfo", "from=a b&x=~*'()!+/"},
	}
}

func TestSignaturesOfDuosOwnClientsFit(t *testing.T) {
	form := signedParts{method: "POST", host: vectorHost, path: "/auth/v2/auth", params: vectorParams(), date: vectorDate}
	body := signedParts{method: "POST", host: vectorHost, path: "/auth/v2/auth", body: []byte(vectorJSON), json: true, date: vectorDate}
	get := signedParts{method: "GET", host: vectorHost, path: "/auth/v2/check", date: vectorDate}
	for name, tc := range map[string]struct {
		parts signedParts
		sig   string
		want  Fit
	}{
		"form v1 SHA-1":   {form, "1665809677a03fa8bf8c6f3d5ae61e63f541cbf1", Fit{Version: "v1", Digest: "sha1", Date: "none"}},
		"form v1 SHA-512": {form, "e94a78ec63e69cfd1ed86eddddd3d8672d2848f836d14e0da9f0f8010fe59be8e50c4cc0ab8eefff1f0f5d5208c764a9300af1dbabff493bc3943b97e40f9476", Fit{Version: "v1", Digest: "sha512", Date: "none"}},
		"form v2 SHA-1":   {form, "5e12b074f5b38e07bf3a49f5814f5b34da8af49d", Fit{Version: "v2", Digest: "sha1", Date: "date"}},
		"form v2 SHA-512": {form, "cd19e03f1e0d8e800cf2e58614c99b8a1d7703bceec15c390449f256f33744cd4644fbcb4371a407ac3408404cb225407d51fab1868fac84cd332bbfd7eb46a9", Fit{Version: "v2", Digest: "sha512", Date: "date"}},
		"JSON v4":         {body, "971e4ee736b6677c505419cb567c652d8ca760aa34ec28dd49ace77dcded09d1f227074c8cc3538c4e1bb90951da1ded8e6fb779d81650d93e22badc760ad457", Fit{Version: "v4", Digest: "sha512", Date: "date"}},
		"JSON v5":         {body, "57c458dccf35da72735e258c4e9cc9d6d2069270fec4793012a5941d0f8e28478081c0be61a7aebd963d7cded24240a48c7306eb941c6c3feb4a07e958c5b66f", Fit{Version: "v5", Digest: "sha512", Date: "date", Headers: "all"}},
		"GET v2":          {get, "304757402277dcd2deb82e7b568d24199491e3ab88ebb6dd15b5c39a2d25bbc753fc169e8e9d9fba5c696137b23befc5ef9677f718808256ddaeb336e812ea78", Fit{Version: "v2", Digest: "sha512", Date: "date"}},
		"GET v5":          {get, "7ccab3129923d3b6c8a10aca81caf9c8caf077240ae9d23cd5b42fc3a1433a53d6416e195c6fda708e9f9cdf7ae7e8a73a22afe0e30f7ec499d6cede15a8978a", Fit{Version: "v5", Digest: "sha512", Date: "date", Headers: "all"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.want.Host, tc.want.Order = "host", "names"
			got, ok := tc.parts.fits(secret.NewText(vectorKey), tc.sig)
			if !ok {
				t.Fatal("the signature does not fit")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			withPort := tc.parts
			withPort.host += ":4443"
			if got, ok := withPort.fits(secret.NewText(vectorKey), tc.sig); !ok || got.Host != "host" {
				t.Errorf("with a port in the Host header: %v %v", got, ok)
			}
		})
	}
}

func TestSignaturesThatMustNotFit(t *testing.T) {
	const good = "cd19e03f1e0d8e800cf2e58614c99b8a1d7703bceec15c390449f256f33744cd4644fbcb4371a407ac3408404cb225407d51fab1868fac84cd332bbfd7eb46a9"
	form := signedParts{method: "POST", host: vectorHost, path: "/auth/v2/auth", params: vectorParams(), date: vectorDate}
	for name, tc := range map[string]struct {
		change func(*signedParts)
		key    string
		sig    string
	}{
		"another key":       {func(*signedParts) {}, strings.ToUpper(vectorKey), good},
		"another path":      {func(p *signedParts) { p.path = "/auth/v2/preauth" }, vectorKey, good},
		"another date":      {func(p *signedParts) { p.date = strings.Replace(vectorDate, "20:00", "20:01", 1) }, vectorKey, good},
		"another method":    {func(p *signedParts) { p.method = "GET" }, vectorKey, good},
		"another host":      {func(p *signedParts) { p.host = "localhost" }, vectorKey, good},
		"a parameter more":  {func(p *signedParts) { p.params = append(p.params, param{"x", ""}) }, vectorKey, good},
		"a form for JSON":   {func(p *signedParts) { p.json = true }, vectorKey, good},
		"upper-case digits": {func(*signedParts) {}, vectorKey, strings.ToUpper(good)},
		"cut short":         {func(*signedParts) {}, vectorKey, good[:126]},
		"no signature":      {func(*signedParts) {}, vectorKey, ""},
		"not hex":           {func(*signedParts) {}, vectorKey, strings.Repeat("z", 40)},
	} {
		t.Run(name, func(t *testing.T) {
			p := form
			p.params = append(params(nil), form.params...)
			tc.change(&p)
			if fit, ok := p.fits(secret.NewText(tc.key), tc.sig); ok {
				t.Errorf("fits as %+v", fit)
			}
		})
	}
}

func TestCanonicalParameters(t *testing.T) {
	got := vectorParams().canonical(false)
	want := "device=auto&factor=push&pushinfo=from%3Da%20b%26x%3D~%2A%27%28%29%21%2B%2F&username=j%C3%B6rg%40example.com"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for raw, want := range map[string]string{
		"":              "",
		"&&":            "",
		"b=2&a=1":       "a=1&b=2",
		"a=2&a=1":       "a=1&a=2",
		"a":             "a=",
		"=v":            "=v",
		"a=1+2":         "a=1%202",
		"a=%0A":         "a=%0A",
		"a=!'()*":       "a=%21%27%28%29%2A",
		"a=x=y":         "a=x%3Dy",
		"%61=%c3%b6":    "a=%C3%B6",
		"a1=x&a=y&a-=z": "a=y&a-=z&a1=x",
	} {
		p, err := parseForm(raw)
		if err != nil {
			t.Errorf("%q: %v", raw, err)
		}
		if got := p.canonical(false); got != want {
			t.Errorf("%q: got %q want %q", raw, got, want)
		}
	}
	p := params{{"a1", "x"}, {"a", "y"}}
	if got := p.canonical(true); got != "a1=x&a=y" {
		t.Errorf("sorted as whole pairs: %q", got)
	}
}

func TestDuoHeadersOfVersion5(t *testing.T) {
	h := http.Header{"X-Duo-B": {"2"}, "X-Duo-A": {"1"}, "X-Duo-Date": {"now"}, "Date": {"d"}}
	if got := duoHeaders(h, true); got != "x-duo-a\x001\x00x-duo-b\x002\x00x-duo-date\x00now" {
		t.Errorf("%q", got)
	}
	if got := duoHeaders(h, false); got != "x-duo-a\x001\x00x-duo-b\x002" {
		t.Errorf("%q", got)
	}
}

func FuzzSignature(f *testing.F) {
	f.Add("a=1&b=%20+", "/auth/v2/auth", "localhost:1", "Sat, 21 Nov 2026 20:00:00 -0000", false)
	f.Add(`{"a":"b","a":1}`, "/%zz", "[::1]:443", "", true)
	f.Fuzz(func(t *testing.T, raw, path, host, date string, isJSON bool) {
		var p params
		var err error
		if isJSON {
			p, err = parseJSON([]byte(raw))
		} else {
			p, err = parseForm(raw)
		}
		if err != nil {
			return
		}
		again, err := parseForm(p.canonical(false))
		if err != nil || again.canonical(false) != p.canonical(false) {
			t.Fatalf("the canonical form of %q is not its own: %v", raw, err)
		}
		parts := signedParts{method: "POST", host: host, path: path, params: p, body: []byte(raw), json: isJSON, date: date}
		if _, ok := parts.fits(secret.NewText("k"), strings.Repeat("0", 40)); ok {
			t.Fatal("a made-up signature fits")
		}
	})
}

func hexHMAC(key, text string) string {
	mac := hmac.New(sha512.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
