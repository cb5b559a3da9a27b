package seal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

func TestAKeysetFileOpensWhatItSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	made, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	opened, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := opened.Open(here, sealed(t, made, here)); err != nil || got.Reveal() != canary {
		t.Errorf("opening: %v", err)
	}
	if opened.Primary() != made.Primary() || !slices.Equal(opened.Keys(), made.Keys()) || len(made.Primary().String()) != 8 {
		t.Errorf("made keys %v, opened %v", made.Keys(), opened.Keys())
	}
}

func TestCreateNeverOverwritesAKeyset(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	first, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second creation: %v", err)
	}
	if opened, err := Open(path); err != nil || opened.Primary() != first.Primary() {
		t.Errorf("the first keyset is gone: %v", err)
	}
}

func TestAnAddedKeyStandsBehindTheOthersAndSealsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	first, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	id, err := Add(path)
	if err != nil {
		t.Fatal(err)
	}
	k, err := Open(path)
	if err != nil || k.Primary() != first.Primary() || !slices.Equal(k.Keys(), []KeyID{first.Primary(), id}) {
		t.Errorf("keys %v, %v", k, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info, err)
	}
	next, ok := k.SealingWith(id)
	if !ok || next.Primary() != id || k.Primary() != first.Primary() {
		t.Error("the key does not seal when it shall")
	}
	if _, ok := k.SealingWith(id + 1); ok || k.Has(id+1) {
		t.Error("a key that is not there seals")
	}
	if _, err := Add(path + ".absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("adding to an absent file: %v", err)
	}
}

func TestTheIDOfAKeyReadsAsItIsWritten(t *testing.T) {
	var back KeyID
	text, err := KeyID(0xa1b2c3).MarshalText()
	if err != nil || string(text) != "00a1b2c3" || back.UnmarshalText(text) != nil || back != 0xa1b2c3 {
		t.Errorf("%s, %v, %v", text, back, err)
	}
	for _, bad := range []string{"", "1", "00a1b2c", "00a1b2c34", "00a1b2cg", "-0a1b2c3", "+0a1b2c3"} {
		if err := back.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was read as %v", bad, back)
		}
	}
}

func TestBadKeysetFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	if _, err := Create(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data []byte
		mode os.FileMode
		want string
	}{
		{"readable by the group", good, 0o640, "chmod 600"},
		{"readable by everyone", good, 0o604, "chmod 600"},
		{"empty", nil, 0o600, "not a keyset file"},
		{"cut short", good[:len(good)/2], 0o600, "not a keyset file"},
		{"another document", []byte(`{"primaryKeyId": 1, "secret": "` + canary + `"}`), 0o600, "not a keyset file"},
		{"without its primary key", bytes.Replace(good, []byte(`"primaryKeyId":`), []byte(`"primaryKeyId":1`), 1), 0o600, "not a keyset file"},
		{"of raw keys", template(t, aead.AES256GCMNoPrefixKeyTemplate()), 0o600, "prefix"},
		{"of short keys", template(t, aead.AES128GCMKeyTemplate()), 0o600, "AES-256-GCM"},
		{"of another cipher", template(t, aead.XChaCha20Poly1305KeyTemplate()), 0o600, "AES-GCM"},
		{"of another kind", template(t, mac.HMACSHA256Tag256KeyTemplate()), 0o600, "AES-GCM"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(path, tt.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("error %v, want one about %q", err, tt.want)
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("the error quotes the file: %v", err)
			}
		})
	}
	if _, err := Open(path + ".absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}

func template(t *testing.T, kt *tinkpb.KeyTemplate) []byte {
	t.Helper()
	handle, err := keyset.NewHandle(kt)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&file)); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
