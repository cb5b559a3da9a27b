package backup_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/duoplane/duoplane/internal/backup"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// redigested puts the right SHA-256 into the last line of a changed file, as
// somebody does who has no keyset.
func redigested(file []byte) []byte {
	l := strings.SplitAfter(string(file), "\n")
	if len(l) < 3 {
		return file
	}
	var end struct {
		Records int    `json:"records"`
		SHA256  string `json:"sha256"`
		Seal    []byte `json:"seal"`
	}
	if json.Unmarshal([]byte(l[len(l)-2]), &end) != nil {
		return file
	}
	body := strings.Join(l[:len(l)-2], "")
	sum := sha256.Sum256([]byte(body))
	end.SHA256, end.Records = hex.EncodeToString(sum[:]), len(l)-3
	line, err := json.Marshal(end)
	if err != nil {
		return file
	}
	return append(append([]byte(body), line...), '\n')
}

// signed is redigested by somebody with the keyset.
func signed(t *testing.T, file []byte, keys *seal.Keyset, uuid string) []byte {
	t.Helper()
	file = redigested(file)
	l := bytes.SplitAfter(file, []byte("\n"))
	var end struct {
		Records int    `json:"records"`
		SHA256  string `json:"sha256"`
		Seal    []byte `json:"seal"`
	}
	if err := json.Unmarshal(l[len(l)-2], &end); err != nil {
		t.Fatal(err)
	}
	sealed, err := keys.Seal(secret.Place{Table: "backup", Owner: uuid, Field: "sha256"}, secret.Fresh(secret.NewText(end.SHA256)))
	if err != nil {
		t.Fatal(err)
	}
	end.Seal = sealed.Cipher()
	if l[len(l)-2], err = json.Marshal(end); err != nil {
		t.Fatal(err)
	}
	return append(bytes.Join(l[:len(l)-1], nil), '\n')
}

const uuid = "7c1f0a52-3b6e-11f0-9d44-d039ea4b1c20"

// TestWhoHasNoKeysetCannotForgeABackup changes who is an administrator, and
// makes the checksum right.
func TestWhoHasNoKeysetCannotForgeABackup(t *testing.T) {
	w := newWorld(t, 3)
	forged := redigested(bytes.Replace(w.file(t), []byte(`of 001`), []byte(`of 999`), 1))
	_, err := w.check().Verify(bytes.NewReader(forged))
	if !errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), "somebody without the keyset has changed it") {
		t.Errorf("error %v", err)
	}
	// The line that seals one file does not seal another of the same cluster.
	good := w.file(t)
	w.put(t, notes.Put("more", 0, &note{}))
	later := w.file(t)
	end := bytes.LastIndexByte(good[:len(good)-1], '\n')
	laterEnd := bytes.LastIndexByte(later[:len(later)-1], '\n')
	swapped := redigested(append(bytes.Clone(later[:laterEnd]), good[end:]...))
	if _, err := w.check().Verify(bytes.NewReader(swapped)); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("with the last line of another backup: %v", err)
	}
}

func TestRecordsThatThisProgramCannotServeAreRefused(t *testing.T) {
	w := newWorld(t, 2)
	stranger := newWorld(t, 1)
	row, _ := snapshot(t, stranger).Row(safes.Name, "000")
	w.put(t, safes.Put("zzz", 0, row.Value.(*safe)))
	good := w.file(t)
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"a table that is not known", bytes.ReplaceAll(good, []byte(`"table":"notes"`), []byte(`"table":"novel"`)), `records of the kind "novel"`},
		{"a document that is newer", bytes.Replace(good, []byte(`{"v":1,"d":{"text"`), []byte(`{"v":2,"d":{"text"`), 1), "cannot be read"},
		{"a document of another shape", bytes.Replace(good, []byte(`{"text":"`), []byte(`{"text":7,"x":"`), 1), "cannot be read"},
		{"a secret whose key is missing", good, "needs key " + stranger.keys.Primary().String()},
		{"no witness", lines(good, func(l []string) []string { return append(l[:1], l[2:]...) }), "no trace of the keyset"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := tt.file
			if tt.name != "a secret whose key is missing" {
				file = lines(file, func(l []string) []string { return append(l[:len(l)-3], l[len(l)-2:]...) }) // without the stranger
			}
			n := bytes.Count(file, []byte("\n")) - 2
			head, rest, _ := bytes.Cut(file, []byte("\n"))
			var h backup.Header
			if err := json.Unmarshal(head, &h); err != nil {
				t.Fatal(err)
			}
			h.Records = n
			head, err := json.Marshal(h)
			if err != nil {
				t.Fatal(err)
			}
			file = signed(t, append(append(head, '\n'), rest...), w.keys, uuid)
			if _, err := w.check().Verify(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
		})
	}
}

func TestAFileThatChangesBetweenCheckAndRestoreIsNotServed(t *testing.T) {
	w := newWorld(t, 3)
	good := w.file(t)
	v, err := w.check().Verify(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, notes.Put("more", 0, &note{}))
	for name, file := range map[string][]byte{
		"another backup": w.file(t), "a damaged one": append(bytes.Clone(good), 'x'), "a shorter one": good[:len(good)-9], "none": nil,
	} {
		into := &filling{}
		if err := backup.Restore(t.Context(), bytes.NewReader(file), v, into, none); err == nil || into.ended || into.stops != 1 {
			t.Errorf("%s: %v, ended %v", name, err, into.ended)
		}
	}
	into := &filling{fail: 2}
	if err := backup.Restore(t.Context(), bytes.NewReader(good), v, into, none); err == nil || into.ended || into.stops != 1 {
		t.Errorf("a store that fails: %v, ended %v", err, into.ended)
	}
}

func TestAReaderCountsWhatItReads(t *testing.T) {
	w := newWorld(t, 1200)
	file := w.file(t)
	told := 0
	c := w.check()
	c.Report = func(done, total int) {
		if told++; done != told*1000 || total != 2401 {
			t.Errorf("%d of %d", done, total)
		}
	}
	if _, err := c.Verify(bytes.NewReader(file)); err != nil || told != 2 {
		t.Errorf("told %d times, %v", told, err)
	}
	var first store.Document
	r, err := backup.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for d, err := range r.Documents() {
		if err != nil {
			t.Fatal(err)
		}
		first = d
		break
	}
	if first.Table != seal.Witnesses.Name {
		t.Errorf("the first record is %+v", first)
	}
}
