package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/secret"
)

const canary = "canary-0123456789"

// holder keeps secrets where fmt and slog reach them without their methods:
// in unexported fields, behind pointers, in maps and slices.
type holder struct {
	Exported secret.Text
	hidden   secret.Text
	pointer  *secret.Text
	list     []secret.Text
	byName   map[string]secret.Text
	fresh    secret.Sealed
}

func newHolder() holder {
	t := secret.NewText(canary)
	return holder{t, t, &t, []secret.Text{t}, map[string]secret.Text{"k": t}, secret.Fresh(t)}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	values := map[string]any{
		"text":    secret.NewText(canary),
		"pointer": new(secret.NewText(canary)),
		"fresh":   secret.Fresh(secret.NewText(canary)),
		"holder":  newHolder(),
	}
	for name, value := range values {
		for verb := range strings.SplitSeq("v +v #v s q x X d t b o O c U e f g p T w", " ") {
			if got := fmt.Sprintf("%"+verb, value); leaks(got) {
				t.Errorf("%s under %%%s prints %q", name, verb, got)
			}
		}
	}
}

func TestASecretIsNeverLogged(t *testing.T) {
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(handler)
		log.InfoContext(t.Context(), "m", slog.Any("text", secret.NewText(canary)), slog.Any("holder", newHolder()),
			slog.Any("sealed", secret.Fresh(secret.NewText(canary))), slog.Group("g", slog.Any("t", secret.NewText(canary))))
	}
	if leaks(out.String()) {
		t.Errorf("logged:\n%s", out.String())
	}
}

func TestAPlainSecretCannotBeMarshalled(t *testing.T) {
	for name, value := range map[string]any{
		"text": secret.NewText(canary), "fresh": secret.Fresh(secret.NewText(canary)), "holder": newHolder(),
	} {
		if b, err := json.Marshal(value); err == nil || leaks(string(b)) {
			t.Errorf("json of %s: %s, %v", name, b, err)
		}
	}
	if b, err := xml.Marshal(secret.NewText(canary)); err == nil || leaks(string(b)) {
		t.Errorf("xml: %s, %v", b, err)
	}
}

// leaks looks for the canary as text, in hex and in the forms %d and %b give bytes.
func leaks(s string) bool {
	return strings.Contains(s, canary) ||
		strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", canary)) ||
		strings.Contains(s, strings.Trim(fmt.Sprintf("%d", []byte(canary[:6])), "[]"))
}

func TestSealedIsReadInEverySpellingOfBase64InJSON(t *testing.T) {
	for doc, want := range map[string][]byte{
		`"AQID"`:             {1, 2, 3},
		`"AQ=="`:             {1},
		`"\u0041QID"`:        {1, 2, 3},
		`"AQ\nID"`:           {1, 2, 3},
		`""`:                 {},
		`null`:               nil,
		`"AQ"`:               nil,
		`"A-ID"`:             nil,
		`17`:                 nil,
		`"AQID`:              nil,
		`"AQ` + "\n" + `ID"`: nil,
	} {
		var s secret.Sealed
		var plain []byte
		err, plainErr := json.Unmarshal([]byte(doc), &s), json.Unmarshal([]byte(doc), &plain)
		if !bytes.Equal(s.Cipher(), want) || (err == nil) != (plainErr == nil) {
			t.Errorf("%s: %v, %v; want %v, and %v as for bytes", doc, s.Cipher(), err, want, plainErr)
		}
	}
}

func TestSealedKeepsItsCiphertext(t *testing.T) {
	b, err := json.Marshal(secret.FromCipher([]byte{1, 2, 3}))
	if err != nil {
		t.Fatal(err)
	}
	var back secret.Sealed
	if err := json.Unmarshal(b, &back); err != nil || !bytes.Equal(back.Cipher(), []byte{1, 2, 3}) {
		t.Errorf("%s came back as %v, %v", b, back.Cipher(), err)
	}
	if _, fresh := back.Fresh(); fresh {
		t.Error("what was read back is fresh")
	}
	var none secret.Sealed
	if !none.IsZero() || !secret.Fresh(secret.Text{}).IsZero() || back.IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestText(t *testing.T) {
	a, b := secret.NewText("a"), secret.NewText("b")
	if !a.Equal(secret.NewText("a")) || a.Equal(b) || a.Equal(secret.Text{}) {
		t.Error("Equal is wrong")
	}
	if !secret.NewText("").IsZero() || a.IsZero() || a.Len() != 1 {
		t.Error("IsZero or Len is wrong")
	}
	const sha256OfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
	if got := a.Fingerprint(); got != sha256OfA {
		t.Errorf("fingerprint %s, want %s", got, sha256OfA)
	}
	if got := (secret.Text{}).Fingerprint(); got != "" {
		t.Errorf("the absent secret has fingerprint %q", got)
	}
	if !secret.NewText("aZ9~!").PrintableASCII() || secret.NewText("a b").PrintableASCII() || secret.NewText("ä").PrintableASCII() {
		t.Error("PrintableASCII is wrong")
	}
}
