package account

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/quick"
	"time"
)

var start = time.Date(2026, 8, 4, 9, 0, 0, 0, time.UTC)

func at4(n int) netip.Prefix {
	return network(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}))
}

// guess lets a visitor fail as often as he can within a time, and returns how
// many passwords were looked at.
func guess(t *throttle, v visit, from time.Time, d time.Duration) (looks int, now time.Time) {
	for now = from; now.Sub(from) <= d; {
		_, wait := t.begin(v, now)
		if wait == 0 {
			looks++
			continue
		}
		now = now.Add(wait)
	}
	return looks, now
}

func TestTheWaitDoublesWithEveryFailure(t *testing.T) {
	th, v, now := newThrottle(), visit{"a", at4(1), true}, start
	var waits []time.Duration
	for len(waits) < 12 {
		if _, wait := th.begin(v, now); wait > 0 {
			waits = append(waits, wait)
			now = now.Add(wait)
		}
	}
	for i, wait := range waits {
		if want := min(time.Second<<i, maxLockout); wait != want {
			t.Errorf("got %v after %d failures, want %v", wait, freeFailures+i, want)
		}
	}
}

func TestGuessersAreSlow(t *testing.T) {
	hour := time.Hour
	for _, test := range []struct {
		name string
		run  func(*throttle) int
		most int
	}{
		{"one address, one account, an hour", func(th *throttle) int {
			n, _ := guess(th, visit{"a", at4(1), true}, start, hour)
			return n
		}, 25},
		{"one address, a thousand accounts, an hour", func(th *throttle) (n int) {
			for i := range 1000 {
				looks, _ := guess(th, visit{fmt.Sprint(i), at4(1), true}, start, 0)
				n += looks
			}
			return n
		}, 31},
		{"a thousand addresses, one account, an hour", func(th *throttle) (n int) {
			for now := start; now.Sub(start) < hour; now = now.Add(time.Second) {
				for i := range 20 {
					if _, wait := th.begin(visit{"a", at4(int(now.Sub(start)/time.Second)%50*20 + i), true}, now); wait == 0 {
						n++
					}
				}
			}
			return n
		}, 30 + 720},
		{"one IPv6 customer with a million addresses", func(th *throttle) (n int) {
			for i := range 1000 {
				a := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 14: byte(i >> 8), 15: byte(i)})
				if _, wait := th.begin(visit{"a", network(a), true}, start); wait == 0 {
					n++
				}
			}
			return n
		}, freeFailures},
	} {
		t.Run(test.name, func(t *testing.T) {
			if n := test.run(newThrottle()); n > test.most || n == 0 {
				t.Errorf("%d passwords were looked at, want at most %d", n, test.most)
			}
		})
	}
}

func TestAGuesserElsewhereDoesNotKeepTheAdministratorOut(t *testing.T) {
	th, admin := newThrottle(), visit{"admin", at4(1), true}
	a, wait := th.begin(admin, start)
	if wait != 0 {
		t.Fatal("refused")
	}
	th.passed(a, start)
	now := start
	for i := range 5000 { // from everywhere, until the account's pace is used up
		th.begin(visit{"admin", at4(2 + i), true}, now)
	}
	if _, wait := th.begin(visit{"admin", at4(9999), true}, now); wait == 0 {
		t.Error("the account has no pace of its own")
	}
	if _, wait := th.begin(admin, now); wait != 0 {
		t.Errorf("the administrator waits %v at the address he came from before", wait)
	}
	// A new address has its turn seconds after the guessing is over.
	if _, wait := th.begin(visit{"admin", at4(9999), true}, now.Add(accountPace.every)); wait != 0 {
		t.Errorf("a new address still waits %v", wait)
	}
}

func TestAGuesserAtTheSameAddressHoldsTheAdministratorUpForSeconds(t *testing.T) {
	th, admin := newThrottle(), visit{"admin", at4(1), true}
	a, _ := th.begin(admin, start)
	th.passed(a, start)
	_, now := guess(th, admin, start, time.Hour)
	if _, wait := th.begin(admin, now); wait > trustedLockout {
		t.Errorf("the administrator waits %v", wait)
	}
}

