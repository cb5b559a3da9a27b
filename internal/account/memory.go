package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// memoryTime is how long a verified password is remembered.
	memoryTime = 5 * time.Minute
	// memorySize is how many are, at most.
	memorySize = 1 << 16
)

// memory remembers passwords that were verified lately, as tags, so that a
// client that sends its password with every request pays for one hash in five
// minutes. A tag holds the account's version: any change of the account
// forgets it. Looking up takes no lock.
type memory struct {
	stamps sync.Pool // of *stamp, all under one key
	most   int64
	seen   sync.Map // tag → time.Time until which it counts
	size   atomic.Int64
}

func newMemory(most int64) *memory {
	m, key := &memory{most: most}, random(sha256.Size)
	m.stamps.New = func() any { return &stamp{mac: hmac.New(sha256.New, key)} }
	return m
}

// until returns when what is remembered ends to count: the zero time when
// nothing is.
func (m *memory) until(t tag) time.Time {
	until, ok := m.seen.Load(t)
	if !ok {
		return time.Time{}
	}
	return until.(time.Time) //nolint:forcetypeassert // nothing else is stored
}

func (m *memory) add(t tag, now time.Time) {
	if _, known := m.seen.Swap(t, now.Add(memoryTime)); known {
		return
	}
	if m.size.Add(1) > m.most {
		m.shrink(now)
	}
}

// shrink forgets what no longer counts and, if that is too little, anything
// until there is room again: whoever is forgotten pays for one hash.
func (m *memory) shrink(now time.Time) {
	m.seen.Range(func(t, until any) bool {
		if now.Before(until.(time.Time)) && m.size.Load() <= m.most*7/8 { //nolint:forcetypeassert // nothing else is stored
			return true
		}
		if _, was := m.seen.LoadAndDelete(t); was {
			m.size.Add(-1)
		}
		return true
	})
}
