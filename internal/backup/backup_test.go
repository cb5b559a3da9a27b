package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/backup"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/store"
)

func TestWhatWasBackedUpIsRestored(t *testing.T) {
	w := newWorld(t, 20)
	file := w.file(t)
	v, err := w.check().Verify(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if v.Header.Records != 41 || v.Header.Cluster.Name != "cluster-1" || v.Header.Key != w.keys.Primary() || v.Header.Revision != 21 || len(v.Digest) != 64 {
		t.Errorf("%+v", v)
	}
	into := &filling{}
	if err := backup.Restore(t.Context(), bytes.NewReader(file), v, into, none); err != nil || !into.ended {
		t.Fatal(err)
	}
	snap, err := w.store.Snapshot(t.Context(), store.Linearizable)
	if err != nil {
		t.Fatal(err)
	}
	var want []store.Document
	for _, c := range []store.Codec{seal.Witnesses, notes, safes} {
		for row := range snap.Rows(c.TableName(), "") {
			doc, err := c.Encode(row.Value)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, store.Document{Table: c.TableName(), Key: row.Key, Doc: doc})
		}
	}
	if diff := cmp.Diff(want, into.docs); diff != "" {
		t.Error(diff)
	}
	if bytes.Contains(file, []byte(canary)) {
		t.Error("the file holds a secret in plain")
	}
}

func TestAFileIsOneJSONObjectALine(t *testing.T) {
	file := newWorld(t, 2).file(t)
	lines := bytes.Split(bytes.TrimSuffix(file, []byte("\n")), []byte("\n"))
	if len(lines) != 7 {
		t.Fatalf("%d lines:\n%s", len(lines), file)
	}
	for _, line := range lines {
		if !json.Valid(line) {
			t.Errorf("no JSON: %s", line)
		}
	}
	const want = `{"format":"duoplane backup","version":1,"program":"0.1.0","made":"2026-01-02T03:04:05Z","cluster":{"name":"cluster-1","uuid":"7c1f0a52-3b6e-11f0-9d44-d039ea4b1c20"},"revision":3,"records":5,"key":"`
	if !strings.HasPrefix(string(lines[0]), want) {
		t.Errorf("header %s", lines[0])
	}
}

func TestABackupIsOfOneRevision(t *testing.T) {
	w := newWorld(t, 3)
	b := w.backup(t)
	w.put(t, notes.Put("later", 0, &note{}))
	var file bytes.Buffer
	h, err := b.Write(t.Context(), &file)
	if err != nil || h.Records != 7 || strings.Contains(file.String(), "later") {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestWhatCannotBeBackedUpWholeIsNotBackedUp(t *testing.T) {
	other, err := seal.InMemory()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		spoil func(w *world, b *backup.Backup)
		want  string
	}{
		{"with another keyset", func(_ *world, b *backup.Backup) { b.Keys = other }, "not the keyset this data was written with"},
		{"with records of a newer program", func(w *world, b *backup.Backup) {
			b.Source = backup.OfSnapshot(snapshot(t, w), tables, func(context.Context) (int, error) { return 3, nil })
		}, "3 records of kinds that this program does not know"},
		{"without a witness", func(w *world, b *backup.Backup) {
			row, _ := snapshot(t, w).Row(seal.Witnesses.Name, seal.WitnessKey)
			w.put(t, seal.Witnesses.Delete(row.Key, row.Version))
			b.Source = backup.OfSnapshot(snapshot(t, w), tables, nothingMore)
		}, "no trace of the keyset"},
		{"with a key that is no text", func(w *world, b *backup.Backup) {
			w.put(t, notes.Put("\xff", 0, &note{}))
			b.Source = backup.OfSnapshot(snapshot(t, w), tables, nothingMore)
		}, "not valid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 2)
			b := w.backup(t)
			tt.spoil(w, b)
			var file bytes.Buffer
			if _, err := b.Write(t.Context(), &file); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
			if _, err := w.check().Verify(&file); err == nil {
				t.Error("what was written passes for a backup")
			}
		})
	}
}

