package duosim

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The two documents were read by an unmodified Duo Unix 1.11.3.
func TestBSONIsWhatDuoUnixReads(t *testing.T) {
	for _, tc := range []struct {
		doc  document
		want string
	}{
		{
			document{{"stat", "OK"}, {"response", document{{"result", "allow"}, {"status", "ok"}}}},
			"42000000027374617400030000004f4b0003726573706f6e7365002600000002726573756c740006000000616c6c6f77000273746174757300030000006f6b000000",
		},
		{
			document{{"stat", "FAIL"}, {"code", 40002}, {"message", "Invalid request parameters"}},
			"46000000027374617400050000004641494c0010636f646500429c0000026d657373616765001b000000496e76616c6964207265717565737420706172616d65746572730000",
		},
	} {
		got, err := tc.doc.bson()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, hex.EncodeToString(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestBSONRefusesWhatTheOldClientsCannotRead(t *testing.T) {
	for _, value := range []any{1 << 40, -1 << 40, int64(1), 1.5, true, nil, []string{"a"}} {
		if got, err := (document{{"v", document{{"w", value}}}}).bson(); err == nil {
			t.Errorf("%v: encoded as %x", value, got)
		}
	}
}

func TestJSONKeepsOrderAndPlainSigns(t *testing.T) {
	doc := document{{"z", "a<b>&'c\n"}, {"a", []string{}}, {"list", []document{{{"b", 1}}, {}}}}
	got, err := plainJSON(doc)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"z":"a<b>&'c\n","a":[],"list":[{"b":1},{}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

var errBSON = errors.New("not BSON")

// readBSON is a reader of its own for the three types in use, written from the
// format and not from the encoder.
func readBSON(b []byte) (document, []byte, error) {
	if len(b) < 5 {
		return nil, nil, errBSON
	}
	size := int(binary.LittleEndian.Uint32(b))
	if size < 5 || size > len(b) || b[size-1] != 0 {
		return nil, nil, errBSON
	}
	rest, out := b[4:size-1], document{}
	for len(rest) > 0 {
		kind := rest[0]
		name, after, ok := strings.Cut(string(rest[1:]), "\x00")
		if !ok {
			return nil, nil, errBSON
		}
		rest = []byte(after)
		switch {
		case kind == bsonText && len(rest) >= 4:
			n := int(binary.LittleEndian.Uint32(rest))
			if n < 1 || 4+n > len(rest) || rest[3+n] != 0 {
				return nil, nil, errBSON
			}
			out = out.with(name, string(rest[4:3+n]))
			rest = rest[4+n:]
		case kind == bsonInt32 && len(rest) >= 4:
			out = out.with(name, int(int32(binary.LittleEndian.Uint32(rest))))
			rest = rest[4:]
		case kind == bsonDoc:
			inner, after, err := readBSON(rest)
			if err != nil {
				return nil, nil, err
			}
			out = out.with(name, inner)
			rest = after
		default:
			return nil, nil, errBSON
		}
	}
	return out, b[size:], nil
}

func FuzzBSON(f *testing.F) {
	f.Add("result", "allow", 40002)
	f.Add("", "ö\n", -1)
	f.Fuzz(func(t *testing.T, name, text string, n int) {
		if strings.Contains(name, "\x00") || int64(n) != int64(int32(n)) {
			return
		}
		doc := document{{name, text}, {"n", n}, {"d", document{{name, text}, {"e", document{}}}}}
		encoded, err := doc.bson()
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := readBSON(encoded)
		if err != nil || len(rest) != 0 {
			t.Fatalf("%x does not read back: %v, %d bytes left", encoded, err, len(rest))
		}
		want, _ := json.Marshal(doc)
		have, _ := json.Marshal(got)
		if string(want) != string(have) {
			t.Fatalf("got %s want %s", have, want)
		}
	})
}
