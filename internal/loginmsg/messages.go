// Package loginmsg holds the texts that an SSH login shows: a banner before
// anybody has proven anything, and a message of the day above the first
// prompt. The cluster and every SVM have one record of them, which is there
// as long as its owner is.
package loginmsg

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/duoplane/duoplane/internal/fault"
	"github.com/duoplane/duoplane/internal/record"
	"github.com/duoplane/duoplane/internal/store"
	"github.com/duoplane/duoplane/internal/svm"
)

// MaxText is how long one text may be, in bytes; ONTAP's limit.
const MaxText = 2048

// Messages are the texts of one owner. Their lines end in line feeds.
type Messages struct {
	Owner svm.Owner `json:"owner"`
	// Cluster says that the owner is the cluster.
	Cluster bool `json:"-"`
	// Banner stands before a login. Where an SVM has none, the cluster's does.
	Banner string `json:"banner,omitempty"`
	// Message is the message of the day. An SVM's stands below the cluster's.
	Message string `json:"message,omitempty"`
	// WithoutCluster keeps the cluster's message of the day from logins to
	// this owner, which is the cluster itself too.
	WithoutCluster bool `json:"without_cluster_message,omitempty"`
}

// Table holds what has been set; an owner that is not in it has no texts. Its
// keys are owners' UUIDs.
var Table = &store.Table[Messages]{Name: "login_messages", DocVersion: 1}

// checkText refuses what could steer the terminal of a stranger: of control
// characters there may be tabs and ends of lines, and nothing may turn the
// direction of reading.
func checkText(v record.Value) error {
	if strings.ContainsFunc(oneEnding(v.Str()), steers) {
		return fault.New(fault.BadReason, "", "The text holds a character that could steer a terminal; give plain text, tabs and ends of lines.")
	}
	return nil
}

// oneEnding makes every line end in a line feed.
func oneEnding(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func steers(r rune) bool {
	return r != '\n' && r != '\t' && (r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp))
}

// shown returns a text as strangers may see it, whatever is stored: somebody
// may have written to the store past the checks.
func shown(text string) string {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return '?'
		}
		return r
	}, oneEnding(text))
}
