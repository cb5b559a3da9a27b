package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

// maxRaw is what a reader takes of one line. The longest that is ever written
// is about half of it.
const maxRaw = 1 << 20

// A Place is where a line of the log stands. It grows from line to line, also
// from file to file, and stays with the line when its file is set aside: it is
// the number that the file has then, followed by the byte in the file.
type Place int64

// byteBits is how many bits of a Place are the byte in the file: 64 GiB.
const byteBits = 36

func placeOf(file int, at int64) Place { return Place(int64(file)<<byteBits | at) }

// File returns the number of the line's file.
func (p Place) File() int { return int(p >> byteBits) }

// Byte returns where in its file the line begins.
func (p Place) Byte() int64 { return int64(p) & (1<<byteBits - 1) }

// A Raw is a line as it stands in the log, without its line feed, and where.
type Raw struct {
	Place Place
	// Text is cut where no line that was written whole could end.
	Text string
}

// Line decodes the line. An error says that it is damaged: cut by a crash, or
// changed by somebody.
func (r Raw) Line() (Line, error) {
	var l Line
	if err := json.Unmarshal([]byte(r.Text), &l); err != nil {
		return Line{}, fmt.Errorf("decode an audit line: %w", err)
	}
	if !slices.Contains(outcomes, l.Outcome) || l.Time.IsZero() {
		return Line{}, errors.New("the audit line has no time or no outcome")
	}
	return l, nil
}

var outcomes = []Outcome{Begun, Done, Failed, Unknown, Refused}

// Time returns when the line was written, without decoding it; the zero time
// if the line is damaged where that stands.
func (r Raw) Time() time.Time {
	rest, ok := strings.CutPrefix(r.Text, timePrefix)
	text, _, ended := strings.Cut(rest, `"`)
	t, err := time.Parse(time.RFC3339Nano, text)
	if !ok || !ended || err != nil {
		return time.Time{}
	}
	return t
}

// Read yields the lines of all files there are, oldest first, from the first
// that begins at a place or behind it; 0 is the beginning. Lines written after
// the call are not among them, and those whose change is under way are as they
// are when they are reached. An error ends it: Unavailable when a file cannot
// be read. A file that is removed meanwhile is left out.
func (l *Log) Read(from Place) iter.Seq2[Raw, error] {
	return func(yield func(Raw, error) bool) {
		past, cur, err := l.pin()
		if err != nil {
			yield(Raw{}, unreadable(err))
			return
		}
		defer l.unpin(cur.file)
		for _, n := range append(past, cur.number) {
			goOn := true
			switch {
			case n < from.File():
			case n == cur.number:
				goOn, err = l.readFile(cur.file.f, n, cur.end, from, yield)
			default:
				goOn, err = l.readPast(n, from, yield)
			}
			if err != nil {
				yield(Raw{}, unreadable(err))
				return
			}
			if !goOn {
				return
			}
		}
	}
}

func unreadable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "", "the audit log cannot be read (%s)", brief(err))
}

// pinned is the current file as a reader found it.
type pinned struct {
	file   *file
	number int // that it will have once it is set aside
	end    int64
}

// pin returns the numbers of the past files and the current file, which stays
// open until unpin.
func (l *Log) pin() ([]int, pinned, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, pinned{}, errClosed
	}
	past, err := pastFiles(l.root)
	if err != nil {
		return nil, pinned{}, err
	}
	l.cur.pending++
	return past, pinned{file: l.cur, number: nextNumber(past), end: l.cur.end}, nil
}

func (l *Log) unpin(f *file) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.pending--
	l.release(f)
}

// readPast reads a file of the past. It reports whether more is wanted.
func (l *Log) readPast(number int, from Place, yield func(Raw, error) bool) (bool, error) {
	f, err := l.root.Open(pastName(number))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	return l.readFile(f, number, info.Size(), from, yield)
}

// readFile reads the first end bytes of a file.
func (l *Log) readFile(f *os.File, number int, end int64, from Place, yield func(Raw, error) bool) (bool, error) {
	at := int64(0)
	if number == from.File() {
		at = min(from.Byte(), end)
	}
	r := bufio.NewReaderSize(&settledReader{log: l, f: f, at: max(0, at-1), end: end}, 64<<10)
	if at > 0 { // to where a line begins
		_, n, err := readLine(r)
		if err != nil {
			return errors.Is(err, io.EOF), noEOF(err)
		}
		at += n - 1
	}
	for {
		text, n, err := readLine(r)
		if n == 0 {
			return errors.Is(err, io.EOF), noEOF(err)
		}
		if !yield(Raw{placeOf(number, at), text}, nil) {
			return false, nil
		}
		at += n
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// readLine reads a line, cut at maxRaw, and returns how many bytes it really
// has, its line feed included. The end of the file ends a line too.
func readLine(r *bufio.Reader) (text string, n int64, err error) {
	var b []byte
	for {
		part, err := r.ReadSlice('\n')
		n += int64(len(part))
		if b == nil && err == nil {
			return string(part[:len(part)-1]), n, nil
		}
		b = append(b, part[:min(len(part), maxRaw-len(b))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return strings.TrimSuffix(string(b), "\n"), n, err
		}
	}
}

// A settledReader reads a part of a file between the ends of lines being
// written into it.
type settledReader struct {
	log     *Log
	f       *os.File
	at, end int64
}

func (r *settledReader) Read(b []byte) (int, error) {
	if r.at >= r.end {
		return 0, io.EOF
	}
	r.log.ends.Lock()
	n, err := r.f.ReadAt(b[:min(int64(len(b)), r.end-r.at)], r.at)
	r.log.ends.Unlock()
	r.at += int64(n)
	if n > 0 {
		return n, nil
	}
	return 0, err
}
