package rest

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/secret"
)

func TestBodiesAreLaidOutAsONTAPDoes(t *testing.T) {
	v := record.Object(
		record.Member{Name: "owner", Value: record.Object(record.Member{Name: "name", Value: record.Text("lab <a> & \"b\"")})},
		record.Member{Name: "users", Value: record.List(record.Text("x"), record.Integer(-3))},
		record.Member{Name: "empty", Value: record.Present("")},
		record.Member{Name: "none", Value: record.List()},
		record.Member{Name: "on", Value: record.Flag(true)},
		record.Member{Name: "off", Value: record.Flag(false)},
		record.Member{Name: "zero", Value: record.Integer(0)},
		record.Member{Name: "at", Value: record.Instant(time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC))},
		record.Member{Name: "key", Value: record.Hidden(secret.NewText("canary"))},
	)
	for _, c := range []struct {
		name   string
		pretty bool
		want   string
	}{
		{"pretty", true, `{
  "owner": {
    "name": "lab <a> & \"b\""
  },
  "users": [
    "x",
    -3
  ],
  "empty": "",
  "none": [
  ],
  "on": true,
  "off": false,
  "zero": 0,
  "at": "2026-02-03T04:05:06Z",
  "key": null
}`},
		{"compact", false, `{"owner":{"name":"lab <a> & \"b\""},"users":["x",-3],"empty":"","none":[],"on":true,"off":false,"zero":0,"at":"2026-02-03T04:05:06Z","key":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := encoder{pretty: c.pretty}
			e.value(v)
			if diff := cmp.Diff(string(e.buf), c.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

func TestEmptyContainersSpanTwoLines(t *testing.T) {
	e := encoder{pretty: true}
	e.open('{')
	e.name("records")
	e.open('[')
	e.close(']')
	e.close('}')
	if got, want := string(e.buf), "{\n  \"records\": [\n  ]\n}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzEncoder compares with encoding/json: the same text when compact, and
// the same text again once the pretty form is compacted.
func FuzzEncoder(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\x1f\x7f\b\f\n\r\t", "\"\\/<>&'", "\u2028\u2029\ufffd", "\xff\xc0\xaf", "ä日本🙂"} {
		f.Add(s, s, int64(-7), true)
	}
	f.Fuzz(func(t *testing.T, name, text string, n int64, flag bool) {
		want := expectJSON(t, name, text, n, flag)
		for _, pretty := range []bool{false, true} {
			e := encoder{pretty: pretty}
			e.open('{')
			e.name("a" + name)
			e.open('[')
			e.next()
			e.text(text)
			e.next()
			e.value(record.Integer(n))
			e.next()
			e.value(record.Flag(flag))
			e.close(']')
			e.close('}')
			got := e.buf
			if pretty {
				var b bytes.Buffer
				if err := json.Compact(&b, e.buf); err != nil {
					t.Fatalf("not JSON: %v\n%s", err, e.buf)
				}
				got = b.Bytes()
			}
			if !bytes.Equal(got, want) {
				t.Errorf("pretty %t: got %s, want %s", pretty, got, want)
			}
		}
	})
}

func expectJSON(t *testing.T, name, text string, n int64, flag bool) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{"a" + name: []any{text, n, flag}}); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
