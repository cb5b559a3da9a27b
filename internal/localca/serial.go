package localca

import (
	"crypto/rand"
	"encoding/hex"
	"math/big"
)

// A serial is the number of a certificate: 127 random bits.
type serial [16]byte

func newSerial() serial {
	var s serial
	_, _ = rand.Read(s[:]) // never fails: the runtime stops the program first
	s[0] &= 0x7f
	return s
}

func (s serial) int() *big.Int { return new(big.Int).SetBytes(s[:]) }

// short is enough of the number to tell two authorities apart by eye.
func (s serial) short() string { return hex.EncodeToString(s[:4]) }
