// Package backup writes all records of a store into one file and reads it
// back. The file is text, one JSON object a line:
//
//	{"format":"duoplane backup","version":1,"program":"0.1.0","made":"…","cluster":{"name":"…","uuid":"…"},"revision":8123,"records":42,"key":"0a1b2c3d"}
//	{"table":"account","key":"…/admin","doc":{"v":1,"d":{…}}}
//	… the records of one revision, in order of table, then key …
//	{"records":42,"sha256":"…","seal":"…"}
//
// The documents are those of the store, so secrets in them are sealed as they
// are there. The last line has the SHA-256 of all bytes before it, and seals it
// with the keyset: whoever restores the file knows that nobody without the
// keyset has changed it, and that it is not another keyset's.
package backup

import (
	"time"

	"github.com/duoplane/duoplane/internal/seal"
	"github.com/duoplane/duoplane/internal/secret"
	"github.com/duoplane/duoplane/internal/store"
)

// Version is the format that is written, and the newest that is read.
const Version = 1

const format = "duoplane backup"

// A Cluster is whose records they are.
type Cluster struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

// A Header is the first line: what the file is.
type Header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Program string    `json:"program"` // the version of the program that wrote it
	Made    time.Time `json:"made"`
	Cluster Cluster   `json:"cluster"`
	// Revision is that of the store the records are of.
	Revision store.Revision `json:"revision"`
	Records  int            `json:"records"`
	// Key is the key that sealed everything new at that revision, and the file.
	Key seal.KeyID `json:"key"`
}

// A trailer is the last line.
type trailer struct {
	Records int    `json:"records"`
	SHA256  string `json:"sha256"` // of all lines before, in hex
	Seal    []byte `json:"seal"`   // the same, sealed
}

// sealPlace is what the digest of a file is sealed for.
func sealPlace(h *Header) secret.Place {
	return secret.Place{Table: "backup", Owner: h.Cluster.UUID, Field: "sha256"}
}
