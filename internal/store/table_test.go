package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/store"
)

type page struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

var pages = &store.Table[page]{Name: "pages", DocVersion: 2, Upgrade: func(from int, doc []byte) ([]byte, error) {
	if from != 1 {
		return nil, errors.New("only from 1")
	}
	return []byte(strings.Replace(string(doc), `"name"`, `"title"`, 1)), nil
}}

func TestDocumentsAreReadInEverySpelling(t *testing.T) {
	want := &page{Title: `t","d":{}}`, Body: "b"}
	written, err := pages.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(written); got != `{"v":2,"d":{"title":"t\",\"d\":{}}","body":"b"}}` {
		t.Errorf("document %s", got)
	}
	for name, doc := range map[string]string{
		"as written":         string(written),
		"with spaces":        `{ "v": 2, "d": {"title": "t\",\"d\":{}}", "body": "b"} }` + "\n",
		"in another order":   `{"d":{"body":"b","title":"t\",\"d\":{}}"},"v":2}`,
		"with a member more": `{"v":2,"d":{"title":"t\",\"d\":{}}","body":"b"},"note":{}}`,
		"of version 1":       `{"v":1,"d":{"name":"t\",\"d\":{}}","body":"b"}}`,
	} {
		got, err := pages.Decode([]byte(doc))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBadDocumentsAreRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"nothing":            ``,
		"another document":   `[]`,
		"no version":         `{"d":{}}`,
		"version 0":          `{"v":0,"d":{}}`,
		"a newer version":    `{"v":3,"d":{}}`,
		"no value":           `{"v":2}`,
		"cut short":          `{"v":2,"d":{"title":"t"}`,
		"a member too often": `{"v":2,"d":{"title":"t"}}}`,
		"another type":       `{"v":2,"d":{"title":1}}`,
		"not JSON":           `{"v":2,"d":{"title":}}`,
	} {
		if got, err := pages.Decode([]byte(doc)); err == nil || !strings.Contains(err.Error(), "pages") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := pages.Encode(&struct{}{}); err == nil {
		t.Error("a value of another type was encoded")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":2,"d":{"title":"t","body":"b"}}`))
	f.Add([]byte(`{"d":{"body":"b"}, "v":1}`))
	f.Add([]byte(`{"v":2,"d":{}},"d":{}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		value, err := pages.Decode(doc)
		if err != nil {
			return
		}
		again, err := pages.Encode(value)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := pages.Decode(again); err != nil || !cmp.Equal(back, value) {
			t.Errorf("%q became %q: %v", doc, again, err)
		}
	})
}
