package duoapi

import "strings"

// maxPushInfo is the length, once encoded, that pushinfo has to stay below.
const maxPushInfo = 20_000

// PushInfo is what the app shows beside a push, in this order.
type PushInfo []PushField

// A PushField is one line of it. Both parts are plain text in any script.
type PushField struct{ Name, Value string }

// Encode returns the fields as name=value pairs, percent-encoded and joined
// with "&": the text Duo decodes. As a parameter it is then encoded once
// more. The result has to be shorter than 20,000 bytes or Auth refuses it.
func (p PushInfo) Encode() string {
	pairs := make([]string, len(p))
	for i, f := range p {
		pairs[i] = escape(f.Name) + "=" + escape(f.Value)
	}
	return strings.Join(pairs, "&")
}
