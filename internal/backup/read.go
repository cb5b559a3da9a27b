package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// maxLine bounds one line; etcd takes no record that comes near.
const maxLine = 32 << 20

// What is wrong with a file. They come wrapped with the place.
var (
	// ErrForeign: it is no backup.
	ErrForeign = errors.New("it is not a Duoplane backup")
	// ErrNewer: a newer program wrote it.
	ErrNewer = errors.New("a newer Duoplane wrote it; use that one")
	// ErrCut: its end is missing.
	ErrCut = errors.New("its end is missing: it was cut short")
	// ErrDamaged: it was changed since it was written.
	ErrDamaged = errors.New("it is damaged")
)

// A Reader reads a file from its beginning to its end, once.
type Reader struct {
	in     *bufio.Reader
	hash   hash.Hash
	header Header
	number int // of the line read last
	buf    []byte
	end    *trailer // once it was read and found to be true
}

// NewReader reads the header.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{in: bufio.NewReaderSize(r, 1<<16), hash: sha256.New()}
	line, err := b.line()
	if err != nil {
		if errors.Is(err, ErrDamaged) || errors.Is(err, ErrCut) && !bytes.HasPrefix(b.buf, []byte(`{"format":"`+format)) {
			err = ErrForeign
		}
		return nil, err
	}
	if json.Unmarshal(line, &b.header) != nil || b.header.Format != format || b.header.Version < 1 {
		var what struct {
			Format  string
			Version int
		}
		if json.Unmarshal(line, &what) != nil || what.Format != format || what.Version <= Version {
			return nil, ErrForeign
		}
		b.header.Version = what.Version
	}
	if b.header.Version > Version {
		return nil, fmt.Errorf("its format is %d, and this program reads up to %d: %w", b.header.Version, Version, ErrNewer)
	}
	b.hash.Write(line)
	return b, nil
}

// Header returns the first line.
func (b *Reader) Header() Header { return b.header }

// Documents yields the records in order of table, then key. It ends with an
// error or, when the file is whole and as it was written by whoever wrote its
// last line, without. The documents are good until the next.
func (b *Reader) Documents() iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		var last store.Document
		for n := 0; ; n++ {
			line, err := b.line()
			if err != nil {
				yield(store.Document{}, err)
				return
			}
			if bytes.HasPrefix(line, []byte(`{"records":`)) {
				if err := b.finish(line, n); err != nil {
					yield(store.Document{}, err)
				}
				return
			}
			d, err := readRecord(line)
			if err == nil && (d.Table < last.Table || d.Table == last.Table && d.Key <= last.Key) {
				err = ErrDamaged // a record stands where it was not written
			}
			if err != nil {
				yield(store.Document{}, b.at(err))
				return
			}
			b.hash.Write(line)
			last.Table, last.Key = d.Table, d.Key
			if !yield(d, nil) {
				return
			}
		}
	}
}

func readRecord(line []byte) (store.Document, error) {
	var r struct {
		Table string          `json:"table"`
		Key   string          `json:"key"`
		Doc   json.RawMessage `json:"doc"`
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if d.Decode(&r) != nil || r.Table == "" || r.Key == "" || r.Doc == nil {
		return store.Document{}, ErrDamaged
	}
	return store.Document{Table: r.Table, Key: r.Key, Doc: r.Doc}, nil
}

// finish checks the last line, and that it is the last.
func (b *Reader) finish(line []byte, records int) error {
	var t trailer
	if err := json.Unmarshal(line, &t); err != nil {
		return b.at(ErrDamaged)
	}
	if same, err := json.Marshal(t); err != nil || !bytes.Equal(append(same, '\n'), line) {
		return b.at(ErrDamaged)
	}
	if sum := hex.EncodeToString(b.hash.Sum(nil)); sum != t.SHA256 {
		return fmt.Errorf("%w: its SHA-256 is %s, and it says that it is %s", ErrDamaged, sum, t.SHA256)
	}
	if t.Records != records || b.header.Records != records {
		return fmt.Errorf("%w: it holds %d records, and says %d and %d", ErrDamaged, records, b.header.Records, t.Records)
	}
	if _, err := b.in.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows its end", ErrDamaged)
	}
	b.end = &t
	return nil
}

// Digest returns the SHA-256 of the records in hex, once all were read without
// an error.
func (b *Reader) Digest() string { return b.end.SHA256 }

// authentic reports whether somebody with the keyset wrote the file as it is.
func (b *Reader) authentic(keys *seal.Keyset) error {
	sum, err := keys.Open(sealPlace(&b.header), secret.FromCipher(b.end.Seal))
	switch {
	case errors.Is(err, seal.ErrForeignKey):
		return foreignKeyset(&b.header, keys)
	case err != nil || !sum.Equal(secret.NewText(b.end.SHA256)):
		return fmt.Errorf("%w: somebody without the keyset has changed it", ErrDamaged)
	}
	return nil
}

// line returns the next line with its end, until the one after.
func (b *Reader) line() ([]byte, error) {
	b.number++
	b.buf = b.buf[:0]
	for {
		part, err := b.in.ReadSlice('\n')
		b.buf = append(b.buf, part...)
		switch {
		case err == nil:
			return b.buf, nil
		case errors.Is(err, io.EOF):
			return nil, ErrCut
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("line %d: %w", b.number, err)
		case len(b.buf) > maxLine:
			return nil, b.at(ErrDamaged)
		}
	}
}

func (b *Reader) at(err error) error { return fmt.Errorf("line %d: %w", b.number, err) }
