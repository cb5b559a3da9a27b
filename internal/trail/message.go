// Package trail shows the audit log as records, as ONTAP shows its own.
package trail

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duoplane/duoplane/internal/audit"
	"github.com/duoplane/duoplane/internal/svm"
)

// A Message is one line of the audit log. What it tells beyond its place and
// time is decoded when it is first asked for, so that a search by time passes
// over the other lines quickly. It is for one goroutine.
type Message struct {
	// Place is where the line stands: Messages are in order of it.
	Place audit.Place
	// Time is when the line was written, the zero time if it is damaged there.
	Time time.Time

	text string
	read *reading
	line *audit.Line // what text says, once that was asked for
	// damaged is known together with line.
	damaged bool
}

// A reading is what the messages of one list share.
type reading struct {
	cluster svm.Cluster
	node    svm.Node
	names   *svm.NameJoin
}

// decoded returns the line, an empty one if it is damaged.
func (m *Message) decoded() *audit.Line {
	if m.line == nil {
		line, err := audit.Raw{Place: m.Place, Text: m.text}.Line()
		m.line, m.damaged = &line, err != nil
	}
	return m.line
}

// Node returns the node whose log the line is in.
func (m *Message) Node() svm.Node { return m.read.node }

// SVM returns the SVM that the line is about, the zero Owner for the cluster
// or nobody. Its name is "" once it has been deleted.
func (m *Message) SVM() svm.Owner {
	uuid := m.decoded().Owner
	if uuid == "" || uuid == m.read.cluster.UUID {
		return svm.Owner{}
	}
	return svm.Owner{UUID: uuid, Name: m.read.names.Of(uuid)}
}

// The values of scope and state, ONTAP's words.
const (
	clusterScope = "cluster"
	svmScope     = "svm"

	pending = "pending"
	success = "success"
	failure = "error"
)

func (m *Message) scope() string {
	if m.SVM() == (svm.Owner{}) {
		return clusterScope
	}
	return svmScope
}

// application is the way the request came, in ONTAP's words where it has one:
// another login service may call itself as it likes.
func (m *Message) application() string {
	switch via := m.decoded().Via; {
	case m.damaged:
		return ""
	case via == "rest":
		return "http"
	case via == "", via == "start":
		return "internal"
	default:
		return via
	}
}

func (m *Message) state() string {
	switch m.decoded().Outcome {
	case audit.Begun:
		return pending
	case audit.Done:
		return success
	default:
		return failure
	}
}

// message tells how it ended, where there is more to tell than the state.
func (m *Message) message() string {
	switch l := m.decoded(); {
	case m.damaged:
		return fmt.Sprintf("This line of the audit log is damaged (file %d, byte %d).", m.Place.File(), m.Place.Byte())
	case l.Outcome == audit.Begun, l.Outcome == audit.Done:
		return l.Reason
	default:
		return strings.TrimSuffix(string(l.Outcome)+": "+l.Reason, ": ")
	}
}

// maxInput is how many bytes of a request are shown, beside the mark of the cut.
const maxInput = 2048

// input puts the request in one line: what was done to which record, and the
// fields that were given, secrets by their fingerprint.
func (m *Message) input() string {
	l := m.decoded()
	if m.damaged {
		return ""
	}
	words := []string{l.Event}
	if l.Resource != "" && l.Resource != l.Event {
		words = append(words, l.Resource)
	}
	if l.Key != "" {
		words = append(words, quoted(l.Key))
	}
	for _, path := range slices.Sorted(maps.Keys(l.Fields)) {
		words = append(words, path+"="+quoted(l.Fields[path]))
	}
	text := strings.Join(words, " ")
	if len(text) > maxInput {
		return strings.ToValidUTF8(text[:maxInput], "") + "..."
	}
	return text
}

// quoted makes one word of a value: what is not one in print stands in
// quotation marks, with escapes.
func quoted(text string) string {
	if text == "" || strconv.Quote(text) != `"`+text+`"` || strings.ContainsAny(text, " =") {
		return strconv.Quote(text)
	}
	return text
}

// entry is the whole line as ONTAP's command line shows it.
func (m *Message) entry() string {
	if m.decoded(); m.damaged {
		return m.message()
	}
	end := m.state()
	if more := m.message(); more != "" {
		end += ": " + more
	}
	l := m.decoded()
	return strings.Join([]string{m.application(), orDash(l.From), orDash(l.Who.Name), m.input(), end}, " :: ")
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
