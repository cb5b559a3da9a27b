package enforce_test

import (
	"testing"

	"github.com/duoplane/duoplane/internal/duo"
	"github.com/duoplane/duoplane/internal/duosim"
	"github.com/duoplane/duoplane/internal/logins"
	"github.com/duoplane/duoplane/internal/svm"
)

func TestWhatAnAnswerMeans(t *testing.T) {
	scenery := newScenery(t)
	for _, tt := range []struct{ name, answer, factor, want string }{
		{"the number of a push", "1", "push", "allow:approved"},
		{"the number of a call", "2", "phone", "allow:approved"},
		{"the number of an SMS", "3", "sms", "deny:codes_sent"},
		{"blanks around it", " 1 ", "push", "allow:approved"},
		{"the name of a factor", "Push", "push", "allow:approved"},
		{"the name of a device's factor", "phone1", "phone", "allow:approved"},
		{"a passcode", goodCode, "passcode", "allow:approved"},
		{"a passcode that begins with zeros, as one in ten does", "000001", "passcode", "deny:wrong_passcode"},
		{"a number behind the last", "4", "passcode", "deny:wrong_passcode"},
		{"a signed number", "+1", "passcode", "deny:wrong_passcode"},
		{"a device there is not", "push2", "passcode", "deny:wrong_passcode"},
		{"nothing", "", "", "deny:no_answer"},
		{"blanks", "  ", "", "deny:no_answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := scenery.newStage(t, duo.Secure)
			st.answer = tt.answer
			if got := st.play(t.Context()); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			for l, err := range st.table.Rows(t.Context(), svm.Caller{Scope: svm.Everything()}, nil) {
				if err != nil || l.Factor != tt.factor {
					t.Errorf("got factor %q, %v; want %q", l.Factor, err, tt.factor)
				}
			}
		})
	}
}

func TestAutoPushWithoutATelephoneFallsToTheMenu(t *testing.T) {
	st := newScenery(t).newStage(t, duo.Secure)
	if err := st.sim.AddUser(duosim.User{
		Name: "token", Devices: []duosim.Device{{Type: duosim.Token, Name: "1234567"}}, BypassCodes: []duosim.BypassCode{{Code: goodCode}},
	}); err != nil {
		t.Fatal(err)
	}
	st.user, st.profile.AutoPush = "token", true
	if got := st.play(t.Context()); got != "allow:approved" {
		t.Errorf("got %s", got)
	}
	for l, err := range st.table.Rows(t.Context(), svm.Caller{Scope: svm.Everything()}, nil) {
		if err != nil || l.Factor != "passcode" || l.Decision != logins.Allow {
			t.Errorf("got %+v", l)
		}
	}
}
