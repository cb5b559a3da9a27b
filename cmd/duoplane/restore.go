package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/duoplane/duoplane/internal/backup"
	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// restoreOptions are those of duoplane restore.
type restoreOptions struct {
	toolOptions

	File string `arg:"" name:"file" help:"Backup to restore."`
}

func (o *restoreOptions) run(ctx context.Context, env environ) (err error) {
	file, err := os.Open(o.File)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	at, err := o.enter(ctx, env, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	v, err := at.verify(file, newProgress(env.stderr, "checking"))
	if err != nil {
		return fmt.Errorf("%s cannot be restored: %w", o.File, err)
	}
	cluster := svm.Cluster{Name: v.Header.Cluster.Name, UUID: v.Header.Cluster.UUID}
	err = at.audited("restore", cluster, func() error {
		return at.restore(ctx, file, v, newProgress(env.stderr, "restoring"))
	})
	if err != nil {
		return interrupted(ctx, err, "run the same command again to go on: until it has ended, no server starts on the store")
	}
	return say(env.stdout, "The %d records of cluster %s are restored as they were at %s. Start duoplane serve.",
		v.Header.Records, cluster.Name, v.Header.Made.Format(time.RFC3339))
}

// verify checks the file against the keyset, before anything is written.
func (s *site) verify(file io.Reader, show *progress) (*backup.Verified, error) {
	keys, err := seal.Open(s.keyset)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, faultf("keyset-file", "%s is missing: put there the keyset file that was in use when the backup was made", s.keyset)
	}
	if err != nil {
		return nil, faultf("keyset-file", "%v", err)
	}
	defer show.end()
	check := backup.Check{Tables: tables(), Vaults: vaults(), Keys: keys, Report: show.report}
	return check.Verify(file)
}

// restore fills the store with the records of a verified file.
func (s *site) restore(ctx context.Context, file io.ReadSeeker, v *backup.Verified, show *progress) (err error) {
	defer show.end()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s.records.Tables = append(tables(), seal.Holders)
	raw, err := etcdstore.OpenRaw(ctx, s.records)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	if _, err := readSoon(ctx, raw); err != nil && !errors.Is(err, etcdstore.ErrUnfinished) {
		return err
	}
	s.unused = false
	into, resumed, err := raw.Fill(ctx, v.Digest, v.Witness)
	if err != nil {
		return err
	}
	if resumed {
		s.log.WarnContext(ctx, "going on with a restore that was interrupted")
	}
	return backup.Restore(ctx, file, v, into, show.report)
}
