package shell_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTabCompletes(t *testing.T) {
	w := newWorld(t)
	w.mustExec(`security login duo group create -vserver svm_eng -group-name "night shift"`)
	w.mustExec(`security login duo group create -vserver svm_eng -group-name storage-admins`)
	w.mustExec(`security login duo group create -vserver svm_ops -group-name operators`)
	w.mustExec("security login duo group create -vserver svm_ops -group-name evil\u202egroup")
	for _, test := range []struct {
		name    string
		strokes []string
		want    string // of the last line
	}{
		{"the only command there is", []string{"sec", tab}, "security ▏"},
		{"word by word", []string{"sec", tab, "l", tab, "d", tab}, "security login d▏"},
		{"as far as one way leads", []string{"security login du", tab, "g", tab, "c", tab}, "security login duo group create ▏"},
		{"behind abbreviations", []string{"sec lo duo gr mo -ex", tab}, "sec lo duo gr mo -excluded-users ▏"},
		{"the common beginning of several", []string{"security login duo create -i", tab, "n", tab}, "security login duo create -integration-key ▏"},
		{"another spelling", []string{"security login duo create -api-", tab}, "security login duo create -api-host ▏"},
		{"the words of an enum", []string{"security login duo create -fail-mode se", tab}, "security login duo create -fail-mode secure ▏"},
		{"truth values", []string{"security login duo modify -enabled f", tab}, "security login duo modify -enabled false ▏"},
		{"names of SVMs", []string{"security login duo create -vserver svm_o", tab}, "security login duo create -vserver svm_ops ▏"},
		{"the cluster's name", []string{"security login duo show -vserver c", tab}, "security login duo show -vserver cluster1 ▏"},
		{"names of groups", []string{"security login duo group delete -vserver * -group-name st", tab}, "security login duo group delete -vserver * -group-name storage-admins ▏"},
		{"names of groups of the SVM given", []string{"security login duo group delete -vserver svm_ops -group-name ", tab}, "security login duo group delete -vserver svm_ops -group-name operators ▏"},
		{"a name that needs quotation marks", []string{"security login duo group delete -group-name ni", tab}, `security login duo group delete -group-name "night shift" ▏`},
		{"inside quotation marks", []string{`security login duo group delete -group-name "nig`, tab}, `security login duo group delete -group-name "night shift" ▏`},
		{"a list of fields", []string{"security login duo show -fields comment,fail", tab, ",max", tab}, "security login duo show -fields comment,fail-mode,max-prompts▏"},
		{"a list continued behind a comma", []string{"security login duo show -fields comment, fail", tab}, "security login duo show -fields comment, fail-mode▏"},
		{"inside an extended query", []string{"security login duo modify {-is-e", tab, "t", tab}, "security login duo modify {-is-enabled true ▏"},
		{"behind an extended query", []string{"security login duo modify {-is-enabled true} -max", tab}, "security login duo modify {-is-enabled true} -max-prompts ▏"},
		{"behind one, with what it could not hold", []string{"security login duo modify {-is-enabled true} -sec", tab}, "security login duo modify {-is-enabled true} -secret-key ▏"},
		{"not to a name that could steer a terminal", []string{"security login duo group delete -group-name evil", tab}, "security login duo group delete -group-name evil▏"},
		{"a value by position", []string{"vserver show svm_e", tab}, "vserver show svm_eng ▏"},
		{"a command behind another", []string{"rows 0; hist", tab}, "rows 0; history ▏"},
		{"in a directory", []string{"security login" + enter, "du", tab, "sh", tab}, "duo show ▏"},
		{"from the root in a directory", []string{"security login" + enter, "vs", tab}, "vserver ▏"},
		{"in the middle of a line", []string{"sec show", left, left, left, left, left, tab}, "security ▏ show"},
		{"nothing where nothing fits", []string{"zzz", tab}, "zzz▏"},
		{"nothing in a comment", []string{"# sec", tab}, "# sec▏"},
		{"nothing behind an error", []string{"security nonsense sh", tab}, "security nonsense sh▏"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := w.play(120, 40, test.strokes...)
			last := got[strings.LastIndexByte(got, '\n')+1:]
			if _, line, _ := strings.Cut(last, "> "); line != test.want {
				t.Errorf("got\n%s\nwant the line\n%s", got, test.want)
			}
		})
	}
}

