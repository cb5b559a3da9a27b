package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/store"
)

type mode string

type inner struct {
	UUID string `json:"uuid"`
	Name string `json:"-"`
}

// A parcel has a member of every kind that a record may have.
type parcel struct {
	Owner   inner             `json:"owner"`
	Title   string            `json:"title"`
	Mode    mode              `json:"mode,omitempty"`
	Open    bool              `json:"open"`
	Count   int               `json:"count"`
	Small   int8              `json:"small,omitempty"`
	Big     uint64            `json:"big,omitempty"`
	Share   float64           `json:"share,omitempty"`
	At      time.Time         `json:"at,omitzero"`
	Tags    []string          `json:"tags,omitempty"`
	Raw     []byte            `json:"raw,omitempty"`
	Next    *inner            `json:"next,omitempty"`
	Colours map[string]string `json:"colours,omitempty"`
	Plain   string
}

var parcels = &store.Table[parcel]{Name: "parcels", DocVersion: 1, Key: func(p *parcel) string { return p.Owner.UUID }}

// standard decodes a parcel with nothing but encoding/json.
func standard(doc []byte) (*parcel, error) {
	var e struct {
		V int
		D json.RawMessage
	}
	if err := json.Unmarshal(doc, &e); err != nil {
		return nil, err
	}
	if e.V != 1 {
		return nil, fmt.Errorf("version %d", e.V)
	}
	p := new(parcel)
	return p, json.Unmarshal(e.D, p)
}

func TestEveryRecordIsReadAsItWasWritten(t *testing.T) {
	full := parcel{
		Owner: inner{UUID: "u-1"}, Title: "a", Mode: "fast", Open: true, Count: -12, Small: 127, Big: 1 << 63, Share: 0.5,
		At: time.Unix(1, 2).UTC(), Tags: []string{"x", ""}, Raw: []byte{0, 255}, Next: &inner{UUID: "n"}, Colours: map[string]string{"a": "b"}, Plain: "p",
	}
	for name, p := range map[string]parcel{
		"nothing set":             {},
		"plain members only":      {Owner: inner{UUID: "u-1"}, Title: "a title", Mode: "slow", Open: true, Count: 1 << 40, Small: -128, At: time.Unix(9, 0).UTC(), Plain: "p"},
		"everything set":          full,
		"texts that are escaped":  {Title: "a \"quote\", a \\ and <b>\n\u2028", Plain: "\x00"},
		"texts in other scripts":  {Title: "Ünïcode 世界 🦆", Plain: "é"},
		"texts that look like it": {Title: `{"title":"b"}`, Plain: `","d":`},
	} {
		doc, err := parcels.Encode(&p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parcels.Decode(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(got, any(&p)); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

func TestAKeyThatTheRecordHoldsIsNotKeptTwice(t *testing.T) {
	p := &parcel{Owner: inner{UUID: "u-1"}}
	if got := parcels.KeyOf([]byte("u-1"), p); got != "u-1" || unsafe.StringData(got) != unsafe.StringData(p.Owner.UUID) {
		t.Errorf("%q, of its own memory", got)
	}
	if got := parcels.KeyOf([]byte("u-2"), p); got != "u-2" {
		t.Errorf("%q, want the key under which it is stored", got)
	}
	if got := pages.KeyOf([]byte("k"), &page{}); got != "k" {
		t.Errorf("%q of a record that does not hold its key", got)
	}
}

// FuzzDecodeLikeTheStandardLibrary holds that what is read quickly is read as
// encoding/json reads it, and refused where that refuses it.
func FuzzDecodeLikeTheStandardLibrary(f *testing.F) {
	for _, seed := range []string{
		`{"v":1,"d":{}}`,
		`{"v":1,"d":{"owner":{"uuid":"u"},"title":"t","open":false,"count":0,"Plain":""}}`,
		`{"v":1,"d":{"title":"t","title":"u"}}`,
		`{"v":1,"d":{"TITLE":"t"}}`,
		`{"v":1,"d":{"title":null,"count":01}}`,
		`{"v":1,"d":{"count":-0,"small":128}}`,
		`{"v":1,"d":{"count":1e2}}`,
		`{"v":1,"d":{"title":"` + "\xff" + `"}}`,
		`{"v":1,"d":{"at":"2026-11-22T00:00:00Z","raw":"AA=="}}`,
		`{"v":1,"d":{"owner":{},"title":"t",}}`,
		`{"v":1,"d":{"title":"t"}}}`,
		`{"v":1,"d":{"owner":{"uuid":"u"}"title":"t"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		want, wantErr := standard(doc)
		got, err := parcels.Decode(doc)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: error %v, encoding/json says %v", doc, err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(got, any(want)); diff != "" {
			t.Errorf("%q (-got +standard):\n%s", doc, diff)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	doc, err := parcels.Encode(&parcel{
		Owner: inner{UUID: "0190a0b0-0000-7000-8000-000000000000"}, Title: "a title of usual length", Mode: "slow",
		Open: true, Count: 3, Plain: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("quick", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parcels.Decode(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := standard(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}
