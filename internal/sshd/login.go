package sshd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"

	"golang.org/x/crypto/ssh"

	"github.com/duoplane/duoplane/internal/account"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/secret"
)

// A login is the authentication of one connection. Its methods are called by
// the connection's handshake, one after the other.
type login struct {
	server  *Server
	vserver string // that the door is bound to
	id      string // in logs and audit lines
	conn    *watched
	knock   *knock
	from    netip.Addr
	pre     ssh.ServerPreAuthConn
	ctx     context.Context // SSH's callbacks have none; it ends with the connection

	user   string            // as accounts are named
	proven string            // the first method of two
	first  account.Principal // who proved it
	over   bool              // refused for good
	seat   bool              // a session is reserved
	full   bool              // there was no session to reserve
	talk   *conversation     // from the last of the first factors on
	asked  question          // to be put to the person next
	who    account.Principal
}

var (
	errOver    = errors.New("the login has been refused")
	errNotHere = errors.New("the account does not log in here")
	errRefused = errors.New("the second factor was refused")
)

// config is the common configuration with this login's callbacks. Nothing but
// a password and a public key is offered at first; NoClientAuth is off.
func (l *login) config() *ssh.ServerConfig {
	c := l.server.ssh
	c.PreAuthConnCallback = func(pre ssh.ServerPreAuthConn) {
		l.pre = pre
		l.conn.limit(l.server.cfg.Limits.FirstFactor)
	}
	c.BannerCallback = func(ssh.ConnMetadata) string {
		if l.server.cfg.Banner == nil {
			return ""
		}
		return withEnd(wireText(l.server.cfg.Banner(l.ctx, l.vserver)))
	}
	c.PasswordCallback = l.password
	c.PublicKeyCallback = l.offered
	c.VerifiedPublicKeyCallback = l.verified
	return &c
}

