package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duoapi"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/svm"
)

// testTime bounds a test, below what a request may take.
const testTime = 25 * time.Second

// The steps around those of a duoapi.Probe.
const (
	stepSettings duoapi.Step = "settings" // a client can be made of the profile
	stepPreauth  duoapi.Step = "preauth"
)

// A Trial is what Test is asked: a user to ask Duo about, and fields of a
// change that was not saved.
type Trial struct {
	User    string
	Profile duo.Profile
}

// A Report is what Test answers.
type Report struct {
	Owner svm.Owner
	// Saved is whether the profile was tested as it is stored.
	Saved bool
	Steps []Step
}

// A Step is one step of a test.
type Step struct {
	Step    duoapi.Step
	Outcome duoapi.Outcome
	Took    time.Duration
	// Note says what was found.
	Note string
	// Err is set if the step failed.
	Err *duoapi.Error
}

// Passed reports whether no step failed.
func (r *Report) Passed() bool { return r.failure() == nil }

func (r *Report) failure() *duoapi.Error {
	for _, s := range r.Steps {
		if s.Err != nil {
			return s.Err
		}
	}
	return nil
}

// Links make clients of profiles; *duolink.Links are some.
type Links interface {
	// Open returns a client of a profile that need not be stored.
	Open(p *duo.Profile) (*duoapi.Client, error)
	// Reached is told what a test of a stored profile found out.
	Reached(p *duo.Profile, err error, failOpen bool)
}

// A Tester finds out whether a profile works. It may be used concurrently.
type Tester struct {
	profiles *duo.ProfileService
	schema   *record.Schema[duo.Profile]
	links    Links
}

// NewTester returns the Tester of the service's profiles.
func NewTester(profiles *duo.ProfileService, links Links) *Tester {
	return &Tester{profiles, profiles.Schema(), links}
}

// Test tries the profile of the owner whose UUID is the key, as it is stored
// or as a change would make it, step by step. Nothing is stored and no user is
// asked. The refusals are those of ProfileService.Draft; that Duo cannot be
// reached is none.
func (t *Tester) Test(ctx context.Context, caller svm.Caller, key []string, in record.Input[Trial]) (*Report, error) {
	change, err := t.change(in)
	if err != nil {
		return nil, err
	}
	p, err := t.profiles.Draft(ctx, caller, key[0], change)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	report := &Report{Owner: p.Owner, Saved: change.Len() == 0}
	client, err := t.links.Open(p)
	if unfit, ok := errors.AsType[*duoapi.Error](err); ok {
		report.Steps = []Step{{Step: stepSettings, Outcome: duoapi.StepFailed, Err: unfit}}
		return report, nil
	}
	if err != nil {
		return nil, err
	}
	defer client.Close()
	report.Steps = []Step{{Step: stepSettings, Outcome: duoapi.StepDone}}
	for _, s := range client.Probe(ctx) {
		report.Steps = append(report.Steps, Step(s))
	}
	report.Steps = append(report.Steps, preauth(ctx, client, report.failure(), in.Get("username").Str()))
	if report.Saved && ctx.Err() == nil {
		var failure error
		if e := report.failure(); e != nil {
			failure = e
		}
		t.links.Reached(p, failure, false)
	}
	return report, nil
}

// change takes the profile's fields out of what was asked.
func (t *Tester) change(in record.Input[Trial]) (record.Input[duo.Profile], error) {
	change, err := t.schema.ReadBody([]byte("{}"), record.Modify)
	if err != nil {
		return change, fmt.Errorf("read no fields: %w", err)
	}
	for _, path := range in.Without("username").Paths() {
		change = change.With(path, in.Get(path))
	}
	return change, nil
}

// preauth asks Duo what it would do about a user.
func preauth(ctx context.Context, client *duoapi.Client, before *duoapi.Error, user string) Step {
	s := Step{Step: stepPreauth, Outcome: duoapi.StepSkipped}
	switch {
	case before != nil:
		return s
	case user == "":
		s.Note = "no user name was given"
		return s
	}
	begun := time.Now()
	reply, err := client.Preauth(ctx, duoapi.PreauthRequest{Username: user, VerifiedPush: true})
	s.Took, s.Outcome = time.Since(begun), duoapi.StepDone
	if e, failed := errors.AsType[*duoapi.Error](err); failed {
		s.Outcome, s.Err = duoapi.StepFailed, e
		return s
	}
	switch reply.Result {
	case duoapi.PreauthAuth:
		s.Note = fmt.Sprintf("Duo asks %s for a second factor; devices: %d", user, len(reply.Devices))
	case duoapi.PreauthAllow:
		s.Note = "Duo lets " + user + " in without a second factor"
	case duoapi.PreauthEnroll:
		s.Note = user + " has to enrol a device first"
	case duoapi.PreauthDeny:
		s.Note = "Duo refuses " + user
	}
	if reply.StatusMsg != "" {
		s.Note += ": " + plain(reply.StatusMsg)
	}
	return s
}

// plain makes a text of Duo's fit to show: one line of bounded length.
func plain(text string) string {
	const limit = 200
	runes := []rune(text)
	text = string(runes[:min(len(runes), limit)])
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
