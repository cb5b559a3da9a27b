package rest_test

import (
	"fmt"
	"regexp"
	"slices"
)

// A translation stands between the UUIDs a server makes up and those written
// down in a conversation. Both are of one length, so lengths stay true. The nil
// translation leaves everything as it is.
type translation struct {
	written, real []string
	numbered      int
}

func (t *translation) pair(written, real string) {
	t.written, t.real = append(t.written, written), append(t.real, real)
}

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// toReal prepares a request for the server.
func (t *translation) toReal(s string) string {
	if t == nil {
		return s
	}
	return uuidPattern.ReplaceAllStringFunc(s, func(id string) string {
		i := slices.Index(t.written, id)
		if i < 0 { // made up by the client
			i = len(t.written)
			t.pair(id, id)
		}
		return t.real[i]
	})
}

// toWritten prepares an answer for the file. A UUID seen for the first time
// gets the next number.
func (t *translation) toWritten(s string) string {
	if t == nil {
		return s
	}
	return uuidPattern.ReplaceAllStringFunc(timeless(s), func(id string) string {
		i := slices.Index(t.real, id)
		if i < 0 {
			i = len(t.real)
			t.numbered++
			t.pair(fmt.Sprintf("00000000-0000-0000-0000-%012d", t.numbered), id)
		}
		return t.written[i]
	})
}
