package duosim

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// maxPushinfo is the size pushinfo must stay below.
const maxPushinfo = 20_000

// auth begins a transaction. Asynchronously it answers at once with its txid,
// otherwise when it is over.
func (s *Sim) auth(ctx context.Context, c *call) (any, error) {
	async, err := c.async()
	if err != nil {
		return nil, err
	}
	if len(c.params.get("pushinfo")) >= maxPushinfo {
		return nil, invalid("pushinfo")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, err := s.begin(c)
	if err != nil {
		return nil, err
	}
	if async {
		return document{{"txid", tx.id}}, nil
	}
	m, err := s.follow(ctx, tx, nil, func(bool) (moment, bool) { return tx.state(), tx.state().over() })
	if err != nil {
		return nil, err
	}
	delete(s.transactions, tx.id) // nobody knows its id
	return c.shape(m), nil
}

// begin finds out what was chosen and starts it. The caller holds the mutex.
func (s *Sim) begin(c *call) (*transaction, error) {
	u, name, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	if err := c.checkFactor(); err != nil {
		return nil, err
	}
	now := s.now()
	tx := &transaction{
		ikey: c.ikey, user: u, factor: "none", created: now,
		deadline: now.Add(time.Duration(s.settings.PushLife)),
		changed:  make(chan struct{}),
		asked: details{
			ipaddr: c.params.get("ipaddr"), hostname: c.params.get("hostname"), kind: c.params.get("type"),
			displayName: c.params.get("display_username"), pushinfo: pushinfo(c.params.get("pushinfo")),
		},
	}
	switch s.stateOf(u) {
	case Bypass:
		tx.history = []moment{at(moment{result: "allow", status: "bypass", text: textBypass}, now)}
	case LockedOut:
		tx.history = []moment{at(stateLocked(), now)}
	case Active:
		if err := s.start(c, tx); err != nil {
			return nil, err
		}
	default:
		if u == nil {
			return nil, invalid(map[bool]string{true: "user", false: "username"}[c.v1])
		}
		text := textDisabled
		if u.state != Disabled {
			text = textMustEnrol
		}
		tx.history = []moment{at(stateDeny(text), now)}
	}
	if u == nil {
		tx.user = &user{name: name, state: Bypass}
	}
	if tx.id == "" {
		if tx.id, err = s.newTxid(); err != nil {
			return nil, err
		}
	}
	return tx, s.register(tx)
}

// checkFactor demands a factor of the dialect and what belongs to it.
func (c *call) checkFactor() error {
	factor := c.params.get("factor")
	needs := map[string]string{"auto": "", "push": "device", "phone": "device", "sms": "device", "passcode": "passcode", "prompt": "prompt"}
	if c.v1 {
		needs = map[string]string{"auto": "auto", "push": "phone", "phone": "phone", "sms": "phone", "passcode": "code"}
	}
	need, ok := needs[factor]
	switch {
	case factor == "":
		return missing("factor")
	case !ok:
		return invalid("factor")
	case need != "" && c.params.get(need) == "":
		return missing(need)
	}
	return nil
}

// start begins the chosen factor of an active user.
func (s *Sim) start(c *call, tx *transaction) error {
	p, err := c.pick(tx.user)
	if err != nil {
		return err
	}
	tx.factor, tx.device = p.factor, p.device
	switch p.factor {
	case "passcode":
		tx.history = []moment{s.settle(tx.user, at(tx.user.judge(tx.created, p.passcode), tx.created))}
	case "sms":
		if err := p.device.sendSMS(s.config.Random, s.settings.SMSBatch); err != nil {
			return err
		}
		tx.history = []moment{at(moment{result: "deny", status: "sent", text: textSMS}, tx.created)}
	case "push":
		if err := s.verify(c, tx, p.verified); err != nil {
			return err
		}
		s.plan(tx, s.takeFault(true, c))
	case "phone":
		s.plan(tx, s.takeFault(true, c))
	default:
		tx.history = []moment{at(moment{result: "deny", status: "unavailable", text: textNoOption}, tx.created)}
	}
	return nil
}

// judge turns a passcode into an outcome.
func (u *user) judge(now time.Time, passcode string) moment {
	switch u.tryPasscode(now, passcode) {
	case rightCode:
		return stateAllow()
	case usedCode:
		return stateDeny(textUsedCode)
	default:
		return stateDeny(textWrongCode)
	}
}

// verify makes a push the verified one that preauth offered, whose txid it then
// keeps. Other factors ignore a txid: Duo Unix sends it along with any.
func (s *Sim) verify(c *call, tx *transaction, wanted bool) error {
	txid := c.params.get("txid")
	if txid == "" {
		if wanted || s.settings.Strict && s.offered(c.ikey, tx) {
			return missing("txid")
		}
		return nil
	}
	o := s.offers[txid]
	if o == nil || o.ikey != c.ikey || o.user != tx.user || tx.created.After(o.expires) {
		return invalid("txid")
	}
	delete(s.offers, txid)
	tx.id, tx.code = o.txid, o.code
	return nil
}

func (s *Sim) offered(ikey string, tx *transaction) bool {
	for _, o := range s.offers {
		if o.ikey == ikey && o.user == tx.user && !tx.created.After(o.expires) {
			return true
		}
	}
	return false
}

// pick reads the choice in the call's dialect.
func (c *call) pick(u *user) (pick, error) {
	factor := c.params.get("factor")
	switch {
	case factor == "prompt":
		return u.typed(c.params.get("prompt")), nil
	case factor == "auto" && c.v1:
		return u.typed(c.params.get("auto")), nil
	case factor == "passcode" && c.v1:
		return pick{factor: factor, passcode: c.params.get("code")}, nil
	case factor == "passcode":
		return pick{factor: factor, passcode: c.params.get("passcode")}, nil
	case c.v1:
		return u.pickPhone(factor, c.params.get("phone"))
	default:
		return u.pickDevice(factor, c.params.get("device"))
	}
}

// pickPhone takes phone1, phone2 … of the old dialect: the phones in order.
func (u *user) pickPhone(factor, phone string) (pick, error) {
	number, ok := strings.CutPrefix(phone, "phone")
	n, err := strconv.Atoi(number)
	var phones []*device
	for _, d := range u.devices {
		if d.kind == Phone {
			phones = append(phones, d)
		}
	}
	if !ok || err != nil || n < 1 || n > len(phones) || !phones[n-1].able(needed(factor)) {
		return pick{}, invalid("phone")
	}
	return pick{factor: factor, device: phones[n-1]}, nil
}

// pickDevice takes a device by its id, or with "auto" the first that is able.
func (u *user) pickDevice(factor, id string) (pick, error) {
	for _, d := range u.devices {
		if id != "" && id != "auto" && d.id != id || !d.able(needed(factor)) {
			continue
		}
		if factor == "auto" {
			factor = "phone"
			if d.able(CanPush) {
				factor = "push"
			}
		}
		return pick{factor: factor, device: d}, nil
	}
	return pick{}, invalid("device")
}

// needed is what a device must be able to do for a factor.
func needed(factor string) Capability {
	return map[string]Capability{"auto": CanAuto, "push": CanPush, "phone": CanPhone, "sms": CanSMS}[factor]
}
