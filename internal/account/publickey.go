package account

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// A PublicKey is one key an account may prove itself with over SSH. Its key is
// the owner's UUID, the account's name and the index.
type PublicKey struct {
	Owner   svm.Owner `json:"owner"`
	Account string    `json:"account"`
	Index   int       `json:"index"`
	// Key is the algorithm, a space and the key in base64, perhaps with a
	// space and a comment: a line of OpenSSH's without options.
	Key     string `json:"public_key"`
	Comment string `json:"comment,omitempty"`
	// Scope is ClusterScope or SVMScope, after the owner.
	Scope string `json:"scope"`
	// Fingerprint is "SHA256:" and the hash in unpadded base64, as ssh-keygen
	// shows it.
	Fingerprint string `json:"fingerprint"`
}

// PublicKeys is the table of public keys. Key: owner's UUID / account's name !
// index in two digits. No account's name holds a "!", and it sorts before all
// that they hold, so that the keys of an account stand together and in order.
var PublicKeys = &store.Table[PublicKey]{Name: "publickey", DocVersion: 1}

// maxIndex is the largest index of an account's key, as in ONTAP.
const maxIndex = 99

func publicKeysOf(owner, account string) string { return store.JoinKey(owner, account) + "!" }

// keyForms says what follows the algorithm's name inside a key: how many
// fields, and which of them has a fixed content or length.
var keyForms = map[string]struct {
	fields int
	first  string // the first field's text, where it is fixed
	size   int    // the key field's length, where it is fixed
}{
	"ssh-rsa":                            {fields: 2},
	"ssh-ed25519":                        {fields: 1, size: 32},
	"ecdsa-sha2-nistp256":                {fields: 2, first: "nistp256", size: 65},
	"ecdsa-sha2-nistp384":                {fields: 2, first: "nistp384", size: 97},
	"ecdsa-sha2-nistp521":                {fields: 2, first: "nistp521", size: 133},
	"sk-ssh-ed25519@openssh.com":         {fields: 2, size: 32},
	"sk-ecdsa-sha2-nistp256@openssh.com": {fields: 3, first: "nistp256", size: 65},
}

const (
	minRSA, maxRSA = 2048, 16384 // bits
	maxKeyText     = 8 << 10
)

// readKey returns the key in SSH's wire form, BadReason when the text is not a
// key that is taken.
func readKey(text string) ([]byte, error) {
	if err := record.Plain(record.Text(text)); err != nil {
		return nil, err
	}
	algorithm, rest, _ := strings.Cut(text, " ")
	encoded, _, _ := strings.Cut(rest, " ")
	if _, known := keyForms[algorithm]; !known {
		return nil, fault.New(fault.BadReason, "",
			"The public key must begin with its algorithm: ssh-ed25519, ecdsa-sha2-nistp256, -nistp384 or -nistp521, ssh-rsa, or an sk- form of the first two.")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return nil, fault.New(fault.BadReason, "", "The public key is not base64 after its algorithm; give the line as ssh-keygen wrote it.")
	}
	return blob, checkBlob(algorithm, blob)
}

// checkBlob applies the algorithm's form.
func checkBlob(algorithm string, blob []byte) error {
	damaged := fault.New(fault.BadReason, "", "The public key is cut short or damaged; give the line as ssh-keygen wrote it.")
	name, blob, ok := wireField(blob)
	if !ok || string(name) != algorithm {
		return damaged
	}
	form := keyForms[algorithm]
	fields := make([][]byte, form.fields)
	for i := range fields {
		if fields[i], blob, ok = wireField(blob); !ok {
			return damaged
		}
	}
	key := fields[0]
	if form.first != "" {
		if string(fields[0]) != form.first {
			return damaged
		}
		key = fields[1]
	}
	if len(blob) != 0 || form.size != 0 && len(key) != form.size {
		return damaged
	}
	if algorithm == "ssh-rsa" {
		return checkRSA(fields[0], fields[1])
	}
	return nil
}

func checkRSA(exponent, modulus []byte) error {
	bits := new(big.Int).SetBytes(modulus).BitLen()
	if bits < minRSA || bits > maxRSA || len(modulus) > maxRSA/8+1 || len(exponent) == 0 || len(exponent) > 4 || modulus[0]&0x80 != 0 {
		return fault.New(fault.BadReason, "", "The RSA key has %d bits; %d to %d are allowed, with a positive modulus.", bits, minRSA, maxRSA)
	}
	return nil
}

// wireField reads a text behind its length.
func wireField(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := int64(binary.BigEndian.Uint32(b))
	if n > int64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

// fingerprintOf returns the fingerprint of a key in wire form.
func fingerprintOf(blob []byte) string {
	sum := sha256.Sum256(blob)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// setKey takes a text that readKey has read.
func (k *PublicKey) setKey(text string) {
	blob, err := readKey(text)
	if err != nil {
		return // the row's check has refused it
	}
	k.Key, k.Fingerprint = text, fingerprintOf(blob)
}

// is reports whether it is the key in wire form.
func (k *PublicKey) is(blob []byte) bool {
	own, err := readKey(k.Key)
	return err == nil && bytes.Equal(own, blob)
}

// suffix is the index as the store's key ends with it.
func (k *PublicKey) suffix() string { return fmt.Sprintf("%s!%02d", k.Account, k.Index) }