func snapshot(t *testing.T, w *world) store.Snapshot {
	t.Helper()
	snap, err := w.store.Snapshot(t.Context(), store.Linearizable)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// lines applies a change to the file's lines.
func lines(file []byte, change func(l []string) []string) []byte {
	return []byte(strings.Join(change(strings.SplitAfter(string(file), "\n")), ""))
}

// TestBadFilesAreRefused changes a good file in every way that may happen to
// it, by accident or not.
func TestBadFilesAreRefused(t *testing.T) {
	w, foreign := newWorld(t, 4), newWorld(t, 4)
	good := w.file(t)
	strange := foreign.file(t)
	replace := func(old, to string) []byte { return bytes.Replace(good, []byte(old), []byte(to), 1) }
	tests := []struct {
		name string
		file []byte
		is   error
		want string
	}{
		{"empty", nil, backup.ErrForeign, ""},
		{"another kind of file", []byte("PK\x03\x04 and so on\n"), backup.ErrForeign, ""},
		{"another JSON file", []byte(`{"format":"else","version":1}` + "\n"), backup.ErrForeign, ""},
		{"without a line's end", bytes.Repeat([]byte("x"), 40<<20), backup.ErrForeign, ""},
		{"of a newer format", replace(`"version":1`, `"version":2`), backup.ErrNewer, "its format is 2"},
		{"of a newer format with another header", replace(`"version":1,"program":"0.1.0"`, `"version":7,"program":{}`), backup.ErrNewer, "its format is 7"},
		{"cut in the header", good[:60], backup.ErrCut, ""},
		{"cut in a record", good[:len(good)/2], backup.ErrCut, ""},
		{"cut between records", lines(good, func(l []string) []string { return l[:4] }), backup.ErrCut, ""},
		{"cut before the last line's end", good[:len(good)-1], backup.ErrCut, ""},
		{"with something behind its end", append(bytes.Clone(good), '\n'), backup.ErrDamaged, "follows its end"},
		{"twice in one file", append(bytes.Clone(good), good...), backup.ErrDamaged, "follows its end"},
		{"with another header", replace(`"name":"cluster-1"`, `"name":"cluster-2"`), backup.ErrDamaged, "SHA-256"},
		{"with a changed record", replace(`line\nof 001`, `line\nof 201`), backup.ErrDamaged, "SHA-256"},
		{"with a record that is none", replace(`"doc":{"v":1,"d":{"text":"line\nof 001"}}`, `"doc":}`), backup.ErrDamaged, "line 4"},
		{"with a member more", replace(`{"table":"notes"`, `{"x":1,"table":"notes"`), backup.ErrDamaged, "line 3"},
		{"without one record", lines(good, func(l []string) []string { return append(l[:3], l[4:]...) }), backup.ErrDamaged, "SHA-256"},
		{"with a record twice", lines(good, func(l []string) []string { return append(l[:3:3], l[2:]...) }), backup.ErrDamaged, "line 4"},
		{"with records in another order", lines(good, func(l []string) []string { l[2], l[3] = l[3], l[2]; return l }), backup.ErrDamaged, "line 4"},
		{"with another number in its last line", lastRecords(good, "9", "8"), backup.ErrDamaged, "records"},
		{"with a space in its last line", lastRecords(good, ":9", ": 9"), backup.ErrDamaged, "line 11"},
		{"of another cluster", strange, seal.ErrForeignKey, "needs the keyset with key"},
		{"signed by another cluster", rekeyed(strange, foreign, w), seal.ErrForeignKey, "needs the keyset with key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.check().Verify(bytes.NewReader(tt.file))
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %v with %q", err, tt.is, tt.want)
			}
		})
	}
	if _, err := w.check().Verify(bytes.NewReader(good)); err != nil {
		t.Errorf("the good file: %v", err)
	}
}

// lastRecords changes the last line, which no digest is over.
func lastRecords(file []byte, old, to string) []byte {
	return lines(bytes.Clone(file), func(l []string) []string {
		i := len(l) - 2
		l[i] = strings.Replace(l[i], old, to, 1)
		return l
	})
}

// rekeyed names another key in the header of a file.
func rekeyed(file []byte, from, to *world) []byte {
	changed := bytes.Replace(file, []byte(from.keys.Primary().String()), []byte(to.keys.Primary().String()), 1)
	return redigested(changed)
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	w := newWorld(t, 1)
	good := w.file(t)
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			if _, err := w.check().Verify(bytes.NewReader(bad)); err == nil {
				t.Fatalf("bit %d of byte %d, in %q", bit, i, bad[max(0, i-20):min(len(bad), i+20)])
			}
		}
	}
}

func TestEveryCutIsNoticed(t *testing.T) {
	w := newWorld(t, 1)
	good := w.file(t)
	for i := range good {
		if _, err := w.check().Verify(bytes.NewReader(good[:i])); err == nil {
			t.Fatalf("cut after %d of %d bytes", i, len(good))
		}
	}
}

func FuzzVerify(f *testing.F) {
	w := newWorld(f, 2)
	good := w.file(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(append(bytes.Clone(good), good...))
	f.Add(bytes.Replace(good, []byte(`"version":1`), []byte(`"version":2`), 1))
	f.Add(lastRecords(good, `,`, ` ,`))
	f.Add([]byte(`{"format":"duoplane backup","version":1}` + "\n" + `{"records":0,"sha256":"","seal":null}` + "\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := w.check().Verify(bytes.NewReader(file)); (err == nil) != bytes.Equal(file, good) {
			t.Errorf("%q: %v", file, err)
		}
		// What is signed by nobody is read all the same.
		if r, err := backup.NewReader(bytes.NewReader(redigested(file))); err == nil {
			for d, err := range r.Documents() {
				if err == nil && (d.Table == "" || d.Key == "" || !json.Valid(d.Doc)) {
					t.Errorf("record %+v", d)
				}
			}
		}
	})
}
