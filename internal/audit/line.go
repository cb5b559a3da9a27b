package audit

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of a line: what a client sends must not make it endless.
const (
	maxText   = 1024 // bytes of one value
	maxFields = 64
	maxReason = 48 // fault codes are shorter
)

// room is kept at the end of a begun line, so that every outcome fits there.
const room = len(`,"outcome":"refused","reason":""}`) + maxReason + len("\n")

// Line is one line of the log as a reader decodes it. Fields hold the changed
// fields by REST path.
type Line struct {
	Time     time.Time         `json:"time"`
	ID       string            `json:"id"`
	Event    string            `json:"event"`
	Who      LineWho           `json:"who"`
	From     string            `json:"from"`
	Via      string            `json:"via"`
	Request  string            `json:"request"`
	Resource string            `json:"resource"`
	Key      string            `json:"key"`
	Owner    string            `json:"owner"`
	Fields   map[string]string `json:"fields"`
	Outcome  Outcome           `json:"outcome"`
	Reason   string            `json:"reason"`
}

// LineWho is the account behind a Line; Owner is a UUID.
type LineWho struct {
	Name  string `json:"name"`
	Owner string `json:"owner"`
}

// timePrefix is how every line begins.
const timePrefix = `{"time":"`

// head returns a line up to where its outcome begins.
func head(now time.Time, id string, who Who, e Entry) []byte {
	var b bytes.Buffer
	b.WriteString(timePrefix + now.UTC().Format(time.RFC3339Nano) + `"`)
	member(&b, "id", id)
	member(&b, "event", e.Event)
	b.WriteString(`,"who":{"name":`)
	writeText(&b, who.Name)
	member(&b, "owner", who.Owner)
	b.WriteByte('}')
	member(&b, "from", who.From)
	member(&b, "via", who.Via)
	member(&b, "request", who.Request)
	member(&b, "resource", e.Resource)
	member(&b, "key", e.Key)
	member(&b, "owner", e.Owner)
	b.WriteString(`,"fields":{`)
	for i, f := range e.Fields {
		if i == maxFields {
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		writeText(&b, f.Path)
		b.WriteByte(':')
		writeText(&b, f.Value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// tail returns the end of a line: outcome, reason, line feed.
func tail(o Outcome, reason string) []byte {
	var b bytes.Buffer
	b.WriteString(`,"outcome":"` + string(o) + `"`)
	if reason != "" {
		member(&b, "reason", shorten(reason, maxReason))
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// roomyTail is tail, filled with blanks to exactly room bytes.
func roomyTail(o Outcome, reason string) []byte {
	t := tail(o, reason)
	return append(t[:len(t)-1], strings.Repeat(" ", room-len(t))+"\n"...)
}

func member(b *bytes.Buffer, name, value string) {
	b.WriteString(`,"` + name + `":`)
	writeText(b, value)
}

// writeText writes a JSON string. Beyond what JSON asks for it escapes every
// character a terminal might obey (C1 controls, text direction marks): people
// read this file with cat.
func writeText(b *bytes.Buffer, s string) {
	quoted, err := json.Marshal(shorten(s, maxText))
	if err != nil { // a string cannot fail to marshal
		quoted = []byte(`""`)
	}
	for len(quoted) > 0 {
		r, size := utf8.DecodeRune(quoted)
		if r < utf8.RuneSelf || unicode.IsPrint(r) {
			b.Write(quoted[:size])
		} else {
			escaped := strconv.QuoteRuneToASCII(r) // '\u009b' or '\U000e0001'
			if r > 0xffff {
				hi, lo := surrogates(r)
				escaped = `'\u` + strconv.FormatInt(hi, 16) + `\u` + strconv.FormatInt(lo, 16) + `'`
			}
			b.WriteString(escaped[1 : len(escaped)-1])
		}
		quoted = quoted[size:]
	}
}

// surrogates splits a rune beyond the basic plane as JSON escapes it.
func surrogates(r rune) (hi, lo int64) {
	v := int64(r) - 0x10000
	return 0xd800 + v>>10, 0xdc00 + v&0x3ff
}

// shorten cuts s to at most limit bytes at a character's border and marks the cut.
func shorten(s string, limit int) string {
	const mark = "..."
	if len(s) <= limit {
		return s
	}
	cut := limit - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}
