package rest

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestOnlyConnectionsThatRestSinceAMomentAgoAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(10)
		first, _ := net.Pipe()
		second, _ := net.Pipe()
		want := func(what string, wait time.Duration) {
			t.Helper()
			if got := c.restless(time.Second); got != wait {
				t.Errorf("%s: %v, want %v", what, got, wait)
			}
		}
		want("nobody there", 0)
		c.follow(first, http.StateNew)
		want("one has just come", time.Second)
		<-time.After(300 * time.Millisecond)
		want("a little later", 700*time.Millisecond)
		c.follow(first, http.StateActive)
		want("in a request", 0)
		c.follow(second, http.StateNew)
		<-time.After(200 * time.Millisecond)
		c.follow(first, http.StateIdle)
		want("the first has had its answer", time.Second)
		c.follow(first, http.StateClosed)
		want("the second is left", 800*time.Millisecond)
		<-time.After(time.Minute)
		want("much later", 0)
	})
}
