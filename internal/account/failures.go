package account

import (
	"maps"
	"sync"

	"github.com/duoplane/duoplane/internal/fault"
)

// A Failure is what refused passwords are counted by. It names no account and
// no address.
type Failure struct {
	// Application is HTTP or SSH, Code why: Unauthenticated for a wrong one,
	// TooMany for one that was not looked at, or what kept us from looking.
	Application string
	Code        fault.Code
}

// failureCounts counts them.
type failureCounts struct {
	mu   sync.Mutex // guards seen
	seen map[Failure]int64
}

func (f *failureCounts) add(application string, code fault.Code) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		f.seen = make(map[Failure]int64)
	}
	f.seen[Failure{application, code}]++
}

// Failures returns how many passwords Authenticate has refused since the start.
// A public key that does not fit is no failure: clients offer all they have.
func (s *Service) Failures() map[Failure]int64 {
	s.failed.mu.Lock()
	defer s.failed.mu.Unlock()
	return maps.Clone(s.failed.seen)
}
