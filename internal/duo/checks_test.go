package duo

import (
	"errors"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
)

func TestAPIHost(t *testing.T) {
	tests := []struct{ name, give, wantWord string }{
		{"a host name as Duo hands it out", "api-3f9c21ab.duosecurity.com", ""},
		{"a host name with a port", "localhost:8444", ""},
		{"an IPv4 address", "127.0.0.1", ""},
		{"an IPv4 address with a port", "127.0.0.1:8444", ""},
		{"an IPv6 address", "2001:db8::7", ""},
		{"an IPv6 address with a port", "[2001:db8::7]:8444", ""},
		{"the worksheet's placeholder is no host", "api-****.duo.com", "not a host name"},
		{"a URL", "https://api-3f9c21ab.duosecurity.com", "scheme"},
		{"a path", "api-3f9c21ab.duosecurity.com/auth/v2", "path"},
		{"a user", "alice@api-3f9c21ab.duosecurity.com", "user"},
		{"port 0", "localhost:0", "port"},
		{"a port too high", "localhost:65536", "port"},
		{"no port behind the colon", "localhost:", "port"},
		{"nothing", "", "not a host name"},
		{"a space", "api host", "not a host name"},
		{"a broken IPv4 address", "256.1.1.1", "not a host name"},
		{"an unclosed bracket", "[::1", "brackets"},
		{"a zone", "fe80::1%eth0", "port"},
		{"a label too long", strings.Repeat("a", 64) + ".com", "not a host name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expectRefusal(t, checkAPIHost(tt.give), "api_host", tt.wantWord)
		})
	}
}

func TestProxyForms(t *testing.T) {
	tests := []struct{ name, give, wantWord, wantShown string }{
		{"address and port", "192.168.0.1:3128", "", "192.168.0.1:3128"},
		{"host alone", "proxy.example.org", "", "proxy.example.org"},
		{"URL with user and password", "http://user:pw@proxy.example.org:8080", "", "http://user:********@proxy.example.org:8080"},
		{"user and password without scheme", "user:pw@proxy:8080", "", "user:********@proxy:8080"},
		{"user alone", "user@proxy:8080", "", "user@proxy:8080"},
		{"trailing slash", "http://proxy:8080/", "", "http://proxy:8080"},
		{"a colon inside the password", "user:p:w@proxy", "", "user:********@proxy"},
		{"an at sign inside the password", "user:p@w@proxy", "", "user:********@proxy"},
		{"an at sign inside the user's name", "us@er@proxy", "user's name", ""},
		{"another scheme", "https://proxy:8080", "scheme", ""},
		{"another scheme with a password", "socks5://user:pw@proxy:8080", "scheme", ""},
		{"a path", "http://proxy:8080/pac", "path", ""},
		{"an empty password", "user:@proxy", "empty", ""},
		{"an empty user", ":pw@proxy", "empty", ""},
		{"a space", "user:p w@proxy", "space", ""},
		{"a bad port", "proxy:http", "port", ""},
		{"no host", "user:pw@", "host name", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkProxy(tt.give)
			expectRefusal(t, err, "http_proxy", tt.wantWord)
			if err != nil {
				return
			}
			var p Profile
			p.setProxy(tt.give)
			if p.HTTPProxy != tt.wantShown {
				t.Errorf("shown as %q, want %q", p.HTTPProxy, tt.wantShown)
			}
		})
	}
}

func TestProxyPasswordStaysWithItsProxy(t *testing.T) {
	var p Profile
	p.setProxy("http://user:pw@proxy:8080")
	given, fresh := p.ProxyPassword.Fresh()
	if !fresh || !given.Equal(secret.NewText("pw")) {
		t.Fatal("the password was not taken for sealing")
	}
	p.ProxyPassword = secret.FromCipher([]byte("sealed"))

	p.setProxy("http://user:********@proxy:8080")
	if string(p.ProxyPassword.Cipher()) != "sealed" {
		t.Error("what was shown, sent back, lost the password")
	}
	p.setProxy("http://user:********@elsewhere:8080")
	if err := p.checkProxyPassword(); !fault.Is(err, fault.BadReason) {
		t.Errorf("the mask before another proxy gave %v, want bad_reason", err)
	}
	p.setProxy("")
	if p.HTTPProxy != "" || !p.ProxyPassword.IsZero() {
		t.Error("clearing left something behind")
	}
}

func TestTheProxyIsPutTogetherAgain(t *testing.T) {
	for _, given := range []string{"proxy:8080", "http://user:p:w@[2001:db8::1]:8080", "user@proxy", ""} {
		var p Profile
		p.setProxy(given)
		password, _ := p.ProxyPassword.Fresh()
		if !p.ProxyWith(password).Equal(secret.NewText(given)) {
			t.Errorf("%q did not come back", given)
		}
	}
}

// expectRefusal wants err to be nil for an empty word, else a fault on the
// target whose message holds the word.
func expectRefusal(t *testing.T, err error, target, word string) {
	t.Helper()
	if word == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("got %v, want a fault", err)
	}
	if f.Target != target || !strings.Contains(f.Msg, word) {
		t.Errorf("got %q on %q, want a word %q on %q", f.Msg, f.Target, word, target)
	}
}

func FuzzProxyNeverShowsItsPassword(f *testing.F) {
	for _, seed := range []string{"user:pw@proxy:8080", "http://u:p:w@h", "a@b", ":@", "http://"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		if err := checkProxy(given); err != nil {
			return
		}
		parts := splitProxy(given)
		var p Profile
		p.setProxy(given)
		if err := checkProxy(p.HTTPProxy); err != nil {
			t.Errorf("%q is shown as %q, which is refused: %v", given, p.HTTPProxy, err)
		}
		again := splitProxy(p.HTTPProxy)
		if parts.hasPassword && !again.masked() {
			t.Errorf("%q is shown as %q", given, p.HTTPProxy)
		}
	})
}
