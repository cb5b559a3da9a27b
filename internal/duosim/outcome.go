package duosim

import (
	"encoding/json"
	"fmt"
)

// outcome sums an entry up in a few words: what the client was told.
func outcome(e Entry) string {
	switch {
	case e.Status == 0:
		return "no answer"
	case e.Code != 0:
		return fmt.Sprint(e.Code)
	case e.Status != 200:
		return fmt.Sprint(e.Status)
	}
	var reply struct{ Response json.RawMessage }
	_ = json.Unmarshal([]byte(e.Reply), &reply)
	var word string
	if json.Unmarshal(reply.Response, &word) == nil && word != "" {
		return word
	}
	var response struct{ Result, Status, Txid string }
	_ = json.Unmarshal(reply.Response, &response)
	switch {
	case response.Result == "" && response.Txid != "":
		return "started"
	case response.Result == "" && e.Step == "status":
		return "waiting"
	case response.Result == "":
		return "ok"
	case response.Result == "deny" && response.Status != "" && response.Status != "deny" && len(response.Status) < 16:
		return "deny: " + response.Status
	default:
		return response.Result
	}
}

// tone is the colour an outcome is shown in.
func tone(outcome string) string {
	switch outcome {
	case "allow", "ok", "pong", "valid", "success":
		return "good"
	case "auth", "waiting", "started", "enroll", "deny: sent":
		return "calm"
	default:
		return "bad"
	}
}
