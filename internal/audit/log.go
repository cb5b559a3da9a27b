package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/duoplane/duoplane/internal/fault"
)

// SyncEvery is how long a line may wait for the disk while Run runs.
const SyncEvery = time.Second

var errClosed = errors.New("the audit log is closed")

// Config says where and how a Log is kept. Only Dir is needed.
type Config struct {
	Dir      string           // existing directory for the files
	MaxBytes int64            // size at which a new file begins; 64 MiB if 0
	Keep     int              // number of past files kept; 8 if 0
	Now      func() time.Time // time.Now if nil
	Logger   *slog.Logger     // gets what goes wrong beside the lines; nil discards
}

// A Log writes audit lines to a file. Its methods may be called concurrently.
type Log struct {
	root   *os.Root
	path   string
	cfg    Config
	logger *slog.Logger

	mu     sync.Mutex // guards what follows and the fields of every file
	cur    *file
	closed bool
	stats  Stats

	// ends keeps readers from seeing an end half written: those who write ends
	// share it, a reader has it alone.
	ends sync.RWMutex
}

// Open opens the log in a directory, and creates it with mode 0600 if need be.
// The caller closes it, and lets Run run while it is in use.
func Open(cfg Config) (*Log, error) {
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 64 << 20
	}
	if cfg.Keep == 0 {
		cfg.Keep = 8
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	root, err := os.OpenRoot(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the audit log's directory: %w", err)
	}
	cur, err := openFile(root)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Log{root: root, path: filepath.Join(cfg.Dir, FileName), cfg: cfg, logger: cfg.Logger, cur: cur}, nil
}

// Path returns the path of the current file.
func (l *Log) Path() string { return l.path }

// A Pending is a begun line whose change is under way. End is called once.
type Pending struct {
	log   *Log
	file  *file
	at    int64 // where the line's room begins
	entry Entry
}

// Begin writes the line of a change that is about to be made, with the outcome
// Begun. Unavailable when the line cannot be written: the change must not be
// made then.
func (l *Log) Begin(a Actor, e Entry) (*Pending, error) {
	h := head(l.cfg.Now(), newID(), a.Who(), e)
	f, at, err := l.write(append(h, roomyTail(Begun, "")...), true)
	if err != nil {
		return nil, err
	}
	return &Pending{log: l, file: f, at: at + int64(len(h)), entry: e}, nil
}

// End writes into the line how the change ended: Done for nil, else Failed or
// Unknown with err's fault code. If it cannot be written, the line stays Begun
// and the operator's log has the cause: the change is over, so nothing could
// be made to fail by it.
func (p *Pending) End(err error) {
	p.log.ends.RLock()
	_, werr := p.file.f.WriteAt(roomyTail(outcomeOf(err), string(fault.CodeOf(err))), p.at)
	p.log.ends.RUnlock()
	if werr != nil {
		p.log.logger.Error("an audit line keeps the outcome begun", slog.String("resource", p.entry.Resource),
			slog.String("key", p.entry.Key), slog.Any("error", werr))
	}
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	if werr != nil {
		p.log.stats.WriteFailures++
	}
	p.file.pending--
	p.file.dirty = true
	p.log.release(p.file)
}

// Write writes the line of an event that changes nothing, such as a refused
// credential. Unavailable when it cannot be written.
func (l *Log) Write(a Actor, e Entry, o Outcome, reason string) error {
	b := append(head(l.cfg.Now(), newID(), a.Who(), e), tail(o, reason)...)
	_, _, err := l.write(b, false)
	return err
}

// newID returns an id that grows with time, so that it also sorts the lines.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		id = uuid.New()
	}
	return id.String()
}

func (l *Log) write(b []byte, pending bool) (*file, int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, err := l.append(b)
	if err != nil {
		l.stats.WriteFailures++
		return nil, 0, fault.Wrap(err, fault.Unavailable, "", "the audit log cannot be written (%s)", brief(err))
	}
	l.stats.Lines++
	if pending {
		l.cur.pending++
	}
	return l.cur, at, nil
}

// append is called with mu held.
func (l *Log) append(b []byte) (int64, error) {
	if l.closed {
		return 0, errClosed
	}
	if l.cur.end > 0 && l.cur.end+int64(len(b)) > l.cfg.MaxBytes {
		if err := setAside(l.root, l.cfg.Keep); err != nil {
			// Too long a log is better than none.
			l.stats.RotateFailures++
			l.logger.Error("the audit log grows beyond its size", slog.Any("error", err))
		}
	}
	if !l.cur.current(l.root) {
		next, err := openFile(l.root)
		if err != nil {
			return 0, err
		}
		l.retire()
		l.cur = next
	}
	return l.cur.append(b)
}

// retire is called with mu held.
func (l *Log) retire() {
	l.cur.retired = true
	l.release(l.cur)
}

// release syncs and closes a past file once nobody writes to it any more. It
// is called with mu held.
func (l *Log) release(f *file) {
	if !f.retired || f.pending > 0 {
		return
	}
	if err := errors.Join(f.f.Sync(), f.f.Close()); err != nil {
		l.stats.SyncFailures++
		l.logger.Error("an old audit log was not closed properly", slog.Any("error", err))
	}
}

// Run brings written lines to the disk every SyncEvery until ctx ends, and
// once more then.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(SyncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.sync()
		case <-ctx.Done():
			l.sync()
			return
		}
	}
}

// sync does not hold mu while the disk works: lines go on meanwhile. The file
// counts as pending so that nobody closes it.
func (l *Log) sync() {
	l.mu.Lock()
	f := l.cur
	if l.closed || !f.dirty {
		l.mu.Unlock()
		return
	}
	f.dirty = false
	f.pending++
	l.mu.Unlock()

	err := f.f.Sync()

	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		f.dirty = true
		l.stats.SyncFailures++
		l.logger.Error("the audit log cannot be synced", slog.Any("error", err))
	}
	f.pending--
	l.release(f)
}

// Close syncs and closes the log. Lines begun before may still end; no others
// are written.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	err := l.cur.f.Sync()
	l.retire()
	return errors.Join(err, l.root.Close())
}

// brief returns what of an error may be shown to a client: the system's word
// for it, without a path.
func brief(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return "the server's log has the cause"
}
