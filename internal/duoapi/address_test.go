package duoapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/secret"
)

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		text string
		want apiHost // zero: refused
	}{
		{"api-12345678.duosecurity.com", apiHost{"api-12345678.duosecurity.com", "api-12345678.duosecurity.com"}},
		{"API-A.DuoSecurity.COM", apiHost{"api-a.duosecurity.com", "api-a.duosecurity.com"}},
		{"localhost:4443", apiHost{"localhost", "localhost:4443"}},
		{"localhost:443", apiHost{"localhost", "localhost"}},
		{"localhost:0443", apiHost{"localhost", "localhost"}},
		{"192.0.2.1:8444", apiHost{"192.0.2.1", "192.0.2.1:8444"}},
		{"[2001:DB8::1]:8444", apiHost{"[2001:db8::1]", "[2001:db8::1]:8444"}},
		{"[2001:db8::1]", apiHost{"[2001:db8::1]", "[2001:db8::1]"}},
		{"2001:DB8::1", apiHost{"[2001:db8::1]", "[2001:db8::1]"}},
		{"api-1.duosecurity.com.", apiHost{"api-1.duosecurity.com", "api-1.duosecurity.com"}},
		{"api-1.duosecurity.com.:8444", apiHost{"api-1.duosecurity.com", "api-1.duosecurity.com:8444"}},
		{"", apiHost{}},
		{".", apiHost{}},
		{"api-1.duosecurity.com..", apiHost{}},
		{"https://api-1.duosecurity.com", apiHost{}},
		{"api-1.duosecurity.com/", apiHost{}},
		{"api-1.duosecurity.com/auth", apiHost{}},
		{"api-1.duosecurity.com:", apiHost{}},
		{"api-1.duosecurity.com:0", apiHost{}},
		{"api-1.duosecurity.com:65536", apiHost{}},
		{"api-1.duosecurity.com:+80", apiHost{}},
		{"api-1.duosecurity.com:https", apiHost{}},
		{"user@api-1.duosecurity.com", apiHost{}},
		{" api-1.duosecurity.com", apiHost{}},
		{"api 1.duosecurity.com", apiHost{}},
		{"api-1.duosecurity.com\r\nX: y", apiHost{}},
		{"api..duosecurity.com", apiHost{}},
		{"-api.duosecurity.com", apiHost{}},
		{"fe80::1%eth0", apiHost{}},
		{"[2001:db8::1", apiHost{}},
		{"[fe80::1%25eth0]", apiHost{}},
		{"[192.0.2.1]", apiHost{}},
		{"dúo.example", apiHost{}},
		{strings.Repeat("a", 64) + ".example", apiHost{}},
		{strings.Repeat("abcdefg.", 32) + "example", apiHost{}},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, problem := parseHost(test.text)
			if (problem == "") != (test.want != apiHost{}) {
				t.Fatalf("problem %q", problem)
			}
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestProxies(t *testing.T) {
	for _, test := range []struct{ text, address, credentials, problem string }{
		{"192.0.2.7:3128", "192.0.2.7:3128", "", ""},
		{"proxy.example", "proxy.example:80", "", ""},
		{"http://proxy.example:3128", "proxy.example:3128", "", ""},
		{"HTTP://proxy.example", "proxy.example:80", "", ""},
		{"http://proxy.example:3128/anything?x", "proxy.example:3128", "", ""},
		{"user:pass@proxy.example:3128", "proxy.example:3128", "user:pass", ""},
		{"http://user:p%40ss:w/ö@rd@proxy.example", "proxy.example:80", "user:p%40ss:w/ö@rd", ""},
		{"user@proxy.example", "proxy.example:80", "user:", ""},
		{"[2001:db8::1]:3128", "[2001:db8::1]:3128", "", ""},
		{"https://proxy.example", "", "", "http:// only"},
		{"socks5://proxy.example", "", "", "http:// only"},
		{"http://", "", "", "not a host name"},
		{"proxy.example:", "", "", "port"},
		{"proxy.example:99999", "", "", "port"},
		{"user:pass@", "", "", "not a host name"},
		{"proxy .example", "", "", "not a host name"},
		{"proxy\r\n.example", "", "", "not a host name"},
		{"2001:db8::1", "[2001:db8::1]:80", "", ""},
		{"user:pass@2001:db8::1", "[2001:db8::1]:80", "user:pass", ""},
		{"proxy.example.:3128", "proxy.example:3128", "", ""},
		{"2001:db8::1:", "", "", "port"},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, problem := parseProxy(secret.NewText(test.text))
			if test.problem != "" {
				if !strings.Contains(problem, test.problem) {
					t.Errorf("problem %q, want one with %q", problem, test.problem)
				}
				return
			}
			if problem != "" {
				t.Fatal(problem)
			}
			if diff := cmp.Diff([]string{test.address, test.credentials}, []string{got.address, got.credentials.Reveal()}); diff != "" {
				t.Error(diff)
			}
		})
	}
	if p, problem := parseProxy(secret.Text{}); p != nil || problem != "" {
		t.Errorf("the absent secret gives %v, %q; want no proxy", p, problem)
	}
}

// Whatever a profile says, the result is refused or can stand in a URL.
func FuzzAddresses(f *testing.F) {
	f.Add("http://user:pass@proxy.example:3128/x")
	f.Add("[2001:db8::1]:4443")
	f.Fuzz(func(t *testing.T, text string) {
		if h, problem := parseHost(text); problem == "" {
			req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+h.address+"/auth/v2/ping", nil)
			if err != nil {
				t.Fatal(err)
			}
			if req.URL.Host != h.address || req.URL.Path != "/auth/v2/ping" || req.URL.User != nil {
				t.Errorf("%q becomes %q", text, req.URL)
			}
		}
		if p, problem := parseProxy(secret.NewText(text)); problem == "" && p != nil {
			if u := p.url(); u.Host == "" || strings.ContainsAny(u.Host, "/@ \r\n") {
				t.Errorf("%q becomes %q", text, u.Host)
			}
			if _, err := http.NewRequestWithContext(t.Context(), "GET", p.url().String(), nil); err != nil {
				t.Error(err)
			}
		}
	})
}
