package trail

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Service reads the audit log of this process. Where several processes serve
// one store, each has a log of its own. Its methods may be called concurrently
// and confine themselves to the caller's scope: who is confined to an SVM sees
// the lines about the SVM and its records, whoever is behind them.
type Service struct{ ledger *audit.Ledger }

// NewService returns the service over the ledger's log.
func NewService(ledger *audit.Ledger) *Service { return &Service{ledger} }

// patience is how many lines are read between two looks at the clock.
const patience = 4096

// Rows yields the messages in scope, oldest first, from the first whose index
// is not less than from; nil begins with the oldest there is. It holds one at
// a time, and a yielded message is good until the next one is asked for.
// Unavailable when a file of the log cannot be read or the cluster is not
// known yet.
func (s *Service) Rows(ctx context.Context, caller svm.Caller, from []string) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		snap, err := s.ledger.Local(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		cluster := svm.ClusterOf(snap)
		read := &reading{cluster: cluster, node: svm.NodeOf(cluster), names: svm.Names(snap)}
		var row Message
		lines := 0
		for raw, err := range s.ledger.Read(placeIn(from)) {
			if lines++; err == nil && lines%patience == 0 {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			row = Message{Place: raw.Place, Time: raw.Time(), text: raw.Text, read: read}
			if row.seenBy(caller.Scope) && !yield(&row, nil) {
				return
			}
		}
	}
}

// placeIn returns the place of a key, 0 for none.
func placeIn(key []string) audit.Place {
	if len(key) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(key[0], 10, 64)
	if err != nil {
		return 0
	}
	return audit.Place(max(n, 0))
}

// seenBy reports whether the message is in scope. A damaged one is nobody's.
func (m *Message) seenBy(scope svm.Scope) bool {
	if scope == svm.Everything() {
		return true
	}
	only, single := scope.Single()
	return single && strings.Contains(m.text, only) && m.decoded().Owner == only
}

// Find returns a private copy of one message, or NotFound.
func (s *Service) Find(ctx context.Context, caller svm.Caller, key []string) (*Message, error) {
	for m, err := range s.Rows(ctx, caller, key) {
		if err != nil {
			return nil, err
		}
		if m.Place == placeIn(key) {
			return new(*m), nil
		}
		break // the first at or behind the key is another one
	}
	return nil, fault.New(fault.NotFound, "index", "entry doesn't exist")
}

// Fill does nothing: no field is computed.
func (*Service) Fill(context.Context, []*Message) error { return nil }
