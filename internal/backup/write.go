package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// A Source is a store at one revision.
type Source interface {
	Revision() store.Revision
	// Len returns the number of documents in a table.
	Len(ctx context.Context, table string) (int, error)
	// Document returns one document, nil when it is not there.
	Document(ctx context.Context, table, key string) ([]byte, error)
	// Documents yields a table's documents in ascending byte order of key, and
	// ends with an error.
	Documents(ctx context.Context, table string) iter.Seq2[store.Document, error]
	// Undeclared returns the number of records in tables that this program
	// does not know.
	Undeclared(ctx context.Context) (int, error)
}

// A Backup says what goes into a file.
type Backup struct {
	Source Source
	Tables []store.Codec
	// Keys is the keyset of the store.
	Keys *seal.Keyset
	// Header has Program, Made and Cluster filled in.
	Header Header
	// Report is told of the records written, now and then.
	Report func(done, total int)
}

// Write writes the file and returns its header. An error when the keyset is not
// that of the store, when a record cannot be decoded, and when the store holds
// what this program does not know: such a file would lack something. Nothing
// tells then that w's content ends where it does, but the lack of a last line.
func (b *Backup) Write(ctx context.Context, w io.Writer) (Header, error) {
	keys, err := b.sealer(ctx)
	if err != nil {
		return Header{}, err
	}
	h := b.Header
	h.Format, h.Version, h.Revision, h.Key = format, Version, b.Source.Revision(), keys.Primary()
	if h.Records, err = b.count(ctx); err != nil {
		return Header{}, err
	}
	out := &digester{w: bufio.NewWriterSize(w, 1<<16), hash: sha256.New()}
	if err := out.object(h); err != nil {
		return Header{}, err
	}
	n, err := b.records(ctx, out, h.Records)
	if err != nil {
		return Header{}, err
	}
	if n != h.Records {
		return Header{}, fmt.Errorf("backup: the store gave %d records at revision %d and said it has %d", n, h.Revision, h.Records)
	}
	digest := hex.EncodeToString(out.hash.Sum(nil))
	sealed, err := keys.Seal(sealPlace(&h), secret.Fresh(secret.NewText(digest)))
	if err != nil {
		return Header{}, err
	}
	if err := out.object(trailer{n, digest, sealed.Cipher()}); err != nil {
		return Header{}, err
	}
	return h, out.w.Flush()
}

// sealer returns the keyset with the key that seals.
func (b *Backup) sealer(ctx context.Context) (*seal.Keyset, error) {
	n, err := b.Source.Undeclared(ctx)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return nil, fmt.Errorf("backup: the store holds %d records of kinds that this program does not know; use the newer one that wrote them", n)
	}
	doc, err := b.Source.Document(ctx, seal.Witnesses.Name, seal.WitnessKey)
	if err != nil {
		return nil, err
	}
	return witnessed(doc, b.Keys)
}

// witnessed returns the keyset with the key that seals by a witness's document.
func witnessed(doc []byte, keys *seal.Keyset) (*seal.Keyset, error) {
	if doc == nil {
		return nil, errors.New("backup: there is no trace of the keyset the records were written with")
	}
	value, err := seal.Witnesses.Decode(doc)
	if err != nil {
		return nil, err
	}
	w := value.(*seal.Witness)
	if err := keys.Check(w); err != nil {
		return nil, fmt.Errorf("the keyset does not fit: %w", err)
	}
	id, err := w.Key()
	if err != nil {
		return nil, err
	}
	keys, ok := keys.SealingWith(id)
	if !ok {
		return nil, seal.ErrForeignKey
	}
	return keys, nil
}

func (b *Backup) count(ctx context.Context) (int, error) {
	total := 0
	for _, t := range b.Tables {
		n, err := b.Source.Len(ctx, t.TableName())
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// records writes all records. Each is decoded and encoded anew: what cannot be
// read is found now, not at the restore, and the file's documents are all of
// the newest version.
func (b *Backup) records(ctx context.Context, out *digester, total int) (n int, err error) {
	tables := slices.SortedFunc(slices.Values(b.Tables), func(a, b store.Codec) int { return strings.Compare(a.TableName(), b.TableName()) })
	for _, t := range tables {
		for d, err := range b.Source.Documents(ctx, t.TableName()) {
			if err != nil {
				return 0, err
			}
			value, err := t.Decode(d.Doc)
			if err != nil {
				return 0, fmt.Errorf("backup: the record %s/%s cannot be read: %w", d.Table, d.Key, err)
			}
			if d.Doc, err = t.Encode(value); err != nil {
				return 0, err
			}
			if err := out.record(d); err != nil {
				return 0, err
			}
			if n++; n%reportEvery == 0 {
				b.Report(n, total)
			}
		}
	}
	return n, nil
}

// reportEvery is how many records are between two reports.
const reportEvery = 1000

// A digester writes lines and hashes them.
type digester struct {
	w    *bufio.Writer
	hash hash.Hash
	line []byte
}

func (d *digester) object(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return d.write(append(line, '\n'))
}

func (d *digester) record(r store.Document) error {
	if !utf8.ValidString(r.Key) {
		return fmt.Errorf("backup: the key %q in table %s is not valid UTF-8", r.Key, r.Table)
	}
	key, err := json.Marshal(r.Key)
	if err != nil {
		return err
	}
	d.line = append(d.line[:0], `{"table":"`...) // a table's name needs no quoting
	d.line = append(d.line, r.Table...)
	d.line = append(d.line, `","key":`...)
	d.line = append(d.line, key...)
	d.line = append(d.line, `,"doc":`...)
	d.line = append(d.line, r.Doc...)
	return d.write(append(d.line, '}', '\n'))
}

func (d *digester) write(line []byte) error {
	_, _ = d.hash.Write(line) // never fails
	_, err := d.w.Write(line)
	return err
}
