package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"

	"github.com/duoplane/duoplane/internal/seal"
)

// A claim is what duoplane serve must have before it changes anything: the
// address, the folder, and every file it was given, read and found good.
type claim struct {
	listener net.Listener
	ssh      sshDoors
	metrics  net.Listener // nil: none
	data     *dataDir
	keyset   string           // path; the file may not be there yet
	cert     *tls.Certificate // nil: one of our own
	duoRoots *x509.CertPool
	etcd     etcdAccess
	// unused says that nothing was put into the folder yet that somebody may
	// depend on.
	unused bool
}

// claim tries all of it and reports everything that is wrong at once. After an
// error nothing is held, and nothing new is on the disk.
func (o *serveOptions) claim(ctx context.Context) (*claim, error) {
	c := &claim{keyset: o.KeysetFile, unused: true}
	var errs [10]error
	c.listener, errs[0] = listen(ctx, "api-listen", o.APIListen)
	c.data, errs[1] = openDataDir(o.DataDir)
	c.cert, errs[2] = readPair("tls-cert", o.TLSCert, o.TLSKey)
	c.duoRoots, errs[3] = readRoots("duo-ca-file", o.DuoCAFile)
	c.etcd, errs[4] = o.readEtcd()
	if c.keyset == "" && c.data != nil {
		c.keyset = c.data.join("keyset.json")
	}
	if c.keyset != "" {
		if _, err := seal.Open(c.keyset); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs[5] = faultf("keyset-file", "%v", err)
		}
	}
	errs[6] = clearReady(o.ReadyFile)
	c.ssh, errs[7] = o.openDoors(ctx)
	c.metrics, errs[8] = o.openMetrics(ctx)
	if c.data != nil && len(o.EtcdEndpoints) == 0 {
		errs[9] = c.data.refuseWithoutStore()
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// close gives the address and the folder free; a folder made for a start that
// came to nothing goes.
func (c *claim) close() error {
	err := errors.Join(closeListener(c.listener), closeListener(c.metrics), c.ssh.close())
	if c.data == nil {
		return err
	}
	if c.unused {
		return errors.Join(err, c.data.discard())
	}
	return errors.Join(err, c.data.close())
}
