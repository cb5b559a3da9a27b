package main

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A balancer sends requests to nodes in turn, as a load balancer does: a
// request that a node has not been sent goes to the next one, and what has been
// sent is never sent again.
type balancer struct {
	next atomic.Int64

	mu    sync.Mutex // guards nodes
	nodes []*client
}

func (b *balancer) set(i int, c *client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes[i] = c
}

func (b *balancer) pick(i int64) *client {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.nodes[i%int64(len(b.nodes))]
}

func (b *balancer) do(method, path, body string) (status int, text string, err error) {
	first := b.next.Add(1)
	for i := range int64(len(b.nodes)) {
		var sent atomic.Bool
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			WroteHeaders: func() { sent.Store(true) },
		})
		if status, text, err = b.pick(first+i).send(ctx, method, path, body); err == nil || sent.Load() {
			break
		}
	}
	return status, text, err
}

// TestNodesAreRestartedWithoutAFailedRequest stops one of two nodes after the
// other while clients change records through a load balancer.
func TestNodesAreRestartedWithoutAFailedRequest(t *testing.T) {
	t.Parallel()
	const clients = 6
	etcd := startEtcd(t)
	nodes := startNodes(t, etcd, 2, []string{passwordVariable + "=" + testPassword})
	b := &balancer{nodes: []*client{nodes[0].client(testPassword), nodes[1].client(testPassword)}}
	for i := range clients {
		b.nodes[0].must(201, "POST", "/api/svm/svms", fmt.Sprintf(`{"name":"tenant%d"}`, i))
	}
	var working sync.WaitGroup
	var done atomic.Int64
	stop := make(chan struct{})
	for i := range clients {
		working.Go(func() {
			path := fmt.Sprintf("/api/svm/svms?name=tenant%d", i)
			for n := 0; ; n++ {
				word := fmt.Sprintf("%d of client %d", n, i)
				if status, text, err := b.do("PATCH", path, fmt.Sprintf(`{"comment":%q}`, word)); err != nil || status != 200 {
					t.Errorf("%s: %d %v %s", word, status, err, text)
				}
				if status, text, err := b.do("GET", path+"&fields=comment", ""); err != nil || status != 200 || !strings.Contains(text, word) {
					t.Errorf("after %s: %d %v %s", word, status, err, text)
				}
				done.Add(1)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	awaitMore := func() { // with as many nodes as there are now
		for enough := done.Load() + 5*clients; done.Load() < enough && !t.Failed(); {
			<-tick.C
		}
	}
	awaitMore()
	for i, p := range nodes {
		if code := p.signal(syscall.SIGTERM); code != exitOK || strings.Contains(p.output(), "cut off") {
			t.Errorf("node %d ended with %d:\n%s", i, code, p.output())
		}
		awaitMore()
		again := start(t, nil, p.args()...)
		b.set(i, again.client(testPassword))
		awaitMore()
	}
	close(stop)
	working.Wait()
	t.Logf("%d changes were made and seen", done.Load())
}

// args are what the program was started with, but for the ready file.
func (p *program) args() []string {
	args := slices.Clone(p.cmd.Args[1:])
	i := slices.Index(args, "--ready-file")
	return slices.Delete(args, i, i+2)
}
