package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/store/etcdstore"
	"github.com/duoplane/duoplane/internal/svm"
)

// toolOptions are those of the commands that work on a store once and end.
type toolOptions struct {
	// Config is read before anything else; it cannot name another file.
	Config string `placeholder:"FILE" help:"YAML file with options, one 'name: value' a line. It may be the one of duoplane serve: what this command does not need is passed over."`
	storeOptions
}

// A toolCommand is a command with toolOptions.
type toolCommand interface{ tool() *toolOptions }

func (o *toolOptions) tool() *toolOptions { return o }

func (o *toolOptions) faults() []error {
	out := o.storeOptions.faults()
	if o.DataDir == "" && (len(o.EtcdEndpoints) == 0 || o.KeysetFile == "") {
		out = append(out, faultf("data-dir", "is required: name the server's folder, for example --data-dir=/var/lib/duoplane; or give --etcd-endpoints and --keyset-file"))
	}
	return out
}

// flagsOf returns the options of a command.
func flagsOf(app *kong.Application, command string) []*kong.Flag {
	for _, cmd := range app.Children {
		if cmd.Name == command {
			return cmd.Flags
		}
	}
	return nil
}

// A site is where a tool works: beside a server that runs, through its socket;
// else on the store itself, which then is the tool's alone if it is in the data
// directory.
type site struct {
	control *controlClient // nil: no server has the folder
	data    *dataDir       // nil: a tool on an etcd cluster without a folder
	records etcdstore.Config
	keyset  string
	log     *slog.Logger
	// unused says that nothing was put into the folder yet.
	unused bool
}

// enter finds out where to work. A folder that is not there is made only when
// the tool fills it.
func (o *toolOptions) enter(ctx context.Context, env environ, fills bool) (_ *site, err error) {
	s := &site{keyset: o.KeysetFile, unused: true, log: slog.New(slog.NewTextHandler(env.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if o.DataDir != "" {
		if s.data, err = o.folder(fills); err != nil {
			busy, serving := errors.AsType[dataDirInUse](err)
			if !serving || fills {
				return nil, err
			}
			s.control, err = dialControl(ctx, o.DataDir, busy)
			return s, err
		}
		if s.keyset == "" {
			s.keyset = s.data.join("keyset.json")
		}
	}
	access, err := o.readEtcd()
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.records = o.storeConfig(s.data, access)
	s.records.Logger = s.log
	return s, nil
}

// folder locks the data directory.
func (o *toolOptions) folder(fills bool) (*dataDir, error) {
	info, err := os.Stat(o.DataDir)
	if err != nil && (!fills || !errors.Is(err, os.ErrNotExist)) {
		return nil, faultf("data-dir", "%v", err)
	}
	if err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
			return nil, faultf("data-dir", "%s belongs to %s; run this as that user, or the server cannot use what it writes there",
				o.DataDir, operator(int(stat.Uid), "").Name)
		}
	}
	if _, err := os.Stat(filepath.Join(o.DataDir, "store")); !fills && len(o.EtcdEndpoints) == 0 && err != nil {
		return nil, faultf("data-dir", "%s holds no store (is it the folder of a server?): %v", o.DataDir, err)
	}
	return openDataDir(o.DataDir)
}

func (s *site) close() error {
	switch {
	case s.data == nil:
		return nil
	case s.unused:
		return s.data.discard()
	}
	return s.data.close()
}

// auditLog opens the audit log of the folder.
func (s *site) auditLog() (*audit.Log, error) {
	dir := s.data.join("audit")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return audit.Open(audit.Config{Dir: dir, Logger: s.log})
}

// audited does something between the beginning and the end of its line in the
// audit log.
func (s *site) audited(event string, cluster svm.Cluster, do func() error) (err error) {
	if s.data == nil {
		return do() // there is no server here, and so no log
	}
	log, err := s.auditLog()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	line, err := log.Begin(operator(os.Getuid(), "tool"), clusterEntry(event, cluster))
	if err != nil {
		return err
	}
	err = do()
	line.End(err)
	return err
}

// clusterEntry is the audit line of what concerns all records.
func clusterEntry(event string, cluster svm.Cluster) audit.Entry {
	return audit.Entry{Event: event, Resource: "cluster", Key: cluster.Name, Owner: cluster.UUID}
}

// operator is the user of this machine who does something; their name is none
// of an account.
func operator(uid int, via string) audit.Who {
	name := fmt.Sprintf("uid %d", uid)
	if u, err := user.LookupId(fmt.Sprint(uid)); err == nil {
		name = u.Username
	}
	return audit.Who{Name: name, Via: via}
}

// interrupted turns the end of the user's patience into a failure: what was
// begun is not done.
func interrupted(ctx context.Context, err error, again string) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted; %s", again)
	}
	return err
}

// say prints to standard output.
func say(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format+"\n", args...)
	return err
}
