// Package sshlogins measures complete logins over SSH: connect, prove a key,
// have the second factor answered at once, run one command, close. Duoplane's
// front end stands beside the least that any SSH server in Go does, and beside
// OpenSSH's sshd with Debian's login_duo, all asking the same simulator.
package sshlogins

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/duoplane/duoplane/bench/duoplane"
	"github.com/duoplane/duoplane/bench/harness"
)

// The sides.
const (
	bareName     = "bare x/crypto/ssh"
	aloneName    = "duoplane, key alone"
	pushName     = "duoplane, key and push"
	passwordName = "duoplane, password and push" //nolint:gosec // G101: a column's heading
	freshName    = "the same, password new to it"
	unixName     = "sshd and login_duo"
)

// The columns.
const (
	oneLogin = "login"
	atOnce   = "logins/s, 8 at once"
)

// clients is how many log in at once.
const clients = 8

// Measurements are the logins, and what a thousand that wait cost.
func Measurements() []harness.Measurement {
	return []harness.Measurement{
		{
			Name: "P7", Title: "complete logins over SSH, beside a bare server and sshd with login_duo",
			Notes: []string{
				"A login is a new connection, an ed25519 key, a push that the simulator approves at once, one command, the end; the client is x/crypto/ssh for all sides. The bare server takes the key and answers the command from memory. sshd starts login_duo by ForceCommand. A password costs its check by argon2id only the first time, for it is remembered for a while, as the REST API's is; what it costs then is stated apart, for one login after the other.",
			},
			Start: startLogins,
			Aims: []harness.Aim{
				harness.Aim{
					Text: "login beyond the bare server's",
					Of:   func(r harness.Round) float64 { return r.Of(pushName, oneLogin) - r.Of(bareName, oneLogin) }, Unit: harness.Seconds,
				}.AtMost(0.003),
				harness.Ratio(oneLogin, unixName, pushName).AtLeast(25),
				harness.Ratio(atOnce, pushName, unixName).AtLeast(10),
				harness.Value(oneLogin, passwordName, harness.Seconds),
				harness.Value(oneLogin, freshName, harness.Seconds),
			},
		},
		{
			Name: "P7w", Title: "a thousand logins that wait for a push",
			Notes: []string{
				"All are connected and have proven their keys, and nobody answers. The memory is what is resident in the server beyond what it was before the first crowd; the other login is one that is not asked for a second factor.",
			},
			Start: startWaiting,
			Aims: []harness.Aim{
				harness.Value("a waiting login", waitingName, harness.Bytes).AtMost(60e3),
				{Text: "another login meanwhile / before", Of: func(r harness.Round) float64 { return r.Of(waitingName, oneLogin) / r.Of(emptyName, oneLogin) }},
			},
		},
	}
}

// startLogins brings up all sides.
func startLogins(ctx context.Context, env *harness.Env) ([]harness.Side, error) {
	who, err := newPerson()
	if err != nil {
		return nil, err
	}
	sim, err := startSim(ctx, env, "")
	if err != nil {
		return nil, err
	}
	server, err := serve(ctx, env, sim, who)
	if err != nil {
		return nil, err
	}
	bare, err := startBare(ctx, env, who)
	if err != nil {
		return nil, err
	}
	openSSH, theirs, err := startOpenSSH(ctx, env, sim, who)
	if err != nil {
		return nil, err
	}
	// A change of the account makes the server forget what it has checked.
	change := func(ctx context.Context) error {
		_, _, err := server.Do(ctx, http.MethodPatch, duoplane.AccountsPath+"/"+server.ClusterUUID+"/"+who.name,
			fmt.Sprintf(`{"comment":"changed at %d"}`, time.Now().UnixNano()), http.StatusOK)
		return err
	}
	ours := server.SSHAddr
	targets := []target{
		{name: bareName, addr: bare, user: who.name, command: command, auth: who.byKey()},
		{name: aloneName, addr: ours, user: unasked, command: command, auth: who.byKey()},
		{name: pushName, addr: ours, user: who.name, command: command, auth: who.byKey()},
		{name: passwordName, addr: ours, user: who.name, command: command, auth: byPassword()},
		{name: freshName, addr: ours, user: who.name, command: command, auth: byPassword(), before: change},
		{name: unixName, addr: openSSH, user: "root", command: theirs, auth: who.byKey()},
	}
	var sides []harness.Side
	for _, t := range targets {
		if err := t.login(ctx); err != nil { // the first is the one that connects to Duo
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		sides = append(sides, harness.Side{Name: t.name, Run: t.turn(env)})
	}
	return sides, nil
}

// turn is a side's turn: logins one after the other, then several at once.
func (t target) turn(env *harness.Env) func(context.Context, int) (harness.Figures, error) {
	logins := harness.Pick(env, 40, 3)
	span := harness.Pick(env, 3*time.Second, 300*time.Millisecond)
	if t.name == unixName {
		logins = harness.Pick(env, 10, 1)
	}
	return func(ctx context.Context, _ int) (harness.Figures, error) {
		p50, err := t.serially(ctx, logins)
		if err != nil {
			return nil, err
		}
		if t.before != nil {
			return harness.Figures{harness.Took(oneLogin, p50)}, nil
		}
		rate, err := t.together(ctx, clients, span)
		if err != nil {
			return nil, err
		}
		return harness.Figures{
			harness.Took(oneLogin, p50), {Name: atOnce, Value: rate, Unit: harness.Rate},
		}, nil
	}
}
