package loginmsg_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duoplane/duoplane/internal/audit/audittest"
	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/loginmsg"
	"github.com/duoplane/duoplane/internal/record"
)

func TestEveryOwnerHasItsTexts(t *testing.T) {
	w := newWorld(t)
	want := []string{"lab", "svm1", "svm2"} // in order of age, for their UUIDs grow with time
	if diff := cmp.Diff(want, w.owners(w.admin, nil)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want[2:], w.owners(w.admin, []string{w.svm2.UUID})); diff != "" {
		t.Errorf("from a key: -want +got:\n%s", diff)
	}
	w.mustSet(w.svm1, `{"banner":"one"}`)
	m, err := w.messages.Find(t.Context(), w.admin, []string{w.svm1.UUID})
	w.must(err)
	if m.Banner != "one" || m.Cluster || m.Owner != w.svm1 {
		t.Errorf("got %+v", m)
	}
}

func TestAnSVMsAccountHasItsOwnTextsAndNoOthers(t *testing.T) {
	w := newWorld(t)
	vsadmin := w.account(w.svm1)
	for _, from := range [][]string{nil, {""}, {w.cluster.UUID}, {w.svm1.UUID}} {
		if got := w.owners(vsadmin, from); !slices.Equal(got, []string{"svm1"}) {
			t.Errorf("from %q it sees %q", from, got)
		}
	}
	if got := w.owners(vsadmin, []string{w.svm2.UUID}); got != nil {
		t.Errorf("behind its own it sees %q", got)
	}
	w.must(w.set(vsadmin, w.svm1, `{"message":"hello"}`))
	wantCode(t, w.set(vsadmin, w.svm2, `{"message":"hello"}`), fault.NotFound)
	wantCode(t, w.set(vsadmin, w.cluster, `{"message":"hello"}`), fault.NotFound)
	_, err := w.messages.Find(t.Context(), vsadmin, []string{w.cluster.UUID})
	wantCode(t, err, fault.NotFound)
}

func TestOnlyTheClusterSaysWhereItsMessageIsShown(t *testing.T) {
	w := newWorld(t)
	wantCode(t, w.set(w.account(w.svm1), w.svm1, `{"show_cluster_message":false}`), fault.Denied)
	w.must(w.set(w.account(w.svm1), w.svm1, `{"show_cluster_message":true,"banner":"as it was"}`))
	w.mustSet(w.svm1, `{"show_cluster_message":false}`)
	wantCode(t, w.set(w.account(w.svm1), w.svm1, `{"show_cluster_message":true}`), fault.Denied)

	tunnelled := w.account(w.svm1)
	tunnelled.Owner = w.cluster // an account of the cluster that has confined itself to svm1
	w.must(w.set(tunnelled, w.svm1, `{"show_cluster_message":true}`))
}

func TestWhatATextMayHold(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, text string // text as JSON has it
		want       fault.Code
	}{
		{"words", `Authorized users only!`, ""},
		{"lines and tabs", `one\n\ttwo\r\nthree\n`, ""},
		{"any script", `Nur für Befugte. 許可されたユーザーのみ。`, ""},
		{"as much as ONTAP takes", strings.Repeat("x", loginmsg.MaxText), ""},
		{"no more", strings.Repeat("x", loginmsg.MaxText+1), fault.BadValue},
		{"no more bytes, even of fewer characters", strings.Repeat("é", loginmsg.MaxText/2+1), fault.BadValue},
		{"no escape sequence", `\u001b[2J`, fault.BadReason},
		{"none in one character", `\u009b2J`, fault.BadReason},
		{"no carriage return by itself", `password:\rpass`, fault.BadReason},
		{"no backspace", `a\bb`, fault.BadReason},
		{"no turn of direction", `\u202egnp.exe`, fault.BadReason},
		{"no line separator", `a\u2028b`, fault.BadReason},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, field := range []string{"banner", "message"} {
				wantCode(t, w.set(w.admin, w.svm1, `{"`+field+`":"`+test.text+`"}`), test.want)
			}
		})
	}
}

func TestTextsGoWithTheirSVM(t *testing.T) {
	w := newWorld(t)
	w.mustSet(w.svm1, `{"banner":"one"}`)
	w.mustSet(w.cluster, `{"banner":"all"}`)
	w.must(w.svms.Delete(t.Context(), w.admin, []string{w.svm1.UUID}))
	if got := w.owners(w.admin, nil); !slices.Equal(got, []string{"lab", "svm2"}) {
		t.Errorf("left: %q", got)
	}
	snap, err := w.store.Snapshot(t.Context(), 0)
	w.must(err)
	if n := snap.Len(loginmsg.Table.Name); n != 1 {
		t.Errorf("%d records are stored, want the cluster's alone", n)
	}
	wantCode(t, w.set(w.admin, w.svm1, `{"banner":"late"}`), fault.NotFound)
}

func TestAChangeIsAuditedAndCanBeTakenBack(t *testing.T) {
	w := newWorld(t)
	w.mustSet(w.svm1, `{"banner":"one"}`)
	in, err := loginmsg.MotdSchema().ReadFlags([]record.Param{
		{Name: "message", Value: "hello"}, {Name: "is-cluster-message-enabled", Value: "false"},
	}, record.Modify)
	w.must(err)
	before, err := w.messages.Modify(t.Context(), w.admin, []string{w.svm1.UUID}, in)
	w.must(err)
	w.must(w.messages.Restore(t.Context(), w.admin, before))
	m, err := w.messages.Find(t.Context(), w.admin, []string{w.svm1.UUID})
	w.must(err)
	if m.Banner != "one" || m.Message != "" || m.WithoutCluster {
		t.Errorf("restored to %+v", m)
	}
	lines := audittest.Lines(t, w.log)
	changed, restored := lines[len(lines)-2], lines[len(lines)-1]
	if diff := cmp.Diff(map[string]string{"message": "hello", "show_cluster_message": "false"}, changed.Fields); diff != "" {
		t.Errorf("fields of the line: -want +got:\n%s", diff)
	}
	for _, line := range lines[len(lines)-2:] {
		if line.Resource != "login_messages" || line.Key != "svm1" || line.Owner != w.svm1.UUID || line.Who.Name != "admin" {
			t.Errorf("got %+v", line)
		}
	}
	if changed.Event != "modify" || restored.Event != "restore" {
		t.Errorf("events %q and %q", changed.Event, restored.Event)
	}
}

func TestTakingBackTextsLeavesTheChangesOfOthers(t *testing.T) {
	w := newWorld(t)
	in, err := loginmsg.MotdSchema().ReadFlags([]record.Param{{Name: "message", Value: "mine"}}, record.Modify)
	w.must(err)
	undo, err := w.messages.Modify(t.Context(), w.admin, []string{w.svm1.UUID}, in)
	w.must(err)
	w.mustSet(w.svm1, `{"banner":"somebody else's"}`)
	if err := w.messages.Restore(t.Context(), w.admin, undo); !fault.Is(err, fault.Raced) {
		t.Errorf("restored over it: %v", err)
	}
	m, err := w.messages.Find(t.Context(), w.admin, []string{w.svm1.UUID})
	w.must(err)
	if m.Banner != "somebody else's" || m.Message != "mine" {
		t.Errorf("got %+v", m)
	}
}
