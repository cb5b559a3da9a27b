package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestAStopRefusesLoginsThatWait ends the program while Duo is asked: the
// service that asked is told at once.
func TestAStopRefusesLoginsThatWait(t *testing.T) {
	p := startDev(t)
	control(t, http.MethodPost, p.ready.SimControlURL+"/api/faults", `{"do":"hang","step":"preauth"}`)
	c := p.client(p.ready.AdminPassword)
	var wg sync.WaitGroup
	wg.Go(func() {
		var last turn
		_, text, err := c.do("POST", pathAuthenticate, `{"owner.name":"svm1","username":"carol"}`)
		if err != nil {
			t.Error(err)
			return
		}
		if err := json.Unmarshal([]byte(text), &last); err != nil || last.State != "done" || last.Decision != (loginDecision{Reason: "no_answer"}) {
			t.Errorf("the answer is %s, %v", text, err)
		}
	})
	for tick := time.NewTicker(5 * time.Millisecond); !strings.Contains(control(t, http.MethodGet, p.ready.SimControlURL+"/api/journal", ""), "preauth"); {
		<-tick.C
	}
	began := time.Now()
	if code := p.signal(syscall.SIGTERM); code != exitOK {
		t.Errorf("it ended with %d:\n%s", code, p.output())
	}
	wg.Wait()
	if took := time.Since(began); took > 8*time.Second { // the drain alone would take ten
		t.Errorf("it took %v to end", took)
	}
	if strings.Contains(p.output(), "cut off") {
		t.Errorf("a request was cut off:\n%s", p.output())
	}
}

// control calls the simulator's control API.
func control(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 400 {
		t.Fatalf("%s %s: %s %s, %v", method, url, res.Status, text, err)
	}
	return string(text)
}