func TestTabListsWhatMayFollow(t *testing.T) {
	w := newWorld(t)
	want := `cluster1::> s
  security>                   The security directory
  set                         Show or set the settings of this CLI session
cluster1::> s▏`
	if diff := cmp.Diff(want, w.screen("s", tab, tab)); diff == "" {
		t.Error("one Tab should complete what it can first")
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, "> s", "> se"), w.play(80, 24, "s", tab, tab)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAQuestionMarkHelpsAtOnce(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name    string
		strokes []string
		want    string
	}{
		{"on a word begun", []string{"sec?"}, `cluster1::> sec?
  security>                   The security directory
cluster1::> sec▏`},
		{"on a parameter begun", []string{"security login duo modify -f", "?"}, `cluster1::> security login duo modify -f?
  [ -fail-mode {safe|secure} ]   Duo Fail Safe Config
cluster1::> security login duo modify -f▏`},
		{"on a value", []string{"security login duo modify -fail-mode ", "?"}, `cluster1::> security login duo modify -fail-mode ?
  {safe|secure}               Duo Fail Safe Config
cluster1::> security login duo modify -fail-mode ▏`},
		{"on the parameters that are left", []string{"vserver create svm_x ?"}, `cluster1::> vserver create svm_x ?
  [ -comment <text> ]   Comment
cluster1::> vserver create svm_x ▏`},
		{"on a mistake", []string{"nonsense ?"}, `cluster1::> nonsense ?

Error: "nonsense" is not a recognized command
cluster1::> nonsense ▏`},
		{"in the middle of a line", []string{"sec show", ctrlA, right, "?"}, `cluster1::> s?
  security>                   The security directory
  set                         Show or set the settings of this CLI session
cluster1::> s▏ec show`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, w.play(80, 24, test.strokes...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestALongOutputIsPaged(t *testing.T) {
	w := newWorld(t)
	for i := range 8 {
		w.mustExec(fmt.Sprintf("security login duo group create -group-name g%d", i))
	}
	show := "security login duo group show -fields comment" + enter
	row := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "cluster1 g%d         -\n", i)
		}
		return b.String()
	}
	const (
		question = "Press <space> to page down, <return> for next line, or 'q' to quit...▏"
		prompt   = "cluster1::> ▏"
		footer   = "8 entries were displayed.\n"
	)
	header := "cluster1::> security login duo group show -fields comment\nvserver  group-name comment\n-------- ---------- -------\n"
	for _, test := range []struct {
		name    string
		height  int
		strokes []string
		want    string
	}{
		{"a screenful waits", 7, []string{show}, strings.SplitN(header, "\n", 2)[1] + row(0, 4) + question},
		{"Return goes on by a line", 7, []string{show, enter}, strings.SplitN(header, "\n", 3)[2] + row(0, 5) + question},
		{"Space goes on by a screenful", 7, []string{show, " "}, row(3, 8) + footer + prompt},
		{"q ends it", 7, []string{show, "q"}, strings.SplitN(header, "\n", 2)[1] + row(0, 4) + prompt},
		{"Ctrl-C ends it", 7, []string{show, ctrlC}, strings.SplitN(header, "\n", 2)[1] + row(0, 4) + prompt},
		{"other keys do not", 7, []string{show, "xyz" + up}, strings.SplitN(header, "\n", 2)[1] + row(0, 4) + question},
		{"what fits does not wait", 30, []string{show}, header + row(0, 8) + footer + prompt},
		{"rows 0 never waits", 7, []string{"rows 0" + enter, show}, row(3, 8) + footer + prompt},
		{"rows sets the screenful", 30, []string{"rows 4" + enter, show}, "cluster1::> rows 4\n" + header + row(0, 1) + question},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, w.play(80, test.height, test.strokes...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestQuestionsAreAsked(t *testing.T) {
	w := newWorld(t)
	warning := `
Warning: These advanced commands are potentially dangerous; use them only when
         directed to do so by NetApp personnel.
         Do you want to continue? {y|n}: `
	for _, test := range []struct {
		name    string
		strokes []string
		want    string
	}{
		{"yes", []string{"set -privilege advanced" + enter, "y" + enter}, "cluster1::> set -privilege advanced\n" + warning + "y\ncluster1::*> ▏"},
		{"no", []string{"set adv" + enter, "n" + enter}, "cluster1::> set adv\n" + warning + "n\ncluster1::> ▏"},
		{"Ctrl-C is no", []string{"set diag" + enter, ctrlC}, "cluster1::> set diag\n" + warning + "^C\ncluster1::> ▏"},
		{"anything else asks again", []string{"set adv" + enter, "?" + enter}, "cluster1::> set adv\n" + warning + "?\n         Do you want to continue? {y|n}: ▏"},
		{"not with confirmations off", []string{"set adv -confirmations off" + enter}, "cluster1::> set adv -confirmations off\ncluster1::*> ▏"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, w.play(80, 24, test.strokes...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("an SVM stays when the answer is no", func(t *testing.T) {
		w.play(80, 24, "vserver delete svm_ops"+enter, "n"+enter)
		if got := w.mustExec("vserver show svm_ops -fields comment"); !strings.Contains(got, "1 entry was displayed.") {
			t.Errorf("got %s", got)
		}
	})
}

func TestSecretsAreAskedForWithoutEcho(t *testing.T) {
	w := newWorld(t)
	create := "security login duo create -integration-key DIQ7M2K9T4V1B8N3C6X5 -apihost api-3f9c21ab.duosecurity.com"
	got := w.play(120, 24, create+enter, keyCanary, backspace, backspace, "ab", enter, "security login duo show -fields fingerprint"+enter, up, up)
	want := `cluster1::> ` + create + `
Enter the Duo Secret Key:
cluster1::> security login duo show -fields fingerprint
vserver  fingerprint
-------- -----------
cluster1 073a02123a3e451400f787e8bdb6e56bf1bd023bb7343a8f2016914f8a150be4
1 entry was displayed.
cluster1::> ` + create + "▏"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = w.play(80, 24, "security login duo modify -sec -max-prompts 2"+enter, "short key"+enter)
	want = `cluster1::> security login duo modify -sec -max-prompts 2
Enter the Duo Secret Key:

Error: `
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