// Many people share an address behind a proxy or a router.
func TestAGuesserOfManyAccountsHoldsNobodyUpWhoIsKnownAtTheAddress(t *testing.T) {
	th, known, now := newThrottle(), visit{"known", at4(1), true}, start
	a, _ := th.begin(known, now)
	th.passed(a, now)
	for i := range 1000 {
		th.begin(visit{fmt.Sprint("guessed", i), at4(1), i%2 == 0}, now)
	}
	if _, wait := th.begin(visit{"unknown here", at4(1), true}, now); wait == 0 {
		t.Error("a thousand accounts can be guessed from one address at once")
	}
	for range 2 {
		a, wait := th.begin(known, now)
		if wait != 0 {
			t.Fatalf("who logged in from there before waits %s", wait)
		}
		th.passed(a, now)
	}
	if _, wait := th.begin(visit{"unknown here", at4(1), true}, now); wait == 0 {
		t.Error("their logins pay for the guesser's")
	}
}

func TestSuccessForgetsTheFailuresBefore(t *testing.T) {
	th, v, now := newThrottle(), visit{"a", at4(1), true}, start
	for range 100 {
		now = now.Add(10 * time.Second) // enough for the address's pace
		for range freeFailures - 1 {
			if _, wait := th.begin(v, now); wait != 0 {
				t.Fatalf("waits %v", wait)
			}
		}
		a, wait := th.begin(v, now)
		if wait != 0 {
			t.Fatalf("waits %v", wait)
		}
		th.passed(a, now)
	}
}

func TestAPasswordThatWasNotLookedAtDoesNotCount(t *testing.T) {
	th, v := newThrottle(), visit{"a", at4(1), true}
	for range 1000 {
		a, wait := th.begin(v, start)
		if wait != 0 {
			t.Fatalf("waits %v", wait)
		}
		th.void(a, start)
	}
}

func TestTheTablesAreBounded(t *testing.T) {
	th := newThrottle()
	for i := range 3 * tableSize {
		name := fmt.Sprint(i)
		th.begin(visit{name, at4(i), true}, start)
		th.begin(visit{name, at4(i), false}, start)
		th.passed(attempt{visit: visit{name, at4(i), true}}, start)
		th.begin(visit{name, at4(i), true}, start)
	}
	for name, size := range map[string]int{
		"failures": len(th.failures), "strangers": len(th.strangers), "addresses": len(th.addresses),
		"accounts": len(th.accounts), "good": len(th.good),
	} {
		if size > tableSize || size < tableSize/2 {
			t.Errorf("%s holds %d entries, want at most %d", name, size, tableSize)
		}
	}
}

func TestInventedNamesPushNoLockoutOut(t *testing.T) {
	th, v := newThrottle(), visit{"admin", at4(1), true}
	_, now := guess(th, v, start, time.Minute)
	th.begin(v, now)
	_, before := th.begin(v, now)
	if before == 0 {
		t.Fatal("not locked out")
	}
	for i := range 3 * tableSize {
		th.begin(visit{fmt.Sprint(i), at4(2 + i), false}, now)
	}
	if _, after := th.begin(v, now); after != before {
		t.Errorf("waits %v, before %v", after, before)
	}
}

func TestMemoryIsBoundedAndForgets(t *testing.T) {
	const most = 1000
	m := newMemory(most)
	var last tag
	for i := range 3 * most {
		last = m.tag(fmt.Sprint(i), 1, Hash{"x"}.travels())
		m.add(last, start)
	}
	n := 0
	m.seen.Range(func(any, any) bool { n++; return true })
	if n > most || n < most/2 || int64(n) != m.size.Load() {
		t.Errorf("holds %d, counts %d, want at most %d", n, m.size.Load(), most)
	}
	m.add(last, start)
	if m.until(last) != start.Add(memoryTime) {
		t.Errorf("remembers until %v", m.until(last))
	}
}

func TestTagsDifferInEveryPart(t *testing.T) {
	m := newMemory(1)
	f := func(account1, account2, password1, password2 string, v1, v2 uint32) bool {
		same := account1 == account2 && password1 == password2 && v1 == v2
		one := m.tag(account1, versionOf(v1), Hash{password1}.travels())
		two := m.tag(account2, versionOf(v2), Hash{password2}.travels())
		shifted := m.tag(account1+"x", versionOf(v1), Hash{password1}.travels()) ==
			m.tag(account1, versionOf(v1), Hash{"x" + password1}.travels())
		return (one == two) == same && !shifted
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}
