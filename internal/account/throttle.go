package account

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// freeFailures is how many wrong passwords in a row, for one account from
	// one address, have no consequence yet.
	freeFailures = 3
	// maxLockout is the longest that an address has to wait. The wait doubles
	// from a second with every failure.
	maxLockout = 5 * time.Minute
	// trustedLockout is the same for an address that the account has logged in
	// from: guessing from an administrator's own address, or from behind the
	// same proxy, shall not keep him out for long.
	trustedLockout = 10 * time.Second
	// goodTime is how long an address is trusted with an account that logged
	// in from it.
	goodTime = 30 * 24 * time.Hour
	// tableSize bounds each of the throttle's tables.
	tableSize = 1 << 14
)

// Paces of failures: by address over all accounts, by account over all
// addresses.
var (
	addressPace = pace{burst: 30, every: time.Second}
	accountPace = pace{burst: 30, every: 5 * time.Second}
)

// throttle decides whether a password is looked at. Failures count for the
// account and the address they come from, together: whoever guesses locks out
// himself, not the account's owner at another address. Beside that every
// address has a pace for all accounts, and every account a pace for all
// addresses; neither holds for an account at an address it has logged in from,
// so that neither a guesser with a thousand addresses nor one who guesses all
// accounts from behind the same router keeps an administrator from his usual
// place, and it is over seconds after the guessing is. A password that is
// remembered is never held up by any of this.
type throttle struct {
	mu       sync.Mutex // guards everything below
	failures map[visit]*failures
	// strangers are failures for accounts that do not exist. They have a table
	// of their own so that inventing names pushes nothing out of the other.
	strangers map[visit]*failures
	addresses map[netip.Prefix]*bucket
	accounts  map[string]*bucket
	good      map[visit]time.Time
}

// A visit is an account as named and where the name came from.
type visit struct {
	account string
	from    netip.Prefix
	exists  bool
}

// failures are those in a row since the last success.
type failures struct {
	count int
	until time.Time // nothing is looked at before
}

func newThrottle() *throttle {
	return &throttle{
		failures:  make(map[visit]*failures),
		strangers: make(map[visit]*failures),
		addresses: make(map[netip.Prefix]*bucket),
		accounts:  make(map[string]*bucket),
		good:      make(map[visit]time.Time),
	}
}

// network is what counts as one address: an IPv6 customer has a whole /64.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero Prefix for the zero Addr
	return p
}

// An attempt is charged as a failure before its password is looked at, so that
// a hundred at a time count as a hundred. Success takes the charge back.
type attempt struct {
	visit   visit
	trusted bool // the address is good for the account
	charged bool // the account's pace was charged
}

// begin charges an attempt, or tells how long to wait before the next.
func (t *throttle) begin(v visit, now time.Time) (a attempt, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	table := t.table(v)
	f := table[v]
	if f == nil {
		f = new(failures)
	}
	address := bucketIn(t.addresses, v.from, addressPace)
	account := bucketIn(t.accounts, v.account, accountPace)
	since, known := t.good[v]
	a = attempt{visit: v, trusted: known && now.Sub(since) < goodTime}
	a.charged = v.exists && !a.trusted
	wait = max(f.until.Sub(now), 0)
	if !a.trusted {
		wait = max(wait, address.wait(addressPace, now))
	}
	if a.charged {
		wait = max(wait, account.wait(accountPace, now))
	}
	if wait > 0 {
		return a, wait
	}
	f.count++
	f.until = now.Add(a.lockout(f.count))
	put(table, v, f, func(f *failures) bool { return now.Sub(f.until) > maxLockout })
	if !a.trusted {
		address.tokens--
		put(t.addresses, v.from, address, func(b *bucket) bool { return b.wasFull(addressPace, now) })
	}
	if a.charged {
		account.tokens--
		put(t.accounts, v.account, account, func(b *bucket) bool { return b.wasFull(accountPace, now) })
	}
	return a, 0
}

// passed takes the charge back and forgets the failures before it.
func (t *throttle) passed(a attempt, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.table(a.visit), a.visit)
	t.refund(a)
	put(t.good, a.visit, now, func(since time.Time) bool { return now.Sub(since) > goodTime })
}

// void takes the charge back when the password was not looked at after all.
func (t *throttle) void(a attempt, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.table(a.visit)[a.visit]; f != nil && f.count > 0 {
		f.count--
		f.until = now.Add(a.lockout(f.count))
	}
	t.refund(a)
}

// refund is called with mu held.
func (t *throttle) refund(a attempt) {
	if b := t.addresses[a.visit.from]; b != nil && !a.trusted {
		b.tokens++
	}
	if b := t.accounts[a.visit.account]; b != nil && a.charged {
		b.tokens++
	}
}

func (t *throttle) table(v visit) map[visit]*failures {
	if v.exists {
		return t.failures
	}
	return t.strangers
}

// lockout is how long nothing is looked at after so many failures in a row.
func (a attempt) lockout(count int) time.Duration {
	longest := maxLockout
	if a.trusted {
		longest = trustedLockout
	}
	if count < freeFailures {
		return 0
	}
	return min(time.Second<<min(count-freeFailures, 20), longest)
}

// put adds an entry to a bounded table. A full table loses the entries that no
// longer matter, and if that is too little, a few by chance.
func put[K comparable, V any](table map[K]V, key K, value V, stale func(V) bool) {
	if _, known := table[key]; !known && len(table) >= tableSize {
		for k, v := range table {
			if stale(v) || len(table) > tableSize*7/8 {
				delete(table, k)
			}
		}
	}
	table[key] = value
}

func bucketIn[K comparable](table map[K]*bucket, key K, p pace) *bucket {
	if b := table[key]; b != nil {
		return b
	}
	return &bucket{tokens: p.burst}
}

// A pace allows a burst, and then one every so often.
type pace struct {
	burst float64
	every time.Duration
}

// A bucket is what is left of a pace.
type bucket struct {
	tokens float64
	at     time.Time // when tokens was right
}

// wait refills the bucket and tells how long until it holds one.
func (b *bucket) wait(p pace, now time.Time) time.Duration {
	if !b.at.IsZero() {
		b.tokens = min(p.burst, b.tokens+float64(max(0, now.Sub(b.at)))/float64(p.every))
	}
	b.at = now
	if b.tokens >= 1 {
		return 0
	}
	return time.Duration((1 - b.tokens) * float64(p.every))
}

// wasFull reports whether the bucket has refilled, so that it can be forgotten.
func (b *bucket) wasFull(p pace, now time.Time) bool {
	return b.tokens+float64(now.Sub(b.at))/float64(p.every) >= p.burst
}
