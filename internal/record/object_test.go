package record_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
)

func TestParseObjectTakesStrictJSON(t *testing.T) {
	o, err := record.ParseObject([]byte("\r\n {\"b\":1, \"owner.name\":\"x\", \"a\":[{}], \"owner\":{\"uuid\":\"u\"}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "owner", "a"}, o.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if !o.Has("owner") || o.Has("owner.name") || o.Len() != 3 {
		t.Errorf("a dotted name does not stand for its nesting: %v", o.Names())
	}
	if left := o.Without("owner", "b"); !slices.Equal(left.Names(), []string{"a"}) {
		t.Errorf("without owner and b there is %v", left.Names())
	}
}

func TestParseObjectRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17)
	tests := []struct {
		name, body string
		code       fault.Code
		target     string
		message    string
	}{
		{"nothing", " \n", fault.BadBody, "", "The body is empty; it must be one JSON object."},
		{"an array", `[]`, fault.BadBody, "", "The body must be one JSON object."},
		{"a number", `1`, fault.BadBody, "", ""},
		{"null", `null`, fault.BadBody, "", ""},
		{"a comma too many, as in ONTAP's own sample", "{\"a\":1,\n}", fault.BadJSON, "", "The body is not valid JSON at line 2, column 1."},
		{"an end too early", `{"a":`, fault.BadJSON, "", "The body is not valid JSON at line 1, column 5."},
		{"data behind the object", `{} {}`, fault.BadJSON, "", "The body is not valid JSON at line 1, column 4."},
		{"a comment", `{/**/}`, fault.BadJSON, "", ""},
		{"a raw control character in text", "{\"a\":\"\x01\"}", fault.BadJSON, "", ""},
		{"broken UTF-8", "{\"a\":\"\xff\"}", fault.BadJSON, "", "The body is not valid UTF-8 at line 1, column 7."},
		{"half a surrogate pair", `{"a":"\ud83d"}`, fault.BadJSON, "", "The body has one half of a surrogate pair at line 1, column 7."},
		{"a surrogate pair the wrong way round", `{"a":"\\\udc00\ud83d"}`, fault.BadJSON, "", ""},
		{"NUL in a value", `{"a":"x\u0000"}`, fault.BadBody, "a", "The body holds a NUL character."},
		{"NUL in a name", `{"a\u0000":1}`, fault.BadBody, "", "The body holds a NUL character."},
		{"a member twice", `{"a":1,"a":1}`, fault.TwiceField, "a", "Field \"a\" was specified twice."},
		{"a member twice by an escape", `{"a":1,"\u0061":1}`, fault.TwiceField, "a", ""},
		{"an object twice", `{"o":{"a":1},"o":{"b":1}}`, fault.TwiceField, "o", ""},
		{"a member twice, dotted and nested", `{"owner.name":"x","owner":{"name":"y"}}`, fault.TwiceField, "owner.name", ""},
		{"a member twice, nested and dotted", `{"owner":{"name":"x"},"owner.name":"y"}`, fault.TwiceField, "owner.name", ""},
		{"a member twice, dotted", `{"a.b.c":1,"a.b.c":2}`, fault.TwiceField, "a.b.c", ""},
		{"a value and members under one name", `{"owner":"x","owner.name":"y"}`, fault.TwiceField, "owner", ""},
		{"a member twice inside an array", `{"records":[{"a":1,"a":2}]}`, fault.TwiceField, "records.a", ""},
		{"17 levels", deep, fault.BadBody, "", "The body is nested deeper than 16 levels."},
		{"17 levels by dots", `{"` + strings.Repeat("a.", 16) + `a":1}`, fault.BadBody, "", ""},
		{"17 levels of arrays", `{"a":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, fault.BadBody, "", ""},
		{"a hundred thousand levels", strings.Repeat("[", 100000), fault.BadJSON, "", ""},
		{"10,001 elements", `{"a":[0` + strings.Repeat(",0", 10000) + `]}`, fault.BadBody, "a", "An array holds more than 10000 elements."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := record.ParseObject([]byte(tt.body))
			wantFault(t, err, tt.code, tt.target, tt.message)
		})
	}
}

func TestParseObjectTakesWhatIsAtTheLimit(t *testing.T) {
	for name, body := range map[string]string{
		"16 levels":         strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16),
		"16 levels by dots": `{"` + strings.Repeat("a.", 15) + `a":1}`,
		"10,000 elements":   `{"a":[0` + strings.Repeat(",0", 9999) + `]}`,
		"a surrogate pair":  `{"a":"\ud83d\ude00 \\ud83d"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := record.ParseObject([]byte(body)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestObjectsHandsOutRecords(t *testing.T) {
	o, err := record.ParseObject([]byte(`{"records":[{"a":1},{"b":2,"c":3}],"one":{},"mixed":[{},1]}`))
	if err != nil {
		t.Fatal(err)
	}
	records, ok, err := o.Objects("records")
	if err != nil || !ok || len(records) != 2 || records[1].Len() != 2 {
		t.Errorf("got %d records, %v, %v", len(records), ok, err)
	}
	if _, ok, err := o.Objects("none"); ok || err != nil {
		t.Errorf("an absent member gives %v, %v", ok, err)
	}
	_, _, err = o.Objects("one")
	wantFault(t, err, fault.ArrayWanted, "one", "")
	_, _, err = o.Objects("mixed")
	wantFault(t, err, fault.BadBody, "mixed", `Element 2 of "mixed" is not an object.`)
}

func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"owner.name":"vs0","owner":{"uuid":"u"}}`, `{"a":[1,{"b":null}],"c":1e3}`, `{"a":1,}`,
		`{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`, `{"a":1,"a":2}`, `{"a..b":1}`, `{"":{"":1}}`, `{"a":1} x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := record.ParseObject(body)
		if err != nil {
			if fault.CodeOf(err) == fault.Internal {
				t.Errorf("an error of our own: %v", err)
			}
			return
		}
		names := o.Names()
		slices.Sort(names)
		if len(slices.Compact(names)) != o.Len() {
			t.Errorf("a name twice: %q", names)
		}
		if o.Without(names...).Len() != 0 {
			t.Errorf("names do not name the members: %q", names)
		}
	})
}
