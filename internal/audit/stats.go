package audit

// Stats are counts since a Log was opened.
type Stats struct {
	// Lines is how many lines were written, begun changes counted once.
	Lines int64
	// WriteFailures is how many lines, or ends of begun lines, could not be
	// written; SyncFailures how often the disk did not take what was written;
	// RotateFailures how often no new file could be begun.
	WriteFailures, SyncFailures, RotateFailures int64
}

// Stats returns what has happened since Open.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}
