package loginmsg_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/loginmsg"
)

func TestWhichBannerADoorShows(t *testing.T) {
	for _, test := range []struct {
		name          string
		cluster, svm1 string // bodies of modifications, "" for none
		door, want    string
	}{
		{"none is set", "", "", "svm1", ""},
		{"the cluster's on its own door", `{"banner":"all"}`, `{"banner":"one"}`, "", "all"},
		{"the cluster's where an SVM has none", `{"banner":"all"}`, `{"message":"hello"}`, "svm1", "all"},
		{"an SVM's in the place of the cluster's", `{"banner":"all"}`, `{"banner":"one"}`, "svm1", "one"},
		{"an SVM's alone", "", `{"banner":"one"}`, "svm1", "one"},
		{"the cluster's again once the SVM's is cleared", `{"banner":"all"}`, `{"banner":""}`, "svm1", "all"},
		{"the cluster's for an SVM that is not there", `{"banner":"all"}`, "", "svm9", "all"},
		{"lines end in one way", `{"banner":"a\r\nb\n"}`, "", "", "a\nb\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(test.cluster, test.svm1)
			if got := w.messages.Banner(t.Context(), test.door); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func (w *world) apply(cluster, svm1 string) {
	w.Helper()
	if cluster != "" {
		w.mustSet(w.cluster, cluster)
	}
	if svm1 != "" {
		w.mustSet(w.svm1, svm1)
	}
}

func TestWhichMessageOfTheDayALoginShows(t *testing.T) {
	for _, test := range []struct {
		name          string
		cluster, svm1 string
		toCluster     string // what an account of the cluster sees
		toSVM         string // what one of svm1 sees
	}{
		{"none is set", "", "", "", ""},
		{"the cluster's is for everybody", `{"message":"all"}`, "", "all", "all"},
		{"an SVM's stands below", `{"message":"all\n"}`, `{"message":"one"}`, "all", "all\none"},
		{"an SVM's alone", "", `{"message":"one"}`, "", "one"},
		{"an SVM may be without the cluster's", `{"message":"all"}`, `{"message":"one","show_cluster_message":false}`, "all", "one"},
		{"and have none of its own", `{"message":"all"}`, `{"show_cluster_message":false}`, "all", ""},
		{"the cluster's may be for SVMs alone", `{"message":"all","show_cluster_message":false}`, "", "", "all"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(test.cluster, test.svm1)
			if got := strings.TrimSuffix(w.motd(w.cluster), "\n"); got != test.toCluster {
				t.Errorf("the cluster's account sees %q, want %q", got, test.toCluster)
			}
			if got := w.motd(w.svm1); got != test.toSVM {
				t.Errorf("svm1's account sees %q, want %q", got, test.toSVM)
			}
		})
	}
}

// TestWhatIsWrittenPastTheChecksIsHarmless puts into the store what no service
// would have let through.
func TestWhatIsWrittenPastTheChecksIsHarmless(t *testing.T) {
	w := newWorld(t)
	evil := "\x1b]0;owned\a\x1b[2Jname\u202egnp.exe\u009b31m\u2028\r\xff" + strings.Repeat("é", loginmsg.MaxText)
	_, err := w.store.Commit(t.Context(), loginmsg.Table.Put(w.cluster.UUID, 0, &loginmsg.Messages{Owner: w.cluster, Banner: evil, Message: evil}))
	w.must(err)
	for _, got := range []string{w.messages.Banner(t.Context(), ""), w.motd(w.svm1)} {
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) || !utf8.ValidString(got) {
			t.Errorf("not harmless: %q", got)
		}
		if utf8.RuneCountInString(got) > loginmsg.MaxText || !strings.Contains(got, "gnp.exe") {
			t.Errorf("%d characters: %.100q", utf8.RuneCountInString(got), got)
		}
	}
}

func TestNothingIsShownWhileTheStateIsNotKnown(t *testing.T) {
	w := newWorld(t)
	w.mustSet(w.cluster, `{"banner":"all","message":"all"}`)
	w.must(w.store.Close())
	if banner, motd := w.messages.Banner(t.Context(), ""), w.motd(w.cluster); banner != "" || motd != "" {
		t.Errorf("got %q and %q", banner, motd)
	}
}
