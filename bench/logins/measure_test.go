package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheReportHasMediansAndSaysHowFarTheAimsAre(t *testing.T) {
	fixed := func(name string, ms ...int) *side {
		s := &side{name: name, first: loginCost{wall: time.Second, requests: 5, handshakes: 1}}
		for _, n := range ms {
			d := time.Duration(n) * time.Millisecond
			s.costs = append(s.costs, loginCost{wall: d, cpu: d / 10, beyond: d / 100, requests: 2})
		}
		return s
	}
	var b strings.Builder
	err := report(&b, []comparison{
		{push, 0, []*side{fixed("engine", 90, 10, 50), fixed("login_duo", 100, 100, 100)}},
		{push, 50 * time.Millisecond, []*side{fixed("engine", 100, 900, 100), fixed("login_duo", 250, 1, 300)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"50.00 ms   5.00 ms      0.50 ms         2           0   1000.00 ms, 5 requests, 1 handshakes",
		"medians of 3 logins a side",
		"engine beyond the replies: 0.50 ms (aim: at most 1.00 ms)",
		"login_duo / engine with 50ms added: 2.50 (aim: at least 2.0)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
