package duosim_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"
)

// A signer signs requests as Duo's documentation of each version says, written
// apart from the simulator's own reading of it.
type signer struct {
	ikey, skey string
	version    string // v1, v2, v4, v5
	sha1       bool
	host       string // as signed
}

func (s signer) authorization(method, path, date string, values url.Values, body string) string {
	params := strings.ReplaceAll(values.Encode(), "+", "%20") // net/url sorts by name
	if s.version == "v4" || s.version == "v5" {
		if method == "POST" {
			params = ""
		} else {
			body = ""
		}
	}
	lines := []string{date, method, s.host, path, params}
	switch s.version {
	case "v1":
		lines = lines[1:]
	case "v4":
		lines = append(lines, sum512(body))
	case "v5":
		lines = append(lines, sum512(body), sum512(""))
	}
	newHash := sha512.New
	if s.sha1 {
		newHash = func() hash.Hash { return sha1.New() }
	}
	mac := hmac.New(newHash, []byte(s.skey))
	_, _ = io.WriteString(mac, strings.Join(lines, "\n"))
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(s.ikey+":"+hex.EncodeToString(mac.Sum(nil))))
}

func sum512(s string) string {
	sum := sha512.Sum512([]byte(s))
	return hex.EncodeToString(sum[:])
}

// request is a signed request (v2, SHA-512, Date) with its parameters as a
// form. pairs are names and values by turns.
func request(method, base, path string, pairs ...string) *http.Request {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	target, body := base+path, ""
	if method == http.MethodGet {
		target += "?" + values.Encode()
	} else {
		body = values.Encode()
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	date := time.Now().UTC().Format(time.RFC1123Z)
	r.Header.Set("Date", date)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	sign := signer{ikey: testIKey, skey: testSKey, version: "v2", host: r.Host}
	r.Header.Set("Authorization", sign.authorization(method, r.URL.EscapedPath(), date, values, ""))
	return r
}

// A reply is one answer of the API, decoded.
type reply struct {
	HTTP     int
	Header   http.Header
	Body     string
	Stat     string
	Code     int
	Detail   string `json:"message_detail"`
	Response json.RawMessage
}

// fields decodes a response that is an object.
func (r reply) fields() map[string]any {
	out := map[string]any{}
	_ = json.Unmarshal(r.Response, &out)
	return out
}

// text returns a member of the response that is text.
func (r reply) text(name string) string {
	s, _ := r.fields()[name].(string)
	return s
}

// send sends a request over TLS.
func (b *bench) send(t *testing.T, r *http.Request) reply {
	t.Helper()
	resp, err := b.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, resp)
}

func decode(t *testing.T, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close() //nolint:errcheck // read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := reply{HTTP: resp.StatusCode, Header: resp.Header, Body: string(body)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && len(body) > 0 {
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&out); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return out
}

func (b *bench) post(t *testing.T, path string, pairs ...string) reply {
	t.Helper()
	return b.send(t, request(http.MethodPost, "https://"+b.addr, path, pairs...))
}

func (b *bench) get(t *testing.T, path string, pairs ...string) reply {
	t.Helper()
	return b.send(t, request(http.MethodGet, "https://"+b.addr, path, pairs...))
}

func names(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
