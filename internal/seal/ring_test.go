package seal_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
)

func TestAServerTakesUpAKeyThatIsAddedToItsFile(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	w.put(s, r, "a")
	id, err := seal.Add(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.put(s, r, "b")
	list, err := r.List(t.Context(), vaults)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Records != 2 || list[1].ID != id || list[1].State != seal.Waiting || list[1].Records != 0 {
		t.Errorf("a key that waits is used already: %+v", list)
	}
	if !list[1].Made.IsZero() || list[0].Made.IsZero() {
		t.Errorf("times %v", list)
	}
}

func TestASecretWhoseKeyHasJustComeOpens(t *testing.T) {
	w := newWorld(t)
	one, two := w.open(), w.open()
	mine, copied := w.file(), w.file()
	a := w.serve(one, mine, "")
	copyFile(t, mine, copied)
	b := w.serve(two, copied, "")
	w.rotate(one, a)
	w.put(one, a, "x")
	v, _ := safes.Get(w.snapshot(two), "x")
	if _, err := b.Open(v.Secrets()[0].Place, v.First); !errors.Is(err, seal.ErrForeignKey) {
		t.Errorf("opened without the key: %v", err)
	}
	copyFile(t, mine, copied)
	if n := w.mustOpen(two, b); n != 1 {
		t.Errorf("%d records", n)
	}
}

// TestABrokenKeysetFileStopsSealingAndNothingElse alters the file of a running
// server in every way that may happen to it.
func TestABrokenKeysetFileStopsSealingAndNothingElse(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, path string, good []byte)
		want string
	}{
		{"cut short", func(t *testing.T, path string, good []byte) { t.Helper(); write(t, path, good[:len(good)/2]) }, "not a keyset file"},
		{"empty", func(t *testing.T, path string, _ []byte) { t.Helper(); write(t, path, nil) }, "not a keyset file"},
		{"removed", func(t *testing.T, path string, _ []byte) { t.Helper(); remove(t, path) }, "no such file"},
		{"open to others", func(t *testing.T, path string, good []byte) {
			t.Helper()
			write(t, path, append(good, '\n'))
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "chmod 600"},
		{"that of another store", func(t *testing.T, path string, _ []byte) {
			t.Helper()
			remove(t, path)
			if _, err := seal.Create(path); err != nil {
				t.Fatal(err)
			}
		}, "not the keyset this data was written with"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			s, path := w.open(), w.file()
			r := w.serve(s, path, "")
			w.put(s, r, "a")
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tt.do(t, path, good)
			if err := r.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) || r.Err() == nil {
				t.Errorf("reload: %v, want one about %q", err, tt.want)
			}
			w.mustOpen(s, r)
			fresh := &safe{Name: "b", First: secret.Fresh(plainOf("b"))}
			if _, err := r.SealFor(w.snapshot(s), fresh.Secrets()...); !fault.Is(err, fault.Unavailable) {
				t.Errorf("sealing: %v", err)
			}
			w.bump(s, r, "a") // what needs no sealing goes on
			write(t, path, good)
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			w.put(s, r, "b")
			if n := w.mustOpen(s, r); n != 2 || r.Err() != nil {
				t.Errorf("after the repair %d records, %v", n, r.Err())
			}
		})
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// TestWhatWasSealedBeforeARotationIsNotStoredAfterIt is what makes it safe to
// drop a key: a change under way while the key changes is made anew.
func TestWhatWasSealedBeforeARotationIsNotStoredAfterIt(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	before := w.snapshot(s)
	late := &safe{Name: "late", First: secret.Fresh(plainOf("late"))}
	changes, err := r.SealFor(before, late.Secrets()...)
	if err != nil {
		t.Fatal(err)
	}
	w.rotate(s, r)
	if _, err := s.Commit(t.Context(), append(changes, safes.Put("late", 0, late))...); !fault.Is(err, fault.Raced) {
		t.Fatalf("it was stored: %v", err)
	}
	// Taken up again on a newer state, it is sealed with the newer key.
	after := w.snapshot(s)
	if changes, err = r.SealFor(after, late.Secrets()...); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), append(changes, safes.Put("late", 0, late))...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"opening 0", "sealing 1"}, w.states(r)); diff != "" {
		t.Error(diff)
	}
	w.mustOpen(s, r)
}

func TestAnUndoneChangeBringsNoOldKeyBack(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	w.put(s, r, "a")
	before, _ := safes.Get(w.snapshot(s), "a")
	w.rotate(s, r)
	snap := w.snapshot(s)
	back := new(*before)
	changes, err := r.SealFor(snap, back.Secrets()...)
	if err != nil {
		t.Fatal(err)
	}
	_, version := safes.Get(snap, "a")
	if _, err := s.Commit(t.Context(), append(changes, safes.Put("a", version, back))...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"opening 0", "sealing 1"}, w.states(r)); diff != "" {
		t.Error(diff)
	}
}

func TestADamagedSecretStandsInNobodysWay(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	r := w.serve(s, path, "")
	w.put(s, r, "good")
	w.put(s, r, "bad")
	snap := w.snapshot(s)
	stored, version := safes.Get(snap, "bad")
	cipher := append([]byte(nil), stored.First.Cipher()...)
	cipher[len(cipher)-1] ^= 1
	if _, err := s.Commit(t.Context(), safes.Put("bad", version, &safe{Name: "bad", First: secret.FromCipher(cipher)})); err != nil {
		t.Fatal(err)
	}
	var last seal.Progress
	if err := r.Rotate(t.Context(), w.job(s, func(p seal.Progress) { last = p })); err != nil {
		t.Fatal(err)
	}
	if last.Step != seal.StepDone || last.Done != 1 || last.Left != 1 {
		t.Errorf("it ended with %+v", last)
	}
	w.bump(s, r, "bad")
	if _, err := r.Drop(t.Context(), w.job(s, nil)); !fault.Is(err, fault.InUse) {
		t.Errorf("the damaged secret's key was dropped: %v", err)
	}
	w.put(s, r, "bad") // its secret is given again
	if dropped, err := r.Drop(t.Context(), w.job(s, nil)); err != nil || len(dropped) != 1 {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	w.mustOpen(s, r)
}

func TestAToolNeedsTheStoresKeyset(t *testing.T) {
	w := newWorld(t)
	s, path := w.open(), w.file()
	if _, err := seal.Attach(t.Context(), w.config(s, path, "")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	if _, err := seal.Create(path); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Attach(t.Context(), w.config(s, path, "")); err == nil || !strings.Contains(err.Error(), "no trace of the keyset") {
		t.Errorf("on an empty store: %v", err)
	}
	w.serve(s, path, "")
	if _, err := seal.Attach(t.Context(), w.config(s, path, "")); err != nil {
		t.Error(err)
	}
}
