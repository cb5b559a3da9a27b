package rest_test

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/diagnose"
	"github.com/duoplane/duoplane/internal/door"
	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/duolink"
	"github.com/duoplane/duoplane/internal/enforce"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/rest"
	"github.com/duoplane/duoplane/internal/secret"
)

// addOurs adds what ONTAP does not have. Behind the door is the real engine
// with a Duo that is always there.
func addOurs(t *testing.T, s *rest.Services, ledger *audit.Ledger, keys duolink.Opener) {
	t.Helper()
	links := duolink.New(duolink.Config{Secrets: keys})
	t.Cleanup(links.Close)
	s.Logins = logins.New(ledger, slog.New(slog.DiscardHandler))
	s.Explainer = diagnose.NewExplainer(ledger, s.SVMs)
	s.Tester = diagnose.NewTester(s.Profiles, links)
	engine := enforce.New(enforce.Config{
		Rule:    duo.NewPolicy(ledger).Rule,
		Connect: func(*duo.Profile) (enforce.Client, error) { return tinyDuo{}, nil },
		Record:  s.Logins.Record,
	})
	s.Door = door.New(door.Config{Decide: engine.Decide, Ledger: ledger, SVMs: s.SVMs})
	t.Cleanup(s.Door.Close)
}

// A tinyDuo knows everybody, with a telephone that says yes after a while.
type tinyDuo struct{}

func (tinyDuo) Ping(context.Context) (duoapi.Clock, error) { return duoapi.Clock{}, nil }

func (tinyDuo) Preauth(_ context.Context, in duoapi.PreauthRequest) (duoapi.PreauthReply, error) {
	if in.Username == "mallory" {
		return duoapi.PreauthReply{Result: duoapi.PreauthDeny}, nil
	}
	return duoapi.PreauthReply{Result: duoapi.PreauthAuth, Devices: []duoapi.Device{
		{ID: "DP", Number: "XXX-XXX-0100", Capabilities: []duoapi.Capability{duoapi.CanPush, duoapi.CanSMS}},
	}}, nil
}

func (tinyDuo) Auth(_ context.Context, in duoapi.AuthRequest) (duoapi.AuthReply, error) {
	switch {
	case in.Factor == duoapi.FactorPush:
		return duoapi.AuthReply{TxID: "t"}, nil
	case in.Passcode.Equal(secret.NewText("123456")):
		return duoapi.AuthReply{State: duoapi.State{Result: duoapi.Allow, Status: "allow"}}, nil
	}
	return duoapi.AuthReply{State: duoapi.State{Result: duoapi.Deny, Status: "deny"}}, nil
}

// AuthStatus takes its time, so that what was said before is read before.
func (tinyDuo) AuthStatus(ctx context.Context, _ string) (duoapi.State, error) {
	late := time.NewTimer(time.Second)
	defer late.Stop()
	select {
	case <-late.C:
		return duoapi.State{Result: duoapi.Allow, Status: "allow"}, nil
	case <-ctx.Done():
		return duoapi.State{}, ctx.Err()
	}
}

var (
	durationPattern = regexp.MustCompile(`("duration_ms": ?)\d+`)
	placePattern    = regexp.MustCompile(`("index": ?)\d{9,}`) // in the audit log
	timePattern     = regexp.MustCompile(`("time(?:stamp)?": ?)"[^"]+"`)
	lengthPattern   = regexp.MustCompile(`Content-Length: (\d+)\n`)
)

// timeless takes when things happened, how long they took and where they are
// written down out of an answer.
func timeless(answer string) string {
	same := durationPattern.ReplaceAllString(answer, "${1}0")
	same = placePattern.ReplaceAllString(same, "${1}0")
	same = timePattern.ReplaceAllString(same, `${1}"2026-11-21T20:27:46Z"`)
	shorter := len(answer) - len(same)
	if shorter == 0 {
		return same
	}
	return lengthPattern.ReplaceAllStringFunc(same, func(line string) string {
		n, err := strconv.Atoi(lengthPattern.FindStringSubmatch(line)[1])
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("Content-Length: %d\n", n-shorter)
	})
}
