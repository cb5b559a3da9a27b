package duosim

import (
	"fmt"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

const (
	// maxWaiting is how many waiting answers one transaction gives in its life.
	// A Duo Unix up to 2.2.3 takes the twentieth for a success.
	maxWaiting = 19
	// answerAfter is when a called phone is picked up if no fault says else.
	answerAfter = 2 * time.Second
	// maxLive bounds the transactions that wait for a person at one time.
	maxLive = 10_000
	// maxKept bounds the transactions kept, ended ones included.
	maxKept = 2 * maxLive
	// keepEnded is how long the outcome of a transaction can be asked for.
	keepEnded = 5 * time.Minute
	// maxMisses is how many wrong verification codes end a verified push.
	maxMisses = 3
)

// A moment is a state of a transaction and since when it holds.
type moment struct {
	at     time.Time
	result string // waiting, allow or deny
	status string // the code word
	text   string
}

func (m moment) over() bool { return m.result != "waiting" }

func stateAllow() moment   { return moment{result: "allow", status: "allow", text: textSuccess} }
func stateTimeout() moment { return moment{result: "deny", status: "timeout", text: textTimeout} }
func stateLocked() moment  { return moment{result: "deny", status: "locked_out", text: textLocked} }
func stateDeny(text string) moment {
	return moment{result: "deny", status: "deny", text: text}
}
func stateFraud() moment     { return moment{result: "deny", status: "fraud", text: textFraud} }
func stateCancelled() moment { return stateDeny(textWithdrawn) }
func stateWaiting(status, text string) moment {
	return moment{result: "waiting", status: status, text: text}
}

// A transaction is one choice of a factor, from the client's request to the
// outcome. It has no timer of its own: what is to happen by itself stands in
// its script, and whoever looks at it brings it up to date first.
type transaction struct {
	id, ikey string
	user     *user
	factor   string
	device   *device
	asked    details
	code     string // of a verified push
	misses   int
	created  time.Time
	deadline time.Time
	history  []moment // what it went through; the last is the present state
	script   []moment // what it will go through if nobody interferes
	told     int      // how much of the history polls have reported
	waits    int      // how many waiting answers polls have given
	changed  chan struct{}
}

// details are what a phone shows about a login.
type details struct {
	ipaddr, hostname, kind, displayName string
	pushinfo                            params
}

func (t *transaction) state() moment { return t.history[len(t.history)-1] }

// next is when the script goes on, and false when it is over.
func (t *transaction) next() (time.Time, bool) {
	if len(t.script) == 0 {
		return time.Time{}, false
	}
	return t.script[0].at, true
}

// enter puts the transaction into a state, finally if the state is an outcome.
func (t *transaction) enter(m moment) {
	t.history = append(t.history, m)
	if m.over() {
		t.script = nil
		t.asked = details{} // no phone shows it any more
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// finish ends the transaction from outside.
func (t *transaction) finish(now time.Time, m moment) {
	if !t.state().over() {
		m.at = now
		t.enter(m)
	}
}

// catchUp plays what is due of every script. The caller holds the mutex.
func (s *Sim) catchUp(now time.Time) {
	for _, tx := range s.live {
		s.play(tx, now)
	}
}

// play brings one transaction up to date. The caller holds the mutex.
func (s *Sim) play(tx *transaction, now time.Time) {
	moved := false
	for at, ok := tx.next(); ok && !at.After(now); at, ok = tx.next() {
		m := tx.script[0]
		tx.script = tx.script[1:]
		tx.enter(s.settle(tx.user, m))
		moved = true
	}
	if tx.state().over() {
		delete(s.live, tx.id)
	}
	if moved {
		s.touch()
	}
}

// settle counts an outcome towards the user's lock-out and returns the state it
// becomes: a failure too many locks out. Refusals and wrong passcodes count,
// running out of time does not, by choice.
func (s *Sim) settle(u *user, m moment) moment {
	switch {
	case m.result == "allow":
		u.failures = 0
	case m.status == "deny" || m.status == "fraud":
		u.failures++
		if limit := s.settings.LockoutAfter; limit > 0 && u.failures >= limit && u.state == Active {
			u.state = LockedOut
			return moment{at: m.at, result: "deny", status: "locked_out", text: textLocked}
		}
	}
	return m
}

// plan writes the script of a push or a call: what the service does, what a
// fault or the automatic approval makes the person do, and the end of time.
func (s *Sim) plan(tx *transaction, f *Fault) {
	now := tx.created
	first := stateWaiting("pushed", textPushed)
	if tx.code != "" {
		first.text = fmt.Sprintf(textVerify, tx.code)
	}
	if tx.factor == "phone" {
		first = stateWaiting("calling", fmt.Sprintf(textDialing, tx.device.label()))
	}
	if f != nil && f.Do == DoPushFailed {
		first = stateWaiting("push_failed", textUnsent)
		f = nil
	}
	first.at = now
	tx.history = []moment{first}
	outcome, after, decided := s.person(f)
	if tx.factor == "phone" {
		tx.script = append(tx.script, at(stateWaiting("answered", textAnswered), now.Add(pickUp(after, decided))))
	}
	if decided {
		tx.script = append(tx.script, at(outcome, now.Add(after)))
	}
	late := func(m moment) bool { return !m.at.Before(tx.deadline) }
	for i, m := range tx.script {
		if late(m) {
			tx.script = tx.script[:i]
			break
		}
	}
	tx.script = append(tx.script, at(stateTimeout(), tx.deadline))
}

// pickUp is when a called person answers: before they decide.
func pickUp(after time.Duration, decided bool) time.Duration {
	if decided && after < answerAfter {
		return after
	}
	return answerAfter
}

func at(m moment, when time.Time) moment {
	m.at = when
	return m
}

// person says what a person will do of their own accord, and when.
func (s *Sim) person(f *Fault) (moment, time.Duration, bool) {
	if f == nil {
		return stateAllow(), time.Duration(s.settings.AutoApproveDelay), s.settings.AutoApprove
	}
	after := time.Duration(f.Delay)
	switch f.Do {
	case DoDeny:
		return stateDeny(textDenied), after, true
	case DoFraud:
		return stateFraud(), after, true
	case DoTimeout:
		return stateTimeout(), after, true
	default:
		return stateAllow(), after, true
	}
}

// register keeps a transaction for polls. The caller holds the mutex.
func (s *Sim) register(tx *transaction) error {
	if !tx.state().over() {
		if len(s.live) >= maxLive {
			return errTooManyRequests
		}
		s.live[tx.id] = tx
	}
	s.sweep(tx.created)
	s.transactions[tx.id] = tx
	s.order = append(s.order, tx.id)
	for len(s.order) > maxKept {
		oldest := s.transactions[s.order[0]]
		if oldest != nil && !oldest.state().over() {
			s.order = append(s.order, oldest.id)
		} else if oldest != nil {
			delete(s.transactions, oldest.id)
		}
		s.order = s.order[1:]
	}
	s.touch()
	return nil
}

// sweep forgets what nobody can ask for any more. The caller holds the mutex.
func (s *Sim) sweep(now time.Time) {
	if now.Sub(s.lastSweep) < 10*time.Second {
		return
	}
	s.lastSweep = now
	for id, tx := range s.transactions {
		if last := tx.state(); last.over() && now.Sub(last.at) > keepEnded {
			delete(s.transactions, id)
		}
	}
	for id, o := range s.offers {
		if now.After(o.expires) {
			delete(s.offers, id)
		}
	}
	for code, e := range s.enrolments {
		if now.Sub(e.expires) > keepEnded {
			delete(s.enrolments, code)
		}
	}
}

// An Answer is what a person does with a pending push or call.
type Answer string

// The answers.
const (
	Approve Answer = "approve"
	Deny    Answer = "deny"
	Fraud   Answer = "fraud"
)

// Answer answers a pending push or call as the person with the phone. code is
// the one shown at the login, for verified pushes alone; the third wrong code
// refuses the push.
func (s *Sim) Answer(txid string, answer Answer, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.catchUp(now)
	tx := s.live[txid]
	if tx == nil {
		return fault.New(fault.NotFound, "txid", "nothing with this id waits for an answer")
	}
	var outcome moment
	switch answer {
	case Deny:
		outcome = stateDeny(textDenied)
	case Fraud:
		outcome = stateFraud()
	case Approve:
		outcome = stateAllow()
		if tx.code != "" && code != tx.code {
			if tx.misses++; tx.misses < maxMisses {
				s.touch()
				return badValue("code", "this is not the verification code shown at the login")
			}
			outcome = stateDeny(textBadVerify)
		}
	default:
		return badValue("answer", "answer %q must be approve, deny or fraud", answer)
	}
	tx.finish(now, s.settle(tx.user, outcome))
	delete(s.live, tx.id)
	s.touch()
	return nil
}
