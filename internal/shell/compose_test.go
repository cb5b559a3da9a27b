package shell_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const composing = `Max size: 2048. Enter a blank line to terminate input. Press Ctrl-C to abort.
0        1         2         3         4         5         6         7         8
12345678901234567890123456789012345678901234567890123456789012345678901234567890
`

func TestATextOfSeveralLinesIsAskedFor(t *testing.T) {
	w := newWorld(t)
	const modify = "security login motd modify -vserver svm_eng"
	got := w.play(100, 40, modify+enter, "Welcome."+enter, " "+enter, "  * today: maintenance"+enter, enter,
		"security login motd show -vserver svm_eng -instance"+enter, "security login motd show -vserver svm_eng -fields message"+enter)
	want := "cluster1::> " + modify + `

Enter the message of the day for Vserver "svm_eng".
` + composing + `Welcome.

  * today: maintenance

cluster1::> security login motd show -vserver svm_eng -instance
                          Vserver: svm_eng
        Message of the Day (MOTD): Welcome.

                                     * today: maintenance
Is Cluster-level Message Enabled?: true
cluster1::> security login motd show -vserver svm_eng -fields message
vserver message
------- --------------------------------
svm_eng Welcome.    * today: maintenance
1 entry was displayed.
cluster1::> ▏`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = w.mustExec("security login motd show -vserver svm_eng")
	if want := "---\nWelcome.\n\n  * today: maintenance\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s", got)
	}
}

func TestATextGivenUpOrNotGivenChangesNothing(t *testing.T) {
	for _, test := range []struct {
		name    string
		strokes []string
		want    string // the end of the screen
	}{
		{"Ctrl-C", []string{"half of it" + enter, ctrlC}, "half of it\n^C\ncluster1::> ▏"},
		{"Ctrl-C ends it for all", []string{ctrlC}, "7890\n^C\ncluster1::> ▏"},
		{"nothing for one of several", []string{enter, ctrlC}, "away (vserver\n       cluster1)\n\nEnter the login banner for Vserver \"svm_eng\".\n" + composing + "^C\ncluster1::> ▏"},
		{"too much", []string{strings.Repeat("x", 2000) + enter + strings.Repeat("y", 60) + enter, ctrlC}, "(vserver cluster1)\n\nEnter the login banner for Vserver \"svm_eng\".\n" + composing + "^C\ncluster1::> ▏"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			got := w.play(100, 60, append([]string{"security login banner modify -vserver *" + enter}, test.strokes...)...)
			if !strings.HasSuffix(got, test.want) {
				t.Errorf("got\n%s\nwant an end of\n%s", got, test.want)
			}
			if got := w.mustExec("security login banner show"); got != "There are no entries matching your query.\n" {
				t.Errorf("now there is\n%s", got)
			}
		})
	}
}