// named notes the user as accounts are named: on a door of an SVM's, that is
// the SVM's account.
func (l *login) named(meta ssh.ConnMetadata) string {
	l.user = meta.User()
	if l.vserver != "" {
		l.user = l.vserver + `\` + l.user
	}
	return l.user
}

func (l *login) password(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
	if l.over {
		return nil, errOver
	}
	p, err := l.server.cfg.Accounts.Authenticate(l.ctx, account.Credentials{
		Application: account.SSH, User: l.named(meta), Password: secret.NewText(string(password)),
		Proven: l.proven, Partial: true, From: l.from, Via: account.SSH, Request: l.id,
	})
	if err != nil {
		return nil, l.failed(err)
	}
	return l.passed(p, account.MethodPassword)
}

// offered tells whether a key would be taken. Whether the client has it is not
// known yet, so nothing else follows from it.
func (l *login) offered(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	_, err := l.authorize(meta, key)
	return nil, err
}

// verified is called when the client has proven that it has the key. The
// account is looked at again: it may have changed since the offer.
func (l *login) verified(meta ssh.ConnMetadata, key ssh.PublicKey, _ *ssh.Permissions, _ string) (*ssh.Permissions, error) {
	p, err := l.authorize(meta, key)
	if err != nil {
		return nil, err
	}
	return l.passed(p, account.MethodPublicKey)
}

func (l *login) authorize(meta ssh.ConnMetadata, key ssh.PublicKey) (account.Principal, error) {
	if l.over {
		return account.Principal{}, errOver
	}
	p, err := l.server.cfg.Accounts.AuthorizeKey(l.ctx, account.KeyOffer{
		User: l.named(meta), Key: key.Marshal(), Proven: l.proven, Partial: true,
		From: l.from, Via: account.SSH, Request: l.id,
	})
	if fault.Is(err, fault.Outdated) {
		return p, l.outdated()
	}
	return p, err
}

// failed counts a wrong password and says what is no fault of the password's.
func (l *login) failed(err error) error {
	if fault.Is(err, fault.Unauthenticated) {
		if l.server.cfg.Visitors != nil {
			l.server.cfg.Visitors.Refused(l.ctx, l.user)
		}
		return err
	}
	if fault.Is(err, fault.Outdated) {
		return l.outdated()
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	return &ssh.BannerError{Err: err, Message: wireText(f.Msg) + "\r\n"}
}

// outdated refuses a login because the accounts are not known well enough: no
// other password or key would change that.
func (l *login) outdated() error {
	if l.server.cfg.Refused != nil {
		l.server.cfg.Refused(l.ctx, enforce.Request{
			User: l.user, From: l.from.String(), Hostname: l.server.cfg.Hostname, Service: account.SSH, ID: l.id, Interactive: true,
		}, enforce.PolicyOutdated)
	}
	return l.end(why(enforce.Decision{Reason: enforce.PolicyOutdated}))
}

// passed goes on from a method that was proven: to the second of two, else to
// the second factor.
func (l *login) passed(p account.Principal, method string) (*ssh.Permissions, error) {
	here := l.vserver == "" || p.Caller.Owner.Name == l.vserver
	same := l.proven == "" || p.Caller.Owner.UUID == l.first.Caller.Owner.UUID && p.Caller.Name == l.first.Caller.Name && p.Since == l.first.Since
	if !here || !same {
		return nil, errNotHere
	}
	var next ssh.ServerAuthCallbacks
	switch p.Next {
	case "":
		return l.second(p)
	case account.MethodPassword:
		next.PasswordCallback = l.password
	case account.MethodPublicKey:
		next.PublicKeyCallback = l.offered
	default:
		return nil, l.end("Access denied: this account needs " + p.Next + ", which this server does not offer.")
	}
	l.proven, l.first = method, p
	return nil, &ssh.PartialSuccessError{Next: next}
}

// second begins the conversation about the second factor.
func (l *login) second(p account.Principal) (*ssh.Permissions, error) {
	if !l.server.gate.proven(l.knock) {
		l.full = true
		return nil, l.end("Access denied: too many sessions are open; try again later.")
	}
	l.seat, l.who = true, p
	l.conn.limit(l.server.cfg.Limits.SecondFactor)
	l.talk = converse(l.ctx, &l.server.cfg, enforce.Request{
		Owner: p.Caller.Owner, User: p.Caller.Name, Groups: p.Groups, From: p.Caller.From,
		Hostname: l.server.cfg.Hostname, Service: account.SSH, ID: l.id, Interactive: true, KeyOnly: p.KeyOnly,
	}, func(text string) error { return l.pre.SendAuthBanner(text) })
	return l.further()
}

// further waits for what the conversation comes to next.
func (l *login) further() (*ssh.Permissions, error) {
	q, d, asked := l.talk.next()
	switch {
	case asked:
		l.asked = q
		return nil, &ssh.PartialSuccessError{Next: ssh.ServerAuthCallbacks{KeyboardInteractiveCallback: l.answers}}
	case !d.Allow:
		l.talk = nil
		if l.server.cfg.Visitors != nil {
			l.server.cfg.Visitors.Refused(l.ctx, l.user)
		}
		return nil, l.end(why(d))
	}
	l.talk = nil
	return &ssh.Permissions{}, nil
}

// answers puts the conversation's questions to the person, one after the other.
func (l *login) answers(_ ssh.ConnMetadata, challenge ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
	if l.over || l.talk == nil {
		return nil, errOver
	}
	for {
		answer, err := l.ask(challenge)
		if err != nil {
			return nil, errors.Join(err, l.end(""))
		}
		l.asked.answer <- answer
		perms, err := l.further()
		if _, more := errors.AsType[*ssh.PartialSuccessError](err); !more {
			return perms, err
		}
	}
}

// ask puts one question. Who thinks for too long is told so when the login has
// come to its end for it, and not when they answer.
func (l *login) ask(challenge ssh.KeyboardInteractiveChallenge) (secret.Text, error) {
	defer l.talk.whenDecided(func(d enforce.Decision) { l.sayAndHangUp(why(d)) })()
	return l.asked.put(challenge)
}

// end refuses the login for good. The connection's sending side is closed
// behind the reason: SSH's word for a failure would make clients ask for the
// password again.
func (l *login) end(reason string) error {
	l.over = true
	l.sayAndHangUp(reason)
	return errRefused
}

// sayAndHangUp may be called while a question is put.
func (l *login) sayAndHangUp(reason string) {
	if reason != "" && l.pre != nil {
		_ = l.pre.SendAuthBanner(reason + "\r\n") // who does not read it learns it by the end
	}
	l.conn.hangUp()
}

// close ends what the login has begun and is of no use any more.
func (l *login) close() {
	if l.talk != nil {
		<-l.talk.decided
		d := l.talk.decision
		l.server.log.DebugContext(l.ctx, "login given up", slog.String("request", l.id), slog.String("reason", string(d.Reason)))
	}
	if l.seat {
		l.server.gate.giveSession()
	}
}

func withEnd(text string) string {
	if text == "" || text[len(text)-1] == '\n' {
		return text
	}
	return text + "\r\n"
}

// addressOf returns a connection's address, the zero Addr when it has none.
func addressOf(c net.Conn) netip.Addr {
	a, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}
